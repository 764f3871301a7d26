"""The words of the native calls of one run: the tables that `drive` reads."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from spikeloom.engines.cpu.library import entry
from spikeloom.engines.cpu.network.drive import COUPLING, POPULATION, PROJECTION, SLOTS, WISH
from spikeloom.engines.cpu.network.memory import Array, aligned
from spikeloom.engines.cpu.network.packed import GROUP
from spikeloom.engines.cpu.network.parts import drive_kernel
from spikeloom.engines.cpu.network.plastic import PlasticSynapses
from spikeloom.engines.network_run import (
    Trace,
)

if TYPE_CHECKING:
    from spikeloom.engines.cpu.network.native import NativeNetwork


class Call:
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
        # Caches may forget a kernel; its code lives as long as someone holds it.
        self._kernels = [s.kernel for s in net.deliveries]
        self._drive = drive_kernel(net.plan.dtype)
        block, slots = net.block, net.plan.slots
        tables: list[list[list[int]]] = [[] for _ in range(net.threads)]
        trials: list[list[list[int]]] = [[] for _ in range(net.threads)]
        planes: list[dict[str, Array]] = []
        for place, n in enumerate(net.neurons):
            states = [t.state for t in wishes if t.population == place]
            states += [name for s in net.learning for name in s.needs(place)]
            record = tuple(dict.fromkeys(states))
            kernel, variant = n.kernel(record)
            self._kernels.append(kernel)
            planes.append({name: aligned((block, n.padded), net.plan.dtype) for name in record})
            bits = self._keep(aligned((block, n.padded // GROUP), np.int64))
            self._kept += planes[-1].values()
            words = n.words(variant, slots, net.window, bits, planes[-1])
            trial = n.trial() if net.junctions and n.middles else None
            tried = np.empty(0, np.int64)
            if trial is not None:
                self._kernels.append(trial[0])
                tried = n.words(trial[1], slots, net.window, bits, {})
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
                if trial is not None:
                    given |= {
                        "advance": entry(trial[0]),
                        "given": self._keep(tried.copy()).ctypes.data,
                    }
                    trials[t].append([_signed(given[name]) for name in POPULATION])
        couplings: list[list[list[int]]] = [[] for _ in range(net.threads)]
        for j in net.junctions:
            sides = [self._keep(j.words(middle=middle)) for middle in (False, True)]
            for t in range(net.threads):
                low, high = net.neurons[j.target].cuts[t : t + 2]
                given = {
                    "couple": entry(j.kernel),
                    "start": sides[0].ctypes.data,
                    "middle": sides[1].ctypes.data,
                    "begin": low,
                    "end": high,
                }
                couplings[t].append([given[name] for name in COUPLING])
        projections: list[list[list[int]]] = [[] for _ in range(net.threads)]
        for s in net.deliveries:
            learns = s.steps() if isinstance(s, PlasticSynapses) else {}
            for t in range(net.threads):
                for words in s.calls(t):
                    given = {
                        **dict.fromkeys(PROJECTION, 0),
                        "deliver": entry(s.kernel),
                        "given": self._keep(words).ctypes.data,
                        "source": s.source,
                        **learns,
                    }
                    projections[t].append([_signed(given[name]) for name in PROJECTION])
        recorded: list[list[list[int]]] = [[] for _ in range(net.threads)]
        for trace, chosen, out, first in zip(wishes, ids, traces, firsts, strict=True):
            n = net.neurons[trace.population]
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
                    "rows": 1 << 62,
                }
                recorded[t].append([given[name] for name in WISH])
        for plastic in net.learning:
            n, wanted = net.neurons[plastic.target], plastic.needs(plastic.target)
            for t in range(net.threads):
                mine = self._keep(np.arange(n.cuts[t], n.cuts[t + 1]))
                for state, out in zip(wanted, plastic.planes, strict=True):
                    given = {
                        "plane": planes[plastic.target][state].ctypes.data,
                        "padded": n.padded,
                        "every": 1,
                        "first": 0,
                        "count": len(mine),
                        "places": mine.ctypes.data,
                        "ids": mine.ctypes.data,
                        "out": out.ctypes.data,
                        "width": out.shape[1],
                        "rows": len(out),
                    }
                    recorded[t].append([given[name] for name in WISH])
        self._tables = [
            tuple(self._keep(np.array(rows, np.int64)) for rows in of_thread)
            for of_thread in zip(tables, projections, recorded, trials, couplings, strict=True)
        ]
        self._logs = self._keep(np.array([log.ctypes.data for log in net.logs], np.int64))
        self._barrier = self._keep(aligned((16,), np.int64))

    def run(self, steps: int) -> tuple[int, Array]:
        """Run up to so many steps.

        Returns:
            Steps done, at least 1; where each log ends after each step and population,
            (threads, steps * populations + 1).
        """
        ends = self._ends(steps)
        return self._go(steps, ends, self._logs, ends), ends

    def advance(self, steps: int) -> tuple[int, Array]:
        """As `run`, but nothing is delivered."""
        ends = self._ends(steps)
        return self._go(steps, ends, self._logs, ends, deliver=False), ends

    def deliver(self, steps: int, logs: Sequence[Array], ends: Array) -> None:
        """Deliver spikes of the last steps, which `advance` has done.

        Arguments:
            steps: How many.
            logs: Neurons that spiked, uint32, counted in the whole populations.
            ends: Where each log ends after each step and population, from 0 on.
        """
        at = np.array([log.ctypes.data for log in logs], np.int64)
        self._go(steps, self._ends(0), at, ends, advance=False)

    def _ends(self, steps: int) -> Array:
        return np.zeros((self.net.threads, steps * len(self.net.neurons) + 1), np.int64)

    def _go(
        self,
        steps: int,
        ends: Array,
        told: Array,
        told_ends: Array,
        *,
        advance: bool = True,
        deliver: bool = True,
    ) -> int:
        net = self.net
        self._barrier[:] = 0
        slots = []
        for t, (populations, projections, wishes, trials, couplings) in enumerate(self._tables):
            given = {
                "population_count": len(populations) if advance else 0,
                "populations": populations.ctypes.data,
                "projection_count": len(projections) if deliver else 0,
                "projections": projections.ctypes.data,
                "trial_count": len(trials) if advance else 0,
                "trials": trials.ctypes.data,
                "coupling_count": len(couplings) if advance else 0,
                "couplings": couplings.ctypes.data,
                "wish_count": len(wishes) if advance else 0,
                "wishes": wishes.ctypes.data,
                "block": net.block,
                "slots": net.plan.slots,
                "log": net.logs[t].ctypes.data,
                "ends": ends.ctypes.data,
                "ends_row": ends.shape[1],
                "threads": net.threads,
                "thread": t,
                "barrier": self._barrier.ctypes.data,
                "relax": _relax(),
                "room": net.room,
                "step": net.step,
                "done": 0,
                "told_logs": told.ctypes.data,
                "told_ends": told_ends.ctypes.data,
                "told_row": told_ends.shape[1],
                "told_count": len(told),
                "told_populations": len(net.neurons),
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
        return int(slots[0][SLOTS.index("done")])

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
