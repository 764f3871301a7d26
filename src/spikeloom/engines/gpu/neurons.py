"""A population on the GPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from spikeloom.engines.gpu.advance import Variant, write
from spikeloom.engines.gpu.launch import launch
from spikeloom.engines.gpu.machine import Machine
from spikeloom.engines.gpu.module import kernel
from spikeloom.engines.inputs import DrivePlan, total
from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.engines.poisson import poisson_table, source_key

Array = np.ndarray[Any, np.dtype[Any]]
LANES = 128
"""Neurons of one program of the kernel; they are one warp, so that nothing waits for others."""


class Log:
    """Who spiked in the blocks of a segment: of each block a list of ``i size + neuron``.

    Arguments:
        machine: Where.
        blocks: Of a segment.
        room: Spikes of a block at most.
    """

    def __init__(self, machine: Machine, blocks: int, room: int) -> None:
        self.room = room
        self.spikes = machine.zeros((blocks, room), "int64")
        self.counts = machine.zeros((blocks,), "int32")

    def fetch(self, machine: Machine, starts: Sequence[int], size: int) -> tuple[Array, Array]:
        """Steps, counted from the segment's first, and neurons, in order of both.

        Arguments:
            machine: Where.
            starts: First step of each block, counted from the segment's.
            size: Of the population.
        """
        many = self.counts[: len(starts)].tolist()
        rows = [
            self.spikes[k, :n] + start * size
            for k, (n, start) in enumerate(zip(many, starts, strict=True))
            if n
        ]
        if not rows:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        # Programs write in any order; sorted, the list is the same each time.
        codes = machine.torch.cat(rows).sort().values.cpu().numpy()
        return codes // size, codes % size


class Kept:
    """A trace while it is kept: (rows, different neurons), of which the wish is made up later."""

    def __init__(self, machine: Machine, state: str, ids: Array, every: int, steps: Array, n: int):
        chosen, self.back = np.unique(ids, return_inverse=True)
        column = np.full(n, -1, np.int64)
        column[chosen] = np.arange(chosen.size)
        self.state, self.every, self.width = state, every, int(chosen.size)
        self.rows, self.first = len(steps), int(steps[0]) // every if len(steps) else 0
        self.column = machine.put(column)
        self.table: Any = None

    def read(self, dtype: str) -> Array:
        """Rows of the neurons in the order of the wish."""
        if not self.rows or not self.width:
            return np.empty((self.rows, self.back.size), dtype)
        return self.table.cpu().numpy()[:, self.back]


class Neurons:
    """Neurons with equations.

    Arguments:
        machine: Where.
        plan: The network.
        place: Of the population.
        drives: What flows in over time, of all populations.
    """

    def __init__(
        self, machine: Machine, plan: NetworkPlan, place: int, drives: Sequence[DrivePlan]
    ) -> None:
        self.machine, self.plan, self.slots = machine, plan.populations[place], plan.slots
        self.size, self.dtype = self.plan.size, plan.dtype
        p = self.plan
        self.states = machine.put(np.asarray(p.start, plan.dtype))
        self.rings = [machine.zeros((plan.slots, self.size), "float64") for _ in p.channels]
        self.drives = [d for d in drives if d.target == place]
        self.windows: list[Any] = []
        poisson = [s for s in plan.poisson if s.target == place]
        keys = [source_key(plan.seed, s.entity) for s in poisson]
        named = p.chance(plan.seed).keys
        keys += [named[name] for name in p.program.random]
        self._keys = machine.put(np.array(keys or [0], np.uint64).view(np.int64))
        self._tables, rows = [], []
        for s in poisson:
            table, row = poisson_table(s.rate_per_step)
            rows.append((s.channel, table.shape[1], bool(row.ndim)))
            weight = np.array([s.weight], plan.dtype)
            self._tables += [machine.put(x) for x in (table, np.atleast_1d(row), weight)]
        values = {f"input:{n}": 0.0 for n in p.program.inputs if n not in p.channels}
        values |= {f"input:{n}": x for n, x in p.constants.items()}
        values |= {f"coef:{n}": p.coefs[n] for n in p.program.coefs}
        shared = {n: x for n, x in values.items() if np.ndim(x) == 0}
        each = {n: x for n, x in values.items() if np.ndim(x)}
        self._shared = machine.put(np.array([*shared.values()] or [0.0], plan.dtype))
        self._each = machine.put(np.array([*each.values()] or [[0.0]], plan.dtype))
        self._variant = Variant(
            program=p.flow,
            dtype=plan.dtype,
            shared=tuple(shared),
            each=tuple(each),
            channels=p.channels,
            driven=tuple(dict.fromkeys(d.input for d in self.drives)),
            poisson=tuple(rows),
        )

    def source(self, traced: tuple[str, ...] = ()) -> str:
        """The kernel."""
        return write(replace(self._variant, traced=traced))

    def keep(self, kept: Sequence[Kept]) -> None:
        """Get ready for a run with these traces."""
        self._kept = [k for k in kept if k.rows and k.width]
        for k in self._kept:
            k.table = self.machine.zeros((k.rows, k.width), self.dtype)
        self._kernel = kernel(self.source(tuple(k.state for k in self._kept)), "advance")

    def prepare(self, first: int, starts: Sequence[int], steps: int, log: Log) -> None:
        """Write the inputs of the next steps, and begin new lists of spikes."""
        del starts
        log.counts.zero_()
        self.windows = []
        for name in self._variant.driven:
            terms = [d.term for d in self.drives if d.input == name]
            values = total(terms, first, steps, self.size).astype(self.dtype)
            self.windows.append(self.machine.put(values))

    def advance(self, block: int, first: int, offset: int, count: int, log: Log) -> None:
        """Run the steps of a block.

        Arguments:
            block: Number of the block in the segment.
            first: Its first step.
            offset: The same, counted from the segment's first.
            count: How many.
            log: Takes the spikes.
        """
        args = [self.states, self._shared, self._each, self._keys, log.spikes, log.counts]
        args += [*self.rings, *self.windows, *self._tables]
        for k in self._kept:
            args += [k.table, k.column, k.width, k.every, k.first]
        args += [block, log.room, first, offset, count, self.size, self.slots]
        grid = (-(-self.size // LANES),)
        launch(self.machine, self._kernel, grid, args, {"BLOCK": LANES}, warps=1)


class Sources:
    """Neurons that fire by themselves: the processor makes their spikes.

    Arguments: as of `Neurons`.
    """

    def __init__(self, machine: Machine, plan: NetworkPlan, place: int) -> None:
        self.machine, self.plan, self.seed = machine, plan.populations[place], plan.seed
        self.size = self.plan.size
        self.states = machine.zeros((0, self.size), plan.dtype)
        self.rings: list[Any] = []

    def keep(self, kept: Sequence[Kept]) -> None:
        """There are no states."""

    def prepare(self, first: int, starts: Sequence[int], steps: int, log: Log) -> None:
        """Write down all spikes of a segment."""
        trains = self.plan.trains
        if trains is None:
            return
        at, who = trains.fired(first, steps, self.seed)
        ends = [*starts[1:], steps]
        counts = np.zeros(len(log.counts), np.int32)
        for k, (start, end) in enumerate(zip(starts, ends, strict=True)):
            low, high = np.searchsorted(at, [first + start, first + end])
            counts[k] = high - low
            codes = (at[low:high] - first - start) * self.size + who[low:high]
            log.spikes[k, : high - low] = self.machine.put(codes)
        log.counts.copy_(self.machine.put(counts))

    def advance(self, block: int, first: int, offset: int, count: int, log: Log) -> None:
        """All is written already."""
