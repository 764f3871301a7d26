"""Calls of the event kernels: arrays in order, room for the spikes, faults in words."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from spikeloom.engines.cpu.build import Native
from spikeloom.engines.cpu.events.backward import write_backward
from spikeloom.engines.cpu.events.forward import write_forward
from spikeloom.engines.cpu.events.motion import FINE, PART, tables
from spikeloom.engines.cpu.events.scalar import NUMBERS, SLOTS, WHOLE, Shape
from spikeloom.engines.cpu.host import this_host
from spikeloom.engines.cpu.library import load
from spikeloom.engines.events.arrivals import Arrivals
from spikeloom.engines.events.record import MOST, Gradients, Record
from spikeloom.engines.events.system import EventSystem
from spikeloom.errors import NumericsError

Array = np.ndarray[Any, np.dtype[Any]]
ROOM = 16
"""Spikes of a neuron for which there is room at first."""


@lru_cache(maxsize=64)
def _kernel(kind: str, shape: Shape, counts: tuple[int, int]) -> Native:
    write = write_forward if kind == "forward" else write_backward
    variant = f"{kind} {shape} {counts}"
    return load(kind, "events", variant, lambda: write(shape, counts), this_host())


def _shape(system: EventSystem, learn: bool) -> Shape:
    flows = (system.A != 0).any(0)
    reach = flows | np.eye(system.n, dtype=bool)
    for k in range(system.n):
        reach |= reach[:, k : k + 1] & reach[k : k + 1]
    resets = (system.R != 0).any(0)
    length = system.chain[0].shape[1]
    pairs = (tuple((int(i), int(j)) for i, j in np.argwhere(x)) for x in (flows, reach, resets))
    return Shape(system.n, length, system.spikes, system.strict, learn, *pairs)


class _Call:
    """The words of a call, and the arrays that they point to."""

    def __init__(
        self, system: EventSystem, arrivals: Arrivals, weights: Array, duration: float, learn: bool
    ) -> None:
        arrivals.check(weights.shape[1], duration)
        rows, rates = system.chain
        rho = max(float(abs(system.rates).max(initial=0.0)), PART / max(duration, 1e-300))
        delta = PART / rho
        fine, coarse = tables(system.A, delta, duration)
        self.shape, self.counts = _shape(system, learn), (FINE, coarse.shape[1])
        self.given: dict[str, Any] = {
            "offsets": arrivals.offsets, "times": arrivals.times, "source": arrivals.source,
            "size": arrivals.size, "duration": duration, "neurons": weights.shape[0],
            "sources": weights.shape[1], "weights": weights, "many": int(system.groups > 1),
            "A": system.A, "fine": fine, "coarse": coarse, "rows": rows, "rates": rates,
            "R": system.R, "r": system.r, "b": system.b, "z": system.z,
            "delta": delta, "inverse": 1 / delta, "rho": rho,
        }  # fmt: skip
        longest = int(np.diff(arrivals.offsets).max(initial=0)) + 1
        self.scratch = np.empty(longest * (system.n**2 + system.n) + 8)
        self.batch = arrivals.batch

    def run(self, kind: str, **more: Any) -> None:
        """Fill the words and call the kernel."""
        given = self.given | more
        slots = np.zeros(len(SLOTS), np.int64)
        held: list[Array] = []
        for k, name in enumerate(SLOTS):
            value = given.get(name)
            if value is None:
                continue
            if name in NUMBERS:
                slots[k] = np.array(value, np.float64).view(np.int64)
            elif name in WHOLE:
                slots[k] = value
            else:
                if not value.flags.c_contiguous:
                    value = np.ascontiguousarray(value)
                held.append(value)
                slots[k] = value.ctypes.data
        native = _kernel(kind, self.shape, self.counts)
        native(slots.ctypes.data, 0, self.batch, self.scratch.ctypes.data)


def forward(
    system: EventSystem,
    arrivals: Arrivals,
    weights: Array,
    duration: float,
    limit: int = MOST,
    room: int = ROOM,
) -> Record:
    """As `spikeloom.engines.events.reference.forward`; `room` is a guess of spikes per neuron."""
    weights = np.ascontiguousarray(weights, np.float64)
    call = _Call(system, arrivals, weights, float(duration), learn=False)
    batch, neurons, n = arrivals.batch, weights.shape[0], system.n
    fault = np.zeros(1, np.int64)
    room = min(room, limit)
    while True:
        record = Record(
            np.zeros((batch, neurons), np.int64),
            np.zeros((batch, neurons, room)),
            np.zeros((batch, neurons, room, n)),
            np.zeros((batch, neurons, room), np.int64),
            np.zeros((batch, neurons, n)),
        )
        call.run(
            "forward", room=room, limit=limit, count=record.count, spikes=record.times,
            states=record.states, place=record.place, end=record.end, fault=fault,
        )  # fmt: skip
        if fault[0]:
            raise _fault(system.name, int(fault[0]))
        most = int(record.count.max(initial=0))
        if most <= room:
            break
        room = most
    # Room that nobody needs is not handed on.
    if most < room:
        record = Record(
            record.count,
            record.times[..., :most].copy(),
            record.states[..., :most, :].copy(),
            record.place[..., :most].copy(),
            record.end,
        )
    return record


def _fault(name: str, kind: int) -> NumericsError:
    if kind == 2:
        return NumericsError(f"{name}: more than 100000 spikes of one neuron.")
    return NumericsError(
        f"{name}: a spike leaves the neuron at or above threshold.",
        hint="exact spike times need a reset that goes below the threshold",
    )


def backward(
    system: EventSystem,
    arrivals: Arrivals,
    weights: Array,
    duration: float,
    record: Record,
    to_times: Array,
    to_states: Array,
    to_end: Array,
    *,
    limit: int = MOST,
    matrices: bool = False,
    slope: float = 0.0,
) -> Gradients:
    """As `spikeloom.engines.events.reference.backward`."""
    weights = np.ascontiguousarray(weights, np.float64)
    call = _Call(system, arrivals, weights, float(duration), matrices)
    clipped = np.zeros(1, np.int64)
    sums = {
        name: np.zeros(like.shape)
        for name, like in (
            ("d_times", arrivals.times), ("d_weights", weights), ("d_A", system.A),
            ("d_r", system.r), ("d_R", system.R), ("d_b", system.b), ("d_z", system.z),
        )
    }  # fmt: skip
    call.run(
        "backward", room=record.times.shape[2], limit=limit, count=record.count,
        spikes=record.times, states=record.states, place=record.place, slope=slope, clipped=clipped,
        to_spikes=np.ascontiguousarray(to_times, np.float64),
        to_states=np.ascontiguousarray(to_states, np.float64),
        to_end=np.ascontiguousarray(to_end, np.float64), **sums,
    )  # fmt: skip
    parts = [sums[name] if matrices else None for name in ("d_A", "d_r", "d_R", "d_b", "d_z")]
    return Gradients(sums["d_times"], sums["d_weights"], *parts, clipped=int(clipped[0]))
