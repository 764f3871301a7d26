"""Trees of compartments, plainly: one dense matrix a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spikeloom.compile.numeric import run_block
from spikeloom.compile.program import Block
from spikeloom.engines.cable_plan import (
    CableDrive,
    CablePart,
    CablePlan,
    CableState,
    CableSteps,
    Probe,
)

Array = np.ndarray[Any, np.dtype[Any]]


def run_cable(
    plan: CablePlan,
    state: CableState,
    drive: CableDrive,
    record: Sequence[Probe],
    every: int,
    watch: Array,
    dtype: type[np.floating[Any]],
) -> CableSteps:
    """The body of `Reference.cable`, which describes the arguments."""
    n = plan.size
    coupling = np.zeros((n, n), dtype)
    for node in range(1, n):
        parent, g = plan.parents[node], plan.axial[node]
        coupling[[node, parent], [node, parent]] += dtype(g)
        coupling[[node, parent], [parent, node]] -= dtype(g)
    v = np.array(state.v, dtype)
    inside = [np.array(x, dtype) for x in state.membranes]
    points = [np.array(x, dtype) for x in state.points]
    capacity, steps = np.asarray(plan.capacity, dtype), drive.steps
    traces = np.empty((-(-steps // every), len(record)), dtype)
    watched = np.empty((steps, len(watch)), dtype)
    fired = np.zeros((steps, len(watch)), dtype)
    for t in range(steps):
        right, diagonal = -coupling @ v, np.zeros(n, dtype)
        for part, x in zip(plan.membranes, inside, strict=True):
            made, at = _block(part, part.mechanism.current, x, v), part.nodes
            right[at] += capacity[at] * made["rate"]
            diagonal[at] += capacity[at] * (dtype(plan.order / plan.dt) - made["slope"])
        for part, x in zip(plan.points, points, strict=True):
            made, shape = _block(part, part.mechanism.current, x, v), part.nodes.shape
            np.add.at(right, part.nodes, np.broadcast_to(made["rate"], shape))
            np.subtract.at(diagonal, part.nodes, np.broadcast_to(made["slope"], shape))
        np.add.at(right, drive.nodes, drive.currents[t].astype(dtype))
        v = v + plan.order * np.linalg.solve(coupling + np.diag(diagonal), right)
        inside = [
            moved(part, part.mechanism.advance, x, v)
            for part, x in zip(plan.membranes, inside, strict=True)
        ]
        points = [
            arrive(part, x, v, None if weights is None else weights[t])
            for part, x, weights in zip(plan.points, points, drive.arrivals, strict=True)
        ]
        seen = np.zeros(n, dtype)
        for k, part in enumerate(plan.membranes):
            inside[k] = fire(part, inside[k], v, seen)
        watched[t], fired[t] = v[watch], seen[watch]
        if t % every == 0:
            now = CableState(v, tuple(inside), tuple(points))
            traces[t // every] = [probe.of(now) for probe in record]
    return CableSteps(CableState(v, tuple(inside), tuple(points)), traces, watched, fired)


def fire(part: CablePart, x: Array, v: Array, fired: Array) -> Array:
    """Reset what fires: the potentials and `fired` in place; gives the other states."""
    block = part.mechanism.fire
    if block is None:
        return x
    made = _block(part, block, x, v)
    v[part.nodes], fired[part.nodes] = made["state:v"], made["out"]
    rows = [np.broadcast_to(made[f"state:{n}"], x.shape[1:]) for n in part.mechanism.states]
    return np.stack(rows) if rows else x


def arrive(part: CablePart, x: Array, v: Array, weights: Array | None) -> Array:
    """Half a step of synapses, what arrives, and the other half."""
    x = moved(part, part.mechanism.advance, x, v)
    if weights is not None:
        x = moved(part, part.mechanism.receive, x, v, weights)
    return moved(part, part.mechanism.advance, x, v)


def moved(part: CablePart, block: Block, x: Array, v: Array, weights: Array | None = None) -> Array:
    """States that a block gives."""
    made = _block(part, block, x, v, weights)
    rows = [np.broadcast_to(made[f"state:{n}"], x.shape[1:]) for n in part.mechanism.states]
    return np.stack(rows) if rows else x


def _block(
    part: CablePart, block: Block, x: Array, v: Array, weights: Array | None = None
) -> dict[str, Array]:
    leaves: dict[str, Array | float] = {f"coef:{n}": c for n, c in part.coefs.items()}
    leaves["state:v"] = v[part.nodes]
    leaves |= {f"state:{n}": row for n, row in zip(part.mechanism.states, x, strict=True)}
    if weights is not None:
        leaves[f"input:{part.mechanism.impulse}"] = weights
    return run_block(block, leaves, v.dtype.type)
