"""A morphology cut into compartments: nodes, and conductances between them.

Compartments are finite volumes: the current between two is that through the resistance from middle
to middle. Where more than two meet there is a node without membrane, so that what they share is
shared: without it a tree of Rall's would not be its cylinder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.cable.morphology import Morphology

Array = np.ndarray[Any, np.dtype[Any]]
END = 1e-9
"""A branch this close to an end of its parent grows from the end."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Nodes in an order in which parents come first, the root in the middle of the tree.

    Arguments:
        parents: (n,); -1 for the root.
        axial: Conductance to the parent in µS, (n,).
        areas: In µm², (n,); 0 for a node where branches meet.
        section: Section of each node, (n,); -1 where branches meet.
        fraction: Where its middle is on the section, (n,).
        distance: Path from the beginning of the first section to its middle in µm, (n,).
        counts: Compartments of each section.
        nodes: Node of compartment k of section s: ``nodes[s][k]``.
    """

    parents: Array
    axial: Array
    areas: Array
    section: Array
    fraction: Array
    distance: Array
    counts: tuple[int, ...]
    nodes: tuple[Array, ...]


def cut(morphology: Morphology, counts: tuple[int, ...], resistivity: Mapping[str, float]) -> Grid:
    """Cut each section into equally long compartments.

    Arguments:
        morphology: The tree.
        counts: Compartments of each section.
        resistivity: Of the inside of each region, in Ω cm.
    """
    sections = morphology.sections
    cuts = [s.cut(n) for s, n in zip(sections, counts, strict=True)]
    # 1 Ω cm / µm = 10⁴ Ω = 0.01 MΩ.
    inside = [0.01 * resistivity[s.region] for s in sections]
    first = np.concatenate([[0], np.cumsum(counts)])
    edges: list[tuple[int, int, float]] = []
    meeting: dict[tuple[int, float], list[tuple[int, float]]] = {}
    distance = np.zeros(first[-1])
    begins: list[float] = []
    for k, (section, piece, n) in enumerate(zip(sections, cuts, counts, strict=True)):
        low, rho = int(first[k]), inside[k]
        for i in range(n - 1):
            edges.append((low + i, low + i + 1, 1 / (rho * (piece.after[i] + piece.before[i + 1]))))
        begin = 0.0
        if section.parent is not None:
            p, at = _origin(morphology, k)
            begin = begins[p] + at * sections[p].length
            start = rho * piece.before[0]
            if END < at < 1 - END:
                inner = int(first[p]) + min(int(at * counts[p]), counts[p] - 1)
                edges.append((inner, low, 1 / start))
            else:
                meeting.setdefault((p, round(at)), []).append((low, start))
        begins.append(begin)
        distance[low : low + n] = begin + (np.arange(n) + 0.5) / n * section.length
    size = int(first[-1])
    joints: list[float] = []
    for (p, at), children in meeting.items():
        own = int(first[p] + (counts[p] - 1 if at else 0))
        rest = inside[p] * (cuts[p].after[-1] if at else cuts[p].before[0])
        if len(children) == 1:
            node, start = children[0]
            edges.append((own, node, 1 / (rest + start)))
            continue
        joint = size + len(joints)
        joints.append(begins[p] + at * sections[p].length)
        edges.append((joint, own, 1 / rest))
        edges += [(joint, node, 1 / start) for node, start in children]
    parents, axial, order = _rooted(size + len(joints), edges)
    none = np.zeros(len(joints))
    which = np.concatenate([np.repeat(np.arange(len(sections)), counts), none - 1]).astype(int)
    inner = np.concatenate([(np.arange(n) + 0.5) / n for n in counts])
    areas = np.concatenate([*(piece.areas for piece in cuts), none])
    place = np.empty(len(order), int)
    place[order] = np.arange(len(order))
    return Grid(
        parents=parents,
        axial=axial,
        areas=areas[order],
        section=which[order],
        fraction=np.concatenate([inner, none])[order],
        distance=np.concatenate([distance, joints])[order],
        counts=counts,
        nodes=tuple(place[first[k] : first[k + 1]] for k in range(len(sections))),
    )


def _origin(morphology: Morphology, k: int) -> tuple[int, float]:
    """Where a section grows from: the beginning of a section is a place on its parent."""
    section = morphology.sections[k]
    p, at = section.parent or 0, section.at
    while at < END and morphology.sections[p].parent is not None:
        p, at = morphology.sections[p].parent or 0, morphology.sections[p].at
    return p, at


def _rooted(size: int, edges: list[tuple[int, int, float]]) -> tuple[Array, Array, Array]:
    """Parents, conductances to them, and the nodes in order of their distance from the middle.

    Elimination runs from the leaves to the root. With the root in the middle the two halves of a
    cable are independent of each other, so that a processor works on both at once.
    """
    near: list[list[tuple[int, float]]] = [[] for _ in range(size)]
    for a, b, g in edges:
        near[a].append((b, g))
        near[b].append((a, g))
    one_end = _walk(near, 0)[0][-1]
    order, above, _ = _walk(near, one_end)
    path = [order[-1]]
    while above[path[-1]] >= 0:
        path.append(above[path[-1]])
    order, above, g = _walk(near, path[len(path) // 2])
    place = {node: k for k, node in enumerate(order)}
    parents = np.array([place.get(above[node], -1) for node in order])
    return parents, np.array([g[node] for node in order]), np.array(order)


def _walk(
    near: list[list[tuple[int, float]]], root: int
) -> tuple[list[int], list[int], list[float]]:
    order, above, g = [root], [-1] * len(near), [0.0] * len(near)
    for node in order:
        for other, conductance in near[node]:
            if other != above[node]:
                above[other], g[other] = node, conductance
                order.append(other)
    return order, above, g
