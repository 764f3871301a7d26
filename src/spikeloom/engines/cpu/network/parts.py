"""The pieces of a plan in the form that the kernels read, for some number of threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from spikeloom.engines.cpu import check
from spikeloom.engines.cpu.build import Native
from spikeloom.engines.cpu.call import pack_columns, padded
from spikeloom.engines.cpu.draws import signed
from spikeloom.engines.cpu.host import this_host
from spikeloom.engines.cpu.library import Keyed, load, weight
from spikeloom.engines.cpu.network.advance import write_advance
from spikeloom.engines.cpu.network.chance import sure_bounds
from spikeloom.engines.cpu.network.coupling import middles, seen
from spikeloom.engines.cpu.network.deliver import LANES, Rows, write_deliver
from spikeloom.engines.cpu.network.drive import write_drive
from spikeloom.engines.cpu.network.memory import Array, aligned, padded_rows
from spikeloom.engines.cpu.network.packed import cuts, pack
from spikeloom.engines.cpu.network.projection import PackedProjection
from spikeloom.engines.cpu.network.tree import write_tree
from spikeloom.engines.cpu.network.variant import Stepping, step_slots
from spikeloom.engines.cpu.network.windows import Bundle, Shape
from spikeloom.engines.cpu.variant import slot_of
from spikeloom.engines.inputs import DrivePlan, Term
from spikeloom.engines.network_plan import AnyProjection, NetworkPlan, PopulationPlan
from spikeloom.engines.poisson import GOLDEN, checked_means, poisson_table, source_key
from spikeloom.engines.tree_program import TreeProgram

if TYPE_CHECKING:
    from spikeloom.engines.cpu.network.trains import Sources


@lru_cache(maxsize=64)
def deliver_kernel(rows: Rows) -> Native:
    """The kernel for one kind of synapses."""
    return load("deliver", "", rows.text, lambda: write_deliver(rows), this_host())


@lru_cache(maxsize=4)
def drive_kernel(dtype: str) -> Native:
    """The kernel that runs a thread."""
    return load("drive", "", f"drive|{dtype}", lambda: write_drive(dtype), this_host())


IN_CACHE = 1 << 19
"""Bytes of rings up to which each thread finds them in its own cache."""
IN_MEMORY = 1 << 24
"""Bytes of rings from which on they come from memory."""
AHEAD = 256
"""Neurons by which rings are asked for ahead: their turn comes some groups later."""
TILE = 4096
"""Neurons whose states and pieces of the rings fit a second-level cache."""


class Neurons:
    """States, rings and constants of a population.

    Arguments:
        plan: The network.
        place: Place of the population in it.
        threads: How many.
        drives: Those of the plan, where something wanders under way.
    """

    def __init__(
        self, plan: NetworkPlan, place: int, threads: int, drives: Sequence[DrivePlan]
    ) -> None:
        p = plan.populations[place]
        self.plan, self.size, self.padded = p, p.size, padded(p.size)
        self.cuts = cuts(p.size, threads)
        dtype, width = plan.dtype, self.padded
        self.states = padded_rows(p.start, p.size, width, dtype)
        self.rings = aligned((len(p.channels), plan.slots, width), dtype)
        self.single, columns = self.coefficients(p, dtype)
        self.columns = pack_columns(columns, 1, p.size, dtype)
        self.levels = padded_rows(list(p.constants.values()), p.size, width, dtype)
        sources = [source for source in plan.poisson if source.target == place]
        self._keys = [source_key(plan.seed, source.entity) for source in sources]
        self._weights = [np.array(source.weight, dtype) for source in sources]
        self._tables: dict[int, tuple[Array, Array]] = {}
        rates: list[Bundle] = []
        poisson: list[tuple[str, int, Shape | None]] = []
        for k, source in enumerate(sources):
            if source.course:
                terms = source.course
                rate = Bundle(f"rate{k}", terms, p.size, width, "float64", checked_means)
                rates.append(rate)
                poisson.append((source.channel, 0, rate.shape))
                continue
            table, rows = poisson_table(source.rate_per_step)
            spread = np.zeros(width, np.int64)
            spread[: p.size] = rows * table.shape[1]
            self._tables[k] = np.ascontiguousarray(table), spread
            lanes = this_host().lanes(dtype)
            sure = sure_bounds(table[0], lanes) if len(table) == 1 else 0
            poisson.append((source.channel, sure, None))
        flows: dict[str, list[Term]] = {}
        for drive in drives:
            if drive.target == place:
                flows.setdefault(drive.input, []).append(drive.term)
        self.seen = seen(plan, place)
        for name in self.seen.inflows:
            flows.setdefault(name, [])
        driven = [
            Bundle(*(name, terms, p.size, width, dtype), junctions=name in self.seen.inflows)
            for name, terms in flows.items()
        ]
        self.middles = middles(self.seen, width, dtype)
        """Mean potentials of a step, for gap junctions."""
        self.windows: Sequence[Bundle] = [*driven, *rates]
        """Inputs over time."""
        self.variant = Stepping(
            dtype,
            columns=tuple(columns),
            channels=p.channels,
            constants=tuple(p.constants),
            poisson=tuple(poisson),
            driven=tuple(bundle.shape for bundle in driven),
            spikes=p.program.spikes,
            random=p.program.random,
        )
        self.variant = self.ordered(plan.stride, self.rings.nbytes // threads)
        self._chance = {slot_of(n): signed(k) for n, k in p.chance(plan.seed).keys.items()}

    def coefficients(self, p: PopulationPlan, dtype: str) -> tuple[Array, dict[str, Array]]:
        """Those that are one number for all, and those that differ."""
        return check.coefficients(p.flow, p.coefs, p.size, dtype)

    def ordered(self, stride: int, ring_bytes: int) -> Stepping:
        """The order in which neurons and steps of a block are taken."""
        return _ordered(self.variant, self.plan, stride, ring_bytes)

    def kernel(self, record: tuple[str, ...]) -> tuple[Native, Stepping]:
        """The step kernel that keeps some states."""
        variant = replace(self.variant, record=record)
        return _step_kernel(Keyed(self.plan.flow), variant), variant

    def trial(self) -> tuple[Native, Stepping]:
        """The kernel that tries a step, to see where potentials are in its middle."""
        variant = replace(self.variant, trial=self.seen.potentials)
        return _step_kernel(Keyed(self.plan.flow), variant), variant

    def junction_currents(self, inflow: str) -> Array:
        """Where gap junctions put what flows."""
        return next(w.junctions for w in self.windows if w.shape.label == inflow)

    def words(
        self, variant: Stepping, slots: int, window: int, bits: Array, planes: dict[str, Array]
    ) -> Array:
        """The slots of the step kernel; each thread gets its own copy."""
        given = {
            "steps": 0,
            "slot": 0,
            "step": 0,
            "slots": slots,
            "padded": self.padded,
            "row_bytes": self.padded // 8,
            "window": window - 1,
            **self._chance,
            "origin": signed(self.plan.first * GOLDEN),
            "states": self.states.ctypes.data,
            "scalars": self.single.ctypes.data,
            "columns": self.columns.ctypes.data,
            "bits": bits.ctypes.data,
            "levels": self.levels.ctypes.data,
        }
        for name, ring in zip(self.plan.channels, self.rings, strict=True):
            given[f"ring:{name}"] = ring.ctypes.data
        for name, plane in planes.items():
            given[f"plane:{name}"] = plane.ctypes.data
        for bundle in self.windows:
            given |= bundle.addresses
        given |= {f"middle:{name}": array.ctypes.data for name, array in self.middles.items()}
        for k, key in enumerate(self._keys):
            given[f"key:{k}"] = signed(key)
            given[f"weight:{k}"] = self._weights[k].ctypes.data
        for k, (table, rows) in self._tables.items():
            given[f"table:{k}"] = table.ctypes.data
            given[f"rows:{k}"] = rows.ctypes.data
        given |= self.more()
        return np.array([given[name] for name in self.slots(variant)], np.int64)

    def slots(self, variant: Stepping) -> tuple[str, ...]:
        """Names of the words of the step kernel."""
        return step_slots(variant)

    def more(self) -> dict[str, int]:
        """Words that only some kinds of neurons need."""
        return {}


class Synapses:
    """A projection: its rows cut at the borders between threads.

    Arguments:
        plan: The network.
        p: The projection.
        target: Where it leads.
        threads: How many share the targets.
        like: The same projection in another engine; what never changes is held in memory once.
    """

    def __init__(
        self,
        plan: NetworkPlan,
        p: AnyProjection,
        target: Neurons | Sources,
        threads: int,
        like: Synapses | None = None,
    ) -> None:
        self.plan = p
        self.source = p.source
        self._channel = target.plan.channels.index(p.channel)
        self._target = target
        known = p.packed if isinstance(p, PackedProjection) else like and like.packed
        if known is not None and known.serves(plan.dtype, threads):
            self.packed = known
        else:
            self.packed = pack(p.whole, target.size, plan.dtype, threads)
        self._many = self.packed.rows.parts // threads
        self._slots = plan.slots
        room = self.packed.longest_part + LANES if self.packed.rows.weights == "fixed" else 1
        self._scratch = [aligned((room,), np.float32) for _ in range(threads)]
        self.kernel = deliver_kernel(self.packed.rows)
        """What delivers."""

    def calls(self, thread: int) -> list[Array]:
        """The words of what a thread delivers: of each of its parts of the rows."""
        parts = range(thread * self._many, (thread + 1) * self._many)
        return [self._words(part, self._scratch[thread]) for part in parts]

    def _words(self, part: int, scratch: Array) -> Array:
        target, packed = self._target, self.packed
        ring = target.rings[self._channel]
        low = 0 if packed.rows.delays == "places" else packed.lows[part]
        given = [
            *(bound.ctypes.data for bound in packed.bounds[part : part + 2]),
            *(packed.targets.ctypes.data, packed.weights.ctypes.data),
            ring.ctypes.data + low * ring.itemsize,
            *(packed.heads.ctypes.data, packed.head_starts.ctypes.data + 8 * part),
            *(scratch.ctypes.data, target.padded, self._slots, packed.delay, packed.step_bits),
        ]
        return np.array(given, np.int64)


@lru_cache(maxsize=256)
def _step_kernel(keyed: Keyed, variant: Stepping) -> Native:
    program, host = keyed.program, this_host()
    loops = isinstance(program, TreeProgram)
    text = f"network|{'loops|' * loops}{variant.text}"
    write = write_tree if loops else write_advance
    return load("advance", program.key, text, lambda: write(program, variant, host), host)


def _ordered(variant: Stepping, p: PopulationPlan, stride: int, ring_bytes: int) -> Stepping:
    """With the order in which neurons and steps of a block are taken.

    Measured on CUBA in ns a neuron-step, on a busy machine. One step a block: 0.37 with 4,000
    neurons, with 1, 2 or 4 groups side by side. Blocks of 16: 0.61, 0.44 and 0.32; with 64,000
    neurons, 8 MB of rings, 1.5 as it is, 0.45 where memory is asked for ahead; with a million, 2.9
    as it is, 2.0 in tiles.
    """
    if isinstance(p.program, TreeProgram):
        return variant
    simple = weight(p.flow) <= 250 and len(p.program.states) <= 4
    if stride == 1:
        return replace(variant, unroll=2 if simple else 1)
    unroll = 4 if simple else 1
    if ring_bytes > IN_MEMORY and not p.program.random:
        return replace(variant, unroll=unroll, tile=TILE)
    return replace(variant, unroll=unroll, ahead=AHEAD if ring_bytes > IN_CACHE else 0)
