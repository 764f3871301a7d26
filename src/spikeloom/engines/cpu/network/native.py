"""A network in native code."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Sequence

import numpy as np

from spikeloom.engines.cpu import pool
from spikeloom.engines.cpu.network.drive import POPULATION, PROJECTION, SLOTS, WISH
from spikeloom.engines.cpu.network.memory import Array, aligned
from spikeloom.engines.cpu.network.parts import (
    GROUP,
    Neurons,
    Synapses,
    deliver_kernel,
    drive_kernel,
    entry,
)
from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.engines.network_run import (
    NetworkRun,
    SpikeWish,
    Trace,
    check_state,
    check_wishes,
    trace_steps,
)
from spikeloom.errors import EngineError, ShapeError

LONGEST_BLOCK = 16
"""Most steps that a group of neurons takes at once."""
CHUNK = 4096
"""Most steps in one native call."""
LOG = 1 << 20
"""Spikes that a log holds at least, beyond those of one block."""
WORK_PER_THREAD = 65536
"""Neuron-steps between two waits that make a second thread worth while."""


class NativeNetwork:
    """Runs a plan as native code, in the precision of the plan.

    The same plan gives the same bits at any number of threads and in any division into calls of
    `run`, whatever is recorded.

    Arguments:
        plan: The network.
        threads: How many; None for as many as are worth while.
    """

    def __init__(self, plan: NetworkPlan, threads: int | None = None) -> None:
        if threads is not None and threads < 1:
            raise EngineError(f"network: threads must be at least 1 or None, got {threads!r}.")
        self.plan = plan
        self.step = 0
        """Steps done since the beginning."""
        self._block = min(plan.stride, LONGEST_BLOCK)
        neurons = sum(p.size for p in plan.populations)
        worth = max(1, neurons * self._block // WORK_PER_THREAD)
        self.threads = min(pool.available(), worth) if threads is None else threads
        self._neurons = [Neurons(plan, k, self.threads) for k in range(len(plan.populations))]
        self._synapses = [
            Synapses(plan, p, self._neurons[p.target], self.threads)
            for p in plan.projections
            if p.targets.size
        ]
        self._most = sum(n.padded for n in self._neurons) * self._block
        self._logs = [np.empty(self._most + LOG, np.uint32) for _ in range(self.threads)]

    def run(
        self, steps: int, record_spikes: SpikeWish = None, record_states: Sequence[Trace] = ()
    ) -> NetworkRun:
        """Run some steps, going on from where the last call ended.

        Arguments:
            steps: How many.
            record_spikes: Of each population: all, none, or a mask (N,). None: of all.
            record_states: States to keep.

        Returns:
            Spikes and traces.
        """
        masks, ids = check_wishes(self.plan, steps, record_spikes, record_states)
        first = self.step
        at = [trace_steps(first, steps, trace.every) for trace in record_states]
        traces = [np.empty((len(a), len(i)), self.plan.dtype) for a, i in zip(at, ids, strict=True)]
        found: list[list[tuple[Array, Array]]] = [[] for _ in masks]
        call = _Call(self, record_states, ids, traces, [len(a) and int(a[0]) for a in at])
        while self.step < first + steps:
            count = min(CHUNK, first + steps - self.step)
            done, ends = call.run(count)
            if any(mask is not None for mask in masks):
                spikes = _spikes(self._logs, ends, len(masks), self.step, done)
                for parts, mask, some in zip(found, masks, spikes, strict=True):
                    if mask is not None:
                        parts.append(_under(mask, some))
            self.step += done
        return NetworkRun(
            first, steps, tuple(_joined(parts) for parts in found), tuple(traces), tuple(at)
        )

    def state(self, population: int) -> Array:
        """A copy of the states (S, N) of a population."""
        n = self._neurons[population]
        return n.states[:, : n.size].copy()

    def set_state(self, population: int, value: Array) -> None:
        """Replace the states of a population."""
        n = self._neurons[population]
        if np.shape(value) != (len(n.states), n.size):
            raise ShapeError(
                f"network: states must have shape {(len(n.states), n.size)}, got {np.shape(value)}."
            )
        n.states[:, : n.size] = value

    def state_dict(self) -> dict[str, Array]:
        """Every array that is needed to go on bit for bit."""
        saved = {"step": np.array(self.step)}
        for k, n in enumerate(self._neurons):
            saved[f"states.{k}"] = self.state(k)
            for name, ring in zip(n.plan.channels, n.rings, strict=True):
                saved[f"coming.{k}.{name}"] = ring[:, : n.size].copy()
        return saved

    def load_state_dict(self, state: dict[str, Array]) -> None:
        """Go on from a `state_dict`.

        Raises:
            CheckpointError: It is of another network.
        """
        check_state(self.plan, state, self.state_dict())
        self.step = int(state["step"])
        for k, n in enumerate(self._neurons):
            self.set_state(k, state[f"states.{k}"])
            for name, ring in zip(n.plan.channels, n.rings, strict=True):
                ring[:, : n.size] = state[f"coming.{k}.{name}"]


class _Call:
    """The words of all threads for the native calls of one `run`."""

    def __init__(
        self,
        net: NativeNetwork,
        wishes: Sequence[Trace],
        ids: Sequence[Array],
        traces: Sequence[Array],
        firsts: Sequence[int],
    ) -> None:
        self.net = net
        self._kept: list[Array] = []
        self._drive = drive_kernel(net.plan.dtype)
        block, slots = net._block, net.plan.slots
        tables: list[list[list[int]]] = [[] for _ in range(net.threads)]
        planes: list[dict[str, Array]] = []
        for place, n in enumerate(net._neurons):
            record = tuple(dict.fromkeys(t.state for t in wishes if t.population == place))
            kernel, variant = n.kernel(record)
            planes.append({name: aligned((block, n.padded), net.plan.dtype) for name in record})
            bits = self._keep(aligned((block, n.padded // GROUP), np.int64))
            self._kept += planes[-1].values()
            words = n.words(variant, slots, bits, planes[-1])
            for t in range(net.threads):
                low, high = n.cuts[t], n.cuts[t + 1]
                if low == high:  # more threads than groups of neurons
                    low = high = 0
                keys = self._keep(np.zeros(max(1, len(variant.poisson) * block), np.int64))
                final = high == n.size
                given = {
                    "advance": entry(kernel),
                    "given": self._keep(words.copy()).ctypes.data,
                    "begin": low,
                    "end": -(-high // GROUP) * GROUP,
                    "bits": bits.ctypes.data,
                    "words": n.padded // GROUP,
                    "first": low // GROUP,
                    "last": -(-high // GROUP) - 1,
                    "mask": (1 << high % GROUP) - 1 if final and high % GROUP else -1,
                    "keys": keys.ctypes.data,
                }
                tables[t].append([_signed(given[name]) for name in POPULATION])
        projections: list[list[list[int]]] = [[] for _ in range(net.threads)]
        for s in net._synapses:
            for t in range(net.threads):
                given = {
                    "deliver": entry(deliver_kernel(s.rows)),
                    "given": self._keep(s.words(slots, t)).ctypes.data,
                    "source": s.source,
                }
                projections[t].append([given[name] for name in PROJECTION])
        recorded: list[list[list[int]]] = [[] for _ in range(net.threads)]
        for trace, chosen, out, first in zip(wishes, ids, traces, firsts, strict=True):
            n = net._neurons[trace.population]
            for t in range(net.threads):
                mine = np.flatnonzero((chosen >= n.cuts[t]) & (chosen < n.cuts[t + 1]))
                given = {
                    "plane": planes[trace.population][trace.state].ctypes.data,
                    "padded": n.padded,
                    "every": trace.every,
                    "first": first,
                    "count": len(mine),
                    "places": self._keep(mine).ctypes.data,
                    "ids": self._keep(np.ascontiguousarray(chosen[mine])).ctypes.data,
                    "out": out.ctypes.data,
                    "width": len(chosen),
                }
                recorded[t].append([given[name] for name in WISH])
        self._tables = [
            tuple(self._keep(np.array(rows, np.int64)) for rows in of_thread)
            for of_thread in zip(tables, projections, recorded, strict=True)
        ]
        self._logs = self._keep(np.array([log.ctypes.data for log in net._logs], np.int64))
        self._barrier = self._keep(aligned((16,), np.int64))

    def run(self, steps: int) -> tuple[int, Array]:
        """Run up to so many steps.

        Returns:
            Steps done, at least 1; where each log ends after each step and population,
            (threads, steps * populations + 1).
        """
        net = self.net
        ends = np.zeros((net.threads, steps * len(net._neurons) + 1), np.int64)
        self._barrier[:] = 0
        slots = []
        for t, (populations, projections, wishes) in enumerate(self._tables):
            given = {
                "population_count": len(populations),
                "populations": populations.ctypes.data,
                "projection_count": len(projections),
                "projections": projections.ctypes.data,
                "wish_count": len(wishes),
                "wishes": wishes.ctypes.data,
                "block": net._block,
                "slots": net.plan.slots,
                "log": net._logs[t].ctypes.data,
                "logs": self._logs.ctypes.data,
                "ends": ends.ctypes.data,
                "ends_row": ends.shape[1],
                "threads": net.threads,
                "thread": t,
                "barrier": self._barrier.ctypes.data,
                "relax": _relax(),
                "room": LOG,
                "step": net.step,
                "done": 0,
            }
            slots.append(np.array([given[name] for name in SLOTS], np.int64))
        others = [
            threading.Thread(target=self._drive, args=(s.ctypes.data, 0, steps, 0), daemon=True)
            for s in slots[1:]
        ]
        for other in others:
            other.start()
        self._drive(slots[0].ctypes.data, 0, steps, 0)
        for other in others:
            other.join()
        return int(slots[0][SLOTS.index("done")]), ends

    def _keep(self, array: Array) -> Array:
        """Hold memory that native code has the address of."""
        self._kept.append(array)
        return array


def _relax() -> int:
    """Address of a function that offers the processor to other threads."""
    name = "SwitchToThread" if os.name == "nt" else "sched_yield"
    library = ctypes.CDLL("kernel32" if os.name == "nt" else None)
    return ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 == 1 else value


def _spikes(
    logs: Sequence[Array], ends: Array, populations: int, first: int, steps: int
) -> list[tuple[Array, Array]]:
    """Steps and neurons of each population in the logs, in order of step and then neuron."""
    marks = ends[:, : steps * populations + 1]
    ids = np.concatenate([log[: row[-1]] for log, row in zip(logs, marks, strict=True)])
    # Which step and population an entry belongs to: step * populations + population.
    label = np.concatenate([np.repeat(np.arange(row.size - 1), np.diff(row)) for row in marks])
    found = []
    for place in range(populations):
        here = slice(None) if populations == 1 else label % populations == place
        who, at = ids[here].astype(np.int64), label[here] // populations
        if len(logs) > 1:
            # Sixteen bits are sorted without comparisons; threads follow each other in each step.
            order = np.argsort(at.astype(np.uint16), kind="stable")
            who, at = who[order], at[order]
        found.append((at + first, who))
    return found


def _under(mask: Array, spikes: tuple[Array, Array]) -> tuple[Array, Array]:
    if mask.all():
        return spikes
    at, who = spikes
    kept = mask[who]
    return at[kept], who[kept]


def _joined(parts: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    if len(parts) == 1:
        return parts[0]
    empty = np.empty(0, np.int64)
    return (
        np.concatenate([empty, *(at for at, _ in parts)]),
        np.concatenate([empty, *(who for _, who in parts)]),
    )
