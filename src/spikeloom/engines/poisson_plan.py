"""Poisson sources in a plan: one of its own for each neuron of a population."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.engines.inputs.drives import Term
from spikeloom.errors import EngineError, NumericsError, ShapeError, suggest

if TYPE_CHECKING:
    from spikeloom.engines.network_plan import PopulationPlan

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class PoissonPlan:
    """A Poisson source of its own for each neuron of a population.

    Arguments:
        target: Place of the population in the plan.
        channel: Impulse input of the population.
        rate_per_step: Mean number of spikes in one step: one number, or one of each neuron (N,).
            Several sources of one weight are one source with the sum of their rates.
        weight: Of each spike.
        entity: Number that sets its random numbers apart; no two sources of a plan share it.
        course: Where rates change over time: their sum is the mean in each step, instead of
            ``rate_per_step``.
    """

    target: int
    channel: str
    rate_per_step: Array
    weight: float
    entity: int
    course: tuple[Term, ...] = ()

    def check(self, populations: tuple[PopulationPlan, ...]) -> None:
        """Raise unless it fits the populations."""
        where = f"network: Poisson source of population {self.target}"
        if not 0 <= self.target < len(populations):
            raise EngineError(f"{where}: there is no such population.")
        target = populations[self.target]
        if self.channel not in target.channels:
            raise EngineError(
                f"{where}: it has no channel {self.channel!r}.",
                hint=suggest(self.channel, target.channels),
            )
        check_shape(f"{where}: rate", self.rate_per_step, ((), (target.size,)))
        rate = np.asarray(self.rate_per_step, np.float64)
        if not np.all((rate >= 0) & (rate <= MAX_RATE)):
            raise NumericsError(
                f"{where}: the mean of a step must be between 0 and {MAX_RATE:g}.",
                hint="a larger mean is as good as a constant current",
            )
        if not np.isfinite(self.weight):
            raise NumericsError(f"{where}: the weight is {self.weight}.")
        for term in self.course:
            term.check(where, target.size)


MAX_RATE = 1e5
"""Most spikes of a Poisson source in one step, on average."""


def check_shape(what: str, value: Any, allowed: tuple[tuple[int, ...], ...]) -> None:
    """Raise unless a value has one of some shapes."""
    if np.shape(value) not in allowed:
        wanted = " or ".join(str(shape) for shape in allowed)
        raise ShapeError(f"{what} must have shape {wanted}, got {np.shape(value)}.")
