"""Populations whose spike times depend on the time step of a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from spikeloom.compile import Program, bind
from spikeloom.engines.halving import Shift, asks, compared, told
from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.engines.population import native
from spikeloom.network import settings
from spikeloom.network.description import Description
from spikeloom.network.shaped import PlacedReceptors

Array = np.ndarray[Any, np.dtype[Any]]
STEPS = 2000
SIZES = 10.0 ** np.linspace(-4, 6, 101)
"""Currents that are tried, in the unit that the model declares."""
ENOUGH = 4
"""Spikes from which a neuron fires regularly."""
BEYOND = 2
"""Places further among the currents: at the onset itself the rate of many models is vertical."""


@dataclass(frozen=True, eq=False)
class _Alone:
    """One neuron of a population, with nothing but a current into it; equal ones are run once."""

    program: Program
    values: tuple[tuple[str, float], ...]
    dt: float
    port: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Alone) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return self.program.key, self.values, self.dt, self.port


def late(said: Description, plan: NetworkPlan) -> Iterator[tuple[str, str]]:
    """Names of populations whose time step is too long for their method, and a warning for each.

    In a network nobody knows when a spike should have come. So one neuron of the population is
    taken out, a constant current makes it fire, and half the step shows what is off.

    Arguments:
        said: The network.
        plan: What came of it.
    """
    for member, built in zip(said.members, plan.populations, strict=True):
        program, definition = built.program, member.receptors.definition
        ports = [i for i in definition.inputs if i.kind == "inflow"]
        if member.method is not None or not ports or not built.size:
            continue
        if isinstance(member.receptors, PlacedReceptors):  # a tree has one method, and knows why
            continue
        if not isinstance(program, Program) or not asks(program):
            continue
        values = settings.parameters(said, member)
        first = tuple((name, float(np.ravel(value)[0])) for name, value in values.items())
        step = float(said.dt.to(definition.time_unit))
        found = _shift(_Alone(program, first, step, ports[0].name))
        if found is not None:
            name, (size, shift) = member.population.name, found
            current = f"{ports[0].name} = {size:.3g} {ports[0].unit}".rstrip()
            when = f"dt = {step:g} {program.time_unit} and under {current}"
            yield name, told(f"population {name!r} of {definition.name}", program, when, shift)


@lru_cache(maxsize=256)
def _shift(alone: _Alone) -> tuple[float, Shift] | None:
    """The current that made it fire, and what half the step changed; None where that is little."""
    coarse, fine = (_spikes(alone, parts) for parts in (1, 2))
    firing = [k for k in range(len(SIZES)) if min(len(coarse[k]), len(fine[k])) >= ENOUGH]
    if not firing:
        return None
    lane = firing[min(BEYOND, len(firing) - 1)]
    found = compared(coarse[lane], fine[lane], alone.dt, STEPS * alone.dt)
    return None if found is None else (float(SIZES[lane]), found)


def _spikes(alone: _Alone, parts: int) -> list[Array]:
    """Spike times under each current; none where the states do not stay finite."""
    dt, program = alone.dt / parts, alone.program
    bound = bind(program, dict(alone.values), dt)
    none = np.zeros(len(SIZES))
    run = native().simulate(
        program,
        bound.coefs,
        bound.initial(len(SIZES)),
        STEPS * parts,
        {n: SIZES if n == alone.port else none for n in program.inputs},
        spikes="indices",
        record=(),
    )
    ids, at = run.spike_ids, run.spike_steps
    if ids is None or at is None:
        return [np.empty(0)] * len(SIZES)
    finite = np.all(np.isfinite(run.state), axis=0)
    order = np.argsort(ids, kind="stable")
    ends = np.searchsorted(ids[order], np.arange(1, len(SIZES)))
    trains = np.split((at[order] + 1) * dt, ends)
    return [train if fine else train[:0] for train, fine in zip(trains, finite, strict=True)]
