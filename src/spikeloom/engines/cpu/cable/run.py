"""One call of the kernel of a tree: arrays laid out, words filled in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from spikeloom.engines.cable_plan import (
    CableDrive,
    CablePart,
    CablePlan,
    CableState,
    CableSteps,
    Probe,
)
from spikeloom.engines.cpu.build import Native
from spikeloom.engines.cpu.cable.kernel import NAME, write_tree
from spikeloom.engines.cpu.cable.shape import GROUP, PartShape, TreeShape
from spikeloom.engines.cpu.host import this_host
from spikeloom.engines.cpu.library import load

Array = np.ndarray[Any, np.dtype[Any]]


@lru_cache(maxsize=64)
def _native(text: str, shape: _Keyed) -> Native:
    host = this_host()
    return load(NAME, text, "cable", lambda: write_tree(shape.shape, host), host)


class _Keyed:
    """A shape that is compared by its text: hashing all instructions is slow."""

    def __init__(self, shape: TreeShape) -> None:
        self.shape = shape

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and self.shape.text == other.shape.text

    def __hash__(self) -> int:
        return hash(self.shape.text)


def _room(count: int) -> int:
    return -(-count // GROUP) * GROUP


class _Part:
    """The arrays of one mechanism."""

    def __init__(self, part: CablePart, x: Array, dtype: str) -> None:
        self.count = len(part.nodes)
        self.room = _room(self.count)
        differ = {n: c for n, c in part.coefs.items() if np.ndim(c)}
        self.shape = PartShape(part.mechanism, tuple(differ))
        single = [part.coefs[n] for n in part.mechanism.coefs if n not in differ]
        self.scalars = np.array(single, dtype)
        self.columns = self._padded(
            [np.broadcast_to(c, self.count) for c in differ.values()], dtype
        )
        self.x = self._padded(list(x), dtype)

    def _padded(self, rows: list[Array], dtype: str) -> Array:
        """Rows with the last column repeated, so that no lane computes nonsense."""
        made = np.zeros((len(rows), self.room), dtype)
        for row, value in zip(made, rows, strict=True):
            row[: self.count] = value
            row[self.count :] = value[-1] if self.count else 0
        return made

    def words(self, name: str, first: int) -> dict[str, int]:
        arrays = {"x": self.x, "scalars": self.scalars, "columns": self.columns}
        made = {f"{name}:{word}": a.ctypes.data for word, a in arrays.items()}
        return made | {f"{name}:count": self.room, f"{name}:first": first}


def run_cable(
    plan: CablePlan,
    state: CableState,
    drive: CableDrive,
    record: Sequence[Probe],
    every: int,
    watch: Array,
    dtype: str,
) -> CableSteps:
    """The body of `CPU.cable`; see `Reference.cable` for the arguments."""
    membranes = [_Part(p, x, dtype) for p, x in zip(plan.membranes, state.membranes, strict=True)]
    points = [_Part(p, x, dtype) for p, x in zip(plan.points, state.points, strict=True)]
    shape = TreeShape(dtype, tuple(p.shape for p in membranes), tuple(p.shape for p in points))
    firsts = np.cumsum([0, *(p.room for p in membranes)])
    at = np.full(plan.size, -1, np.int64)
    for part, own, first in zip(plan.membranes, membranes, firsts, strict=False):
        at[part.nodes] = first + np.arange(own.count)
    joints = np.flatnonzero(at < 0)
    at[joints] = firsts[-1] + np.arange(len(joints))
    slots = int(firsts[-1]) + _room(len(joints))

    def spread(values: Array) -> Array:
        made = np.zeros(slots, dtype)
        made[at] = values
        return made

    v = spread(state.v)
    for part, own, first in zip(plan.membranes, membranes, firsts, strict=False):
        v[first + own.count : first + own.room] = state.v[part.nodes[-1]]
    steps, size = drive.steps, plan.size
    arrays: dict[str, Array] = {
        "consts": np.array([plan.order / plan.dt, plan.order], dtype),
        "v": v,
        "e": np.zeros(slots, dtype),
        "r": np.zeros(slots, dtype),
        "d": np.zeros(slots, dtype),
        "capacity": spread(plan.capacity),
        "order": at,
        "parent": at[plan.parents],
        "axial": np.array(plan.axial, dtype),
        "f": np.empty(size, dtype),
        "q": np.empty(size, dtype),
        "where": at[drive.nodes],
        "given": np.ascontiguousarray(drive.currents, dtype),
        "looked": at[watch],
        "seen": np.empty((steps, len(watch)), dtype),
        "fired": np.zeros(slots, dtype),
        "spikes": np.empty((steps, len(watch)), dtype),
        "traces": np.empty((-(-steps // every), len(record)), dtype),
    }
    places = [_address(p, at, v, membranes, points) for p in record]
    arrays["places"] = np.array(places, np.int64)
    words = {name: array.ctypes.data for name, array in arrays.items()}
    words |= {"steps": steps, "size": size, "slots": slots}
    words |= {"joints": len(joints), "joint": int(firsts[-1])}
    words |= {"currents": len(drive.nodes), "watched": len(watch), "probes": len(record)}
    words |= {"every": every, "wait": 0}
    for k, own in enumerate(membranes):
        words |= own.words(f"m{k}", int(firsts[k]))
    held: list[Array] = []
    for k, (part, own) in enumerate(zip(plan.points, points, strict=True)):
        words |= own.words(f"p{k}", 0)
        arrivals, given = np.zeros((steps, own.room), dtype), drive.arrivals[k]
        if given is not None:
            arrivals[:, : own.count] = given
        more = {
            "node": at[part.nodes],
            "held": np.full(own.room, state.v[0], dtype),
            "rate": np.zeros(own.room, dtype),
            "slope": np.zeros(own.room, dtype),
            "arrivals": arrivals,
        }
        held += more.values()
        words |= {f"p{k}:{word}": a.ctypes.data for word, a in more.items()}
        words[f"p{k}:many"] = own.count
    native = _native(shape.text, _Keyed(shape))
    table = np.array([words[name] for name in shape.words], np.int64)
    native(table.ctypes.data, 0, size, 0)
    after = CableState(
        v[at].astype(np.float64),
        tuple(own.x[:, : own.count].astype(np.float64) for own in membranes),
        tuple(own.x[:, : own.count].astype(np.float64) for own in points),
    )
    del held
    return CableSteps(after, arrays["traces"], arrays["seen"], arrays["spikes"])


def _address(probe: Probe, at: Array, v: Array, membranes: list[_Part], points: list[_Part]) -> int:
    """Where in memory a recorded number is."""
    if probe.node is not None:
        return v.ctypes.data + int(at[probe.node]) * v.itemsize
    parts = membranes if probe.kind == "membrane" else points
    x = parts[probe.part].x
    return x.ctypes.data + (probe.row * x.shape[1] + probe.column) * x.itemsize
