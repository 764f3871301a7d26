"""Synapses of one connection in several processes: each holds those onto its own neurons.

Neurons of a process follow each other, and targets ascend in a row; so what a process holds of a
row is one piece of it, and the pieces lie in the order of the processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spikeloom.engines.network_plan import AnyProjection
from spikeloom.network.ranks.ranks import Share
from spikeloom.network.ranks.team import Team
from spikeloom.network.rules.cut import Ranges
from spikeloom.network.rules.synapse_values import Part
from spikeloom.network.view import Group

Array = np.ndarray[Any, np.dtype[Any]]


def own_targets(share: Share, target: Group) -> list[tuple[int, int]]:
    """Which targets of a group this process holds: a range of each part, counted in the group."""
    found: list[tuple[int, int]] = []
    low = 0
    for part in target.parts:
        first, last = np.searchsorted(part.ids, share.own(part.population.size))
        found.append((low + int(first), low + int(last)))
        low += len(part)
    return found


def part_of(team: Team, indptr: Array, targets: Array, within: Ranges) -> Part:
    """The places of synapses in the whole graph.

    Arguments:
        team: The processes.
        indptr, targets: The synapses of this one, targets counted in their group.
        within: From `own_targets`.
    """
    sources = len(indptr) - 1
    rows = np.repeat(np.arange(sources), np.diff(indptr))
    range_of = np.zeros(len(targets), np.int64)
    for low, _ in within[1:]:
        range_of += targets >= low
    shape = (len(within), sources)
    counts = np.bincount(range_of * sources + rows, minlength=len(within) * sources)
    mine = counts.reshape(shape).astype(np.uint32)
    everyone = np.stack(team.arrays("synapses", mine)).astype(np.int64)
    by_range = everyone.transpose(1, 0, 2).reshape(-1, sources)  # in the order of a row's targets
    before = (np.cumsum(by_range, axis=0) - by_range).reshape(len(within), -1, sources)
    begin = np.zeros(sources + 1, np.int64)
    np.cumsum(by_range.sum(axis=0), out=begin[1:])
    own = before[:, team.share.rank]
    earlier = np.cumsum(mine, axis=0, dtype=np.int64) - mine
    inside = np.arange(len(targets)) - indptr[rows] - earlier[range_of, rows]
    return Part(begin[rows] + own[range_of, rows] + inside, int(begin[-1]))


def spread(team: Team, plans: Sequence[AnyProjection]) -> list[AnyProjection]:
    """Projections of a connection that know the delays of those in the other processes.

    Arguments:
        team: The processes.
        plans: The same in all of them, but for the targets.
    """
    ends = np.array([[p.shortest, p.longest] for p in plans], np.int64).reshape(-1, 2)
    everyone = np.stack(team.arrays("delays", ends))
    shortest, longest = everyone[:, :, 0].min(axis=0), everyone[:, :, 1].max(axis=0)
    return [
        p.spanning(int(low), int(high))
        for p, low, high in zip(plans, shortest, longest, strict=True)
    ]


def merged(team: Team, indptr: Array, values: Array) -> Array:
    """Values of all synapses, in the order of the whole graph, from those of each process.

    Arguments:
        team: The processes.
        indptr: Rows of this process.
        values: One for each of its synapses.
    """
    counts = _counts(team, indptr)
    pieces = team.arrays("values of synapses", np.ascontiguousarray(values))
    whole = np.empty(int(np.sum(counts)), values.dtype)
    for place, piece in zip(_places(counts), pieces, strict=True):
        whole[place] = piece
    return whole


def mine(team: Team, indptr: Array, whole: Array) -> Array:
    """The values of this process out of those of all synapses."""
    return whole[list(_places(_counts(team, indptr)))[team.share.rank]]


def own_synapses(team: Team, indptr: Array, chosen: Array | None) -> tuple[Array, Array]:
    """Which of some synapses of the whole graph this process holds.

    Returns:
        Their places here, and among the chosen ones.
    """
    own = list(_places(_counts(team, indptr)))[team.share.rank]
    if chosen is None:
        return np.arange(len(own)), own
    place = np.minimum(np.searchsorted(own, chosen), max(len(own) - 1, 0))
    here = np.flatnonzero(own[place] == chosen) if len(own) else np.empty(0, np.int64)
    return place[here], here


def size(team: Team, indptr: Array) -> int:
    """How many synapses there are in all processes."""
    return int(np.sum(_counts(team, indptr)))


def _counts(team: Team, indptr: Array) -> Array:
    return np.stack(team.arrays("rows", np.diff(indptr).astype(np.int64)))


def _places(counts: Array) -> Sequence[Array]:
    """Where the synapses of each process are in the whole graph."""
    begin = np.zeros(counts.shape[1], np.int64)
    np.cumsum(counts.sum(axis=0)[:-1], out=begin[1:])
    found: list[Array] = []
    for many in counts:
        inside = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many)
        found.append(np.repeat(begin, many) + inside)
        begin = begin + many
    return found
