"""Neurons that fire by chance."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from spikeloom.engines.inputs import PoissonTrains, Term
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.units import kHz
from spikeloom.errors import ParameterError
from spikeloom.network.drive import course, waveform
from spikeloom.network.sources.spikes import Place, Spikes, given, length
from spikeloom.network.waveforms import Waveform
from spikeloom.network.waveforms.fluctuation import ALWAYS
from spikeloom.network.waveforms.waveform import Target


@dataclass(frozen=True, slots=True, repr=False)
class PoissonSpikes(Spikes):
    """Each neuron fires in each step with probability ``rate dt``, independently of all else.

    All targets of a neuron see the same train. A neuron fires at most once in a step: the rate is
    exact, but where ``rate dt`` is not small, intervals are more regular than those of a Poisson
    process, with a coefficient of variation of sqrt(1 - rate dt). A warning says so from
    ``rate dt = 0.1`` on. `Network.poisson` has no such limit.

    Arguments:
        rate: One number, one for each neuron, a distribution, a `Waveform`, or a function of time.

    >>> from spikeloom import Hz, Sine
    >>> modulated = PoissonSpikes(Sine(5 * Hz, 8 * Hz, offset=10 * Hz))
    >>> PoissonSpikes([10, 20, 40] * Hz).size
    3
    """

    rate: Any

    def __post_init__(self) -> None:
        found = waveform(self.rate)
        if found is None:
            found = given("PoissonSpikes", "rate", kHz, self.rate)
            if isinstance(found, Quantity) and not np.all(np.asarray(found.value) >= 0):
                raise ParameterError(f"PoissonSpikes: rate must not be negative, got {found}.")
        object.__setattr__(self, "rate", found)

    @property
    def size(self) -> int | None:
        """Number of neurons, if the rate is an array."""
        return length(self.rate)

    @property
    def span(self) -> tuple[float, float]:
        """From when to when the rate can be above 0, in ms."""
        return self.rate.span if isinstance(self.rate, Waveform) else (0.0, inf)

    def trains(self, place: Place) -> PoissonTrains:
        """The spikes of a population."""
        unit: Unit = kHz
        if isinstance(self.rate, Waveform):
            target = Target(f"{place.label}.rate", unit, place.size, place.seed)
            terms = course(self.rate, target, place.dt, factor=place.dt)
        else:
            chance = place.each("rate", self.rate, unit) * place.dt
            if not np.all((chance >= 0) & (chance <= 1)):
                odd = chance[~((chance >= 0) & (chance <= 1))][0]
                raise ParameterError(
                    f"{place.label}: a source fires at most once in a step, but {odd:g} spikes "
                    f"are expected in dt = {place.dt:g} ms.",
                    hint="a smaller dt, several sources, or net.poisson(…), which has no limit",
                )
            even = np.all(chance == chance[0])
            terms = [Term(ALWAYS, np.array(chance[0]) if even else chance)]
        return PoissonTrains(terms, place.size, place.entity)
