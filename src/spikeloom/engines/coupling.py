r"""Gap junctions: currents that flow while neighbours differ.

Into neuron i flows ``Σ_j g_ij (v_j - v_i)``, all through a step the same: that of the mean of the
potentials at its two ends. These means are found by a step with the current of its beginning
(Heun's method), so the error of the coupling falls with dt², the currents of the two sides of a
junction cancel, and neurons in the same state stay in the same state to the last bit. A neuron that
is reset during the step has no mean; it takes part with its potential at the beginning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from spikeloom.compile.program import Program
from spikeloom.compile.tick_program import TickProgram
from spikeloom.errors import EngineError, NumericsError, ShapeError, suggest

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Potential:
    """A state that others can see through gap junctions.

    Arguments:
        population: Place in the plan.
        state: Its name.
        resets: Whether a spike sets it.
    """

    population: int
    state: str
    resets: bool = True


@dataclass(frozen=True, eq=False)
class CouplingPlan:
    """One direction of gap junctions between two populations, or within one.

    Arguments:
        source, target: Potentials of the two sides.
        input: Inflow of the target population.
        indptr: Junctions of target i are ``indptr[i]:indptr[i + 1]``; int64 (N_target + 1,).
        sources: Neighbour of each, uint32 (n,).
        conductance: Of each, in unit of the inflow per unit of the target's potential (n,).
        scale: What the source's potential is multiplied by to be in the unit of the target's.
    """

    source: Potential
    target: Potential
    input: str
    indptr: Array
    sources: Array
    conductance: Array
    scale: float = 1.0

    def check(self, populations: Sequence[Coupled]) -> None:
        """Raise unless it fits the populations."""
        sides = (self.source, self.target)
        where = "network: gap junctions {} -> {}".format(*(side.population for side in sides))
        for side in sides:
            if not 0 <= side.population < len(populations):
                raise EngineError(f"{where}: there is no population {side.population}.")
            states = populations[side.population].program.states
            if side.state not in states:
                raise EngineError(
                    f"{where}: there is no state {side.state!r}.", hint=suggest(side.state, states)
                )
        source, target = (populations[side.population] for side in sides)
        if self.input not in target.program.inputs or self.input in target.channels:
            raise EngineError(
                f"{where}: there is no inflow {self.input!r}.",
                hint=suggest(self.input, target.program.inputs),
            )
        count = np.size(self.sources)
        if np.shape(self.indptr) != (target.size + 1,) or np.shape(self.conductance) != (count,):
            raise ShapeError(f"{where}: indptr is ({target.size + 1},), conductance ({count},).")
        if self.indptr[0] != 0 or self.indptr[-1] != count or np.any(np.diff(self.indptr) < 0):
            raise EngineError(f"{where}: indptr must rise from 0 to the number of junctions.")
        if count and int(np.max(self.sources)) >= source.size:
            raise EngineError(f"{where}: a junction leads to a neuron beyond {source.size - 1}.")
        if not np.all((self.conductance >= 0) & np.isfinite(self.conductance)):
            raise NumericsError(f"{where}: conductances must be finite and not negative.")

    def current(self, source: Array, target: Array) -> Array:
        """What flows into the target neurons at given potentials, (N_target,)."""
        rows = np.repeat(np.arange(len(target)), np.diff(self.indptr))
        flows = self.conductance * (source[self.sources] * self.scale - target[rows])
        # One after another, as a kernel adds them.
        made = np.zeros(len(target))
        np.add.at(made, rows, flows)
        return made


class Coupled(Protocol):
    """What a `CouplingPlan` must know of a population."""

    @property
    def program(self) -> Program | TickProgram: ...
    @property
    def size(self) -> int: ...
    @property
    def channels(self) -> tuple[str, ...]: ...


def potentials(couplings: Sequence[CouplingPlan]) -> tuple[Potential, ...]:
    """All potentials that somebody sees."""
    return tuple(dict.fromkeys(side for c in couplings for side in (c.source, c.target)))


def check_exchange(plan: Couples) -> None:
    """Raise if a network cannot be spread over processes."""
    if plan.couplings:
        raise EngineError(
            "network: gap junctions do not reach from process to process yet.",
            hint="run it in one process, with several threads",
        )


class Couples(Protocol):
    """A plan that may have gap junctions."""

    @property
    def couplings(self) -> tuple[CouplingPlan, ...]: ...


def currents(
    couplings: Sequence[CouplingPlan], seen: Mapping[Potential, Array]
) -> dict[tuple[int, str], Array]:
    """What flows through all junctions at given potentials: (population, inflow) → (N,)."""
    found: dict[tuple[int, str], Array] = {}
    for c in couplings:
        flow = c.current(seen[c.source], seen[c.target])
        key = (c.target.population, c.input)
        found[key] = found[key] + flow if key in found else flow
    return found
