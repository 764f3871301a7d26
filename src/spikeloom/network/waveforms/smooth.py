"""Waveforms that change gradually: a ramp and a sine."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import Any

import numpy as np

from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import kHz, ms
from spikeloom.equations.values import check
from spikeloom.errors import ParameterError
from spikeloom.network.grid import milliseconds
from spikeloom.network.waveforms.waveform import (
    Array,
    Part,
    Target,
    Waveform,
    amount,
    between,
    period,
    wrong_unit,
)


@dataclass(frozen=True, slots=True, repr=False)
class Ramp(Waveform):
    """From ``first`` at start straight to ``last`` at stop, 0 before and afterwards.

    Arguments:
        first, last: One number, one for each neuron, or a distribution over neurons.
        start, stop: When. ``Ramp(…) + Step(last, start=stop)`` stays there.

    >>> from spikeloom import nA, ms
    >>> ramp = Ramp(0 * nA, 0.5 * nA, start=100 * ms, stop=600 * ms)
    """

    first: Any
    last: Any
    start: Any
    stop: Any

    def __post_init__(self) -> None:
        for name in ("first", "last"):
            object.__setattr__(self, name, amount(f"Ramp: {name}", getattr(self, name)))
        period("Ramp", self.start, self.stop)
        if self.stop is None:
            raise ParameterError("Ramp: it needs a stop.", hint="stop=200 * ms")
        if not self.last.unit.fits(self.first.unit):
            raise wrong_unit("Ramp: last", self.first.unit, self.last.unit)

    def parts(self, target: Target) -> tuple[Part, ...]:
        """What falls and what rises."""
        start, stop = self.span

        def rises(t: Array) -> Array:
            return between(t, (start, stop)) * ((t - start) / (stop - start))

        def falls(t: Array) -> Array:
            return between(t, (start, stop)) * ((stop - t) / (stop - start))

        return (
            Part(target.number("first", self.first), falls),
            Part(target.number("last", self.last), rises),
        )


@dataclass(frozen=True, slots=True, repr=False)
class Sine(Waveform):
    """``offset + amplitude sin(2π frequency (t - start) + phase)`` from start to stop.

    Arguments:
        amplitude: One number, one for each neuron, or a distribution over neurons.
        frequency: One number.
        phase: In radians, one number.
        offset: Like the amplitude; None for none.
        start: When it begins.
        stop: When it ends; None for never.

    >>> from spikeloom import Hz, nA, ms
    >>> sine = Sine(0.1 * nA, 8 * Hz, offset=0.2 * nA)
    """

    amplitude: Any
    frequency: Any
    phase: float = 0.0
    offset: Any = None
    start: Any = 0 * ms
    stop: Any = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "amplitude", amount("Sine: amplitude", self.amplitude))
        check("Sine", "frequency", kHz, self.frequency)
        if not isinstance(self.frequency, Quantity) or self.frequency.shape:
            raise ParameterError(f"Sine: the frequency is one number, got {self.frequency!r}.")
        if not np.isfinite(self.phase) or np.ndim(self.phase):
            raise ParameterError(f"Sine: the phase is one number, in radians, got {self.phase!r}.")
        period("Sine", self.start, self.stop)
        if self.offset is not None:
            object.__setattr__(self, "offset", amount("Sine: offset", self.offset))
            if not self.offset.unit.fits(self.amplitude.unit):
                raise wrong_unit("Sine: offset", self.amplitude.unit, self.offset.unit)

    def parts(self, target: Target) -> tuple[Part, ...]:
        """The sine, and the offset if there is one."""
        span, start = self.span, milliseconds("start", self.start)
        turn, phase = 2 * pi * float(self.frequency.to(kHz)), float(self.phase)

        def course(t: Array) -> Array:
            return between(t, span) * np.sin(turn * (t - start) + phase)

        wave = Part(target.number("amplitude", self.amplitude), course)
        if self.offset is None:
            return (wave,)
        return wave, Part(target.number("offset", self.offset), lambda t: between(t, span))
