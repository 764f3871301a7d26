"""Neurons that fire like clocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.engines.inputs import RegularTrains
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import kHz, ms
from spikeloom.equations.values import Distribution
from spikeloom.errors import ParameterError
from spikeloom.network.sources.spikes import Place, Spikes, given, length


@dataclass(frozen=True, slots=True, repr=False)
class RegularSpikes(Spikes):
    """Spikes at ``phase + k period``, k = 0, 1, 2, …, each at the end of the step that contains it.

    No error adds up where the period is not a whole number of steps.

    Arguments:
        period: Time between two spikes, at least dt: one number, one for each neuron, or a
            distribution.
        rate: Its inverse, instead of it.
        phase: Time of the first spike, above 0, likewise; None for one period.

    >>> from spikeloom import Hz, ms
    >>> RegularSpikes(rate=20 * Hz, phase=[5, 10] * ms).size
    2
    """

    period: Any = None
    rate: Any = None
    phase: Any = None

    def __post_init__(self) -> None:
        if (self.period is None) == (self.rate is None):
            raise ParameterError(
                "RegularSpikes takes a period or a rate.", hint="for example period=10 * ms"
            )
        for name, unit in (("period", ms), ("rate", kHz), ("phase", ms)):
            if getattr(self, name) is not None:
                value = given("RegularSpikes", name, unit, getattr(self, name))
                object.__setattr__(self, name, value)
        if self.rate is not None and not _positive(self.rate):
            raise ParameterError(
                f"RegularSpikes: the rate must be above 0, got {self.rate}.",
                hint="a normal distribution needs a bound: normal(10, 1, low=1) * Hz",
            )

    @property
    def size(self) -> int | None:
        """Number of neurons, if a value is an array."""
        return length(self.period, self.rate, self.phase)

    def trains(self, place: Place) -> RegularTrains:
        """The spikes of a population."""
        if self.period is not None:
            period = place.each("period", self.period, ms)
        else:
            period = 1 / place.each("rate", self.rate, kHz)
        phase = period if self.phase is None else place.each("phase", self.phase, ms)
        if np.any(period < place.dt * (1 - 1e-9)):
            raise ParameterError(
                f"{place.label}: a source fires at most once in a step; a period of "
                f"{period.min():g} ms is shorter than dt = {place.dt:g} ms.",
                hint="a smaller dt, or several sources",
            )
        if not np.all(phase > 0):
            raise ParameterError(
                f"{place.label}: the first spike must come after 0 ms, got {phase.min():g} ms.",
                hint="the first that is possible is at the end of the first step",
            )
        return RegularTrains(np.maximum(period / place.dt, 1.0), phase / place.dt)


def _positive(value: Quantity | Distribution) -> bool:
    if isinstance(value, Quantity):
        return bool(np.all(np.asarray(value.value) > 0))
    return (
        value.kind == "lognormal"
        or (value.low or 0) > 0
        or (value.kind, value.a > 0)
        == (
            "uniform",
            True,
        )
    )
