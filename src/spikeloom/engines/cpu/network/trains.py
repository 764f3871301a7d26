"""Populations that fire by themselves, in the place of neurons that step."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from spikeloom.engines.cpu.build import Native
from spikeloom.engines.cpu.call import padded
from spikeloom.engines.cpu.draws import signed
from spikeloom.engines.cpu.host import this_host
from spikeloom.engines.cpu.library import load
from spikeloom.engines.cpu.network.memory import Array, aligned
from spikeloom.engines.cpu.network.packed import cuts
from spikeloom.engines.cpu.network.train_kernels import (
    CHANCE_SLOTS,
    GIVEN_SLOTS,
    write_chance,
    write_given,
)
from spikeloom.engines.cpu.network.variant import Stepping
from spikeloom.engines.cpu.network.windows import Bundle, Shape, Window
from spikeloom.engines.inputs import DrivePlan, PoissonTrains, Trains
from spikeloom.engines.inputs.trains import check_chance
from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.engines.poisson import BITS, GOLDEN, source_key


class Events:
    """Spikes of trains that are made outside of native code, for the steps of a window."""

    row_bytes = 16

    def __init__(self, trains: Trains, seed: int) -> None:
        self._trains, self._seed = trains, seed
        # Kernels hold the address of this word, since the spikes themselves move.
        self._place = np.zeros(1, np.int64)
        self._ids = np.empty(0, np.int64)

    def allocate(self, steps: int) -> None:
        """Make room for some steps."""
        self._bounds = aligned((2, steps), np.int64)

    def fill(self, first: int, count: int) -> None:
        """Find the spikes of some steps."""
        at, ids = self._trains.fired(first, count, self._seed)
        self._ids = np.ascontiguousarray(ids, np.int64)
        self._place[0] = self._ids.ctypes.data
        steps = np.arange(first, first + count)
        rows = steps % self._bounds.shape[1]
        for row, side in zip(self._bounds, ("left", "right"), strict=True):
            row[rows] = np.searchsorted(at, steps, side)

    @property
    def addresses(self) -> dict[str, int]:
        """Of each slot of the kernel."""
        starts, ends = self._bounds
        return {
            "starts": starts.ctypes.data,
            "ends": ends.ctypes.data,
            "place": self._place.ctypes.data,
        }


class Sources:
    """A population of sources: what `Neurons` is for neurons, without states.

    Arguments:
        plan: The network.
        place: Place of the population in the plan.
        threads: How many.
        drives: Nothing flows into a source.
    """

    def __init__(
        self, plan: NetworkPlan, place: int, threads: int, drives: Sequence[DrivePlan]
    ) -> None:
        del drives
        p = plan.populations[place]
        self.plan, self.size, self.padded = p, p.size, padded(p.size)
        self.cuts = cuts(p.size, threads)
        self.states = aligned((0, self.padded), plan.dtype)
        self.rings = aligned((0, plan.slots, self.padded), plan.dtype)
        self.middles: dict[str, Array] = {}
        """Sources have no potentials that others could see."""
        self._bundle: Bundle | Events
        self._key = self._first = 0
        if isinstance(p.trains, PoissonTrains):
            self._key = source_key(plan.seed, p.trains.entity)
            self._first = p.trains.first
            self._bundle = Bundle(
                *("chance", p.trains.terms, p.size, self.padded, "float64"),
                check=check_chance,
                scale=float(1 << BITS),
            )
        elif p.trains is not None:
            self._bundle = Events(p.trains, plan.seed)
        self.windows: Sequence[Window] = [self._bundle]
        """Inputs over time."""

    def kernel(self, record: tuple[str, ...]) -> tuple[Native, Stepping]:
        """What notes who fires."""
        del record
        shape = self._bundle.shape if isinstance(self._bundle, Bundle) else None
        return _kernel(shape), Stepping("float64")

    def trial(self) -> tuple[Native, Stepping]:
        """Nothing is tried: they do not move."""
        return self.kernel(())

    def words(
        self, variant: Stepping, slots: int, window: int, bits: Array, planes: dict[str, Array]
    ) -> Array:
        """The slots of the kernel; each thread gets its own copy."""
        del variant, slots, planes
        given = {
            **{"steps": 0, "slot": 0, "step": 0, "window": window - 1},
            "row_bytes": self.padded // 8,
            "bits": bits.ctypes.data,
            "key": signed(self._key),
            "origin": signed(self._first * GOLDEN),
            "padded": self.padded,
            **self._bundle.addresses,
        }
        names = GIVEN_SLOTS
        if isinstance(self._bundle, Bundle):
            names = (*CHANCE_SLOTS, *self._bundle.shape.slots)
        return np.array([given[name.rpartition(" ")[2]] for name in names], np.int64)


@lru_cache(maxsize=16)
def _kernel(shape: Shape | None) -> Native:
    host = this_host()
    if shape is None:
        return load("given", "", "network trains given", write_given, host)
    text = f"network trains {shape!r}"
    return load("chance", "", text, lambda: write_chance(shape, host), host)
