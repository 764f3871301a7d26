"""Gap junctions in native code: who sees whom, and the kernel that adds up what flows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import numpy as np

from spikeloom.engines.coupling import CouplingPlan, Potential, potentials
from spikeloom.engines.cpu.build import Native
from spikeloom.engines.cpu.host import this_host
from spikeloom.engines.cpu.library import load
from spikeloom.engines.cpu.network.memory import Array, aligned
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.wiring.lanes import Memory, Slots
from spikeloom.engines.network_plan import NetworkPlan

if TYPE_CHECKING:
    from spikeloom.engines.cpu.network.parts import Neurons
    from spikeloom.engines.cpu.network.trains import Sources

SLOTS = (
    *("size", "fresh", "ptr indptr", "ptr sources", "ptr conductance"),
    *("ptr source", "ptr target", "ptr scale", "ptr out"),
)
"""Words of the kernel: neurons; whether what is in ``out`` is replaced; junctions row by row of the
targets; potentials of both sides; what flows."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the step kernel of a population must do for its gap junctions.

    Arguments:
        inflows: Into which current flows.
        potentials: States that others see, and whether a spike sets them.
    """

    inflows: tuple[str, ...] = ()
    potentials: tuple[tuple[str, bool], ...] = ()


def seen(plan: NetworkPlan, place: int) -> Seen:
    """What a population must do."""
    inflows = (c.input for c in plan.couplings if c.target.population == place)
    own = [p for p in potentials(plan.couplings) if p.population == place]
    return Seen(tuple(dict.fromkeys(inflows)), tuple((p.state, p.resets) for p in own))


def junctions(plan: NetworkPlan, neurons: Sequence[Neurons | Sources]) -> list[Junctions]:
    """All gap junctions of a network."""
    begun: set[tuple[int, str]] = set()
    made: list[Junctions] = []
    for coupling in plan.couplings:
        key = (coupling.target.population, coupling.input)
        made.append(Junctions(coupling, plan.dtype, key not in begun, neurons))
        begun.add(key)
    return made


class Junctions:
    """One direction of gap junctions in the form that the kernel reads.

    Arguments:
        plan: The junctions.
        dtype: Precision of the network.
        fresh: Whether they are the first into their inflow.
        neurons: All populations.
    """

    def __init__(
        self, plan: CouplingPlan, dtype: str, fresh: bool, neurons: Sequence[Neurons | Sources]
    ) -> None:
        self.target = plan.target.population
        self.kernel = _kernel(dtype)
        self._plan, self._fresh, self._neurons = plan, fresh, neurons
        self._arrays = [
            np.ascontiguousarray(plan.indptr, np.int64),
            np.ascontiguousarray(plan.sources, np.uint32),
            np.ascontiguousarray(plan.conductance, dtype),
        ]
        self._scale = np.array(plan.scale, dtype)

    def words(self, *, middle: bool) -> Array:
        """The slots of the kernel.

        Arguments:
            middle: Whether the mean potentials of the step count; else those of its beginning.
        """
        target = self._neuron(self.target)
        ends = [self._potential(p, middle) for p in (self._plan.source, self._plan.target)]
        given = [
            *(target.size, int(self._fresh)),
            *(array.ctypes.data for array in self._arrays),
            *(end.ctypes.data for end in ends),
            *(self._scale.ctypes.data, target.junction_currents(self._plan.input).ctypes.data),
        ]
        return np.array(given, np.int64)

    def _neuron(self, place: int) -> Neurons:
        # Sources have no potential, so a plan cannot couple them.
        return cast("Neurons", self._neurons[place])

    def _potential(self, p: Potential, middle: bool) -> Array:
        neurons = self._neuron(p.population)
        if middle:
            return neurons.middles[p.state]
        return neurons.states[neurons.plan.program.states.index(p.state)]


def middles(shape: Seen, padded: int, dtype: str) -> dict[str, Array]:
    """Room for the mean potentials of a population."""
    return {name: aligned((padded,), dtype) for name, _ in shape.potentials}


@lru_cache(maxsize=4)
def _kernel(dtype: str) -> Native:
    text = f"network junctions {dtype}"
    return load("couple", "", text, lambda: write_couple(dtype), this_host())


def write_couple(dtype: str) -> str:
    """The module with ``couple``: for each target neuron, ``Σ g (v_source - v_target)``."""
    w = Writer()
    m = Memory(w)
    kind = "float" if dtype == "float32" else "double"
    with w.function("couple", "ptr noalias %slots, i64 %begin, i64 %end, ptr %scratch"):
        s = Slots(w, SLOTS)
        scale = m.load(s["scale"], "0", kind)
        stop = w.call("i64", "llvm.smin.i64", f"i64 %end, i64 {s['size']}", "i64, i64")
        fresh = w.let(f"icmp ne i64 {s['fresh']}, 0")
        with w.loop("%begin", stop) as targets:
            i = targets.index
            own = m.load(s["target"], i, kind)
            first = m.load(s["indptr"], i)
            last = m.load(s["indptr"], w.let(f"add i64 {i}, 1"))
            with w.loop(first, last, carried=[(kind, "0.0")]) as row:
                other = m.load(s["source"], m.load_whole(s["sources"], row.index), kind)
                other = w.let(f"fmul {kind} {other}, {scale}")
                step = w.let(f"fsub {kind} {other}, {own}")
                flow = w.let(f"fmul {kind} {m.load(s['conductance'], row.index, kind)}, {step}")
                row.next = (w.let(f"fadd {kind} {row.carried[0]}, {flow}"),)
            before = m.load(s["out"], i, kind)
            both = w.let(f"fadd {kind} {before}, {row.results[0]}")
            made = w.let(f"select i1 {fresh}, {kind} {row.results[0]}, {kind} {both}")
            m.store(made, s["out"], i, kind)
    return w.text()
