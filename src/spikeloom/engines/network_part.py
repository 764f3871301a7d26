"""The part of a plan that one process holds: some neurons of each population, and their inputs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from spikeloom.engines.inputs.drives import DrivePlan
from spikeloom.engines.network_plan import PoissonPlan, PopulationPlan

Array = np.ndarray[Any, np.dtype[Any]]
Range = tuple[int, int]


def population_part(p: PopulationPlan, own: Range) -> PopulationPlan:
    """Some neurons of a population.

    Arguments:
        p: All of it.
        own: First neuron and the one after the last.
    """
    low, high = own
    return replace(
        p,
        coefs={name: _cut(value, own) for name, value in p.coefs.items()},
        constants={name: _cut(value, own) for name, value in p.constants.items()},
        size=high - low,
        start=p.start[:, low:high],
        first=low,
        total=p.size,
        trains=None if p.trains is None else p.trains.part(low, high - low),
    )


def poisson_part(p: PoissonPlan, own: Range) -> PoissonPlan:
    """The Poisson sources of some neurons."""
    low, high = own
    course = tuple(term.part(low, high - low) for term in p.course)
    return replace(p, rate_per_step=_cut(p.rate_per_step, own), course=course)


def drive_part(p: DrivePlan, own: Range) -> DrivePlan:
    """What flows into some neurons."""
    low, high = own
    return replace(p, term=p.term.part(low, high - low))


def _cut(value: Array, own: Range) -> Array:
    return value[own[0] : own[1]] if np.ndim(value) else value
