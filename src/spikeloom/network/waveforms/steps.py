"""Waveforms that jump: a step, pulses, and a constant for each of some stretches of time."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError, ShapeError, UnitError
from spikeloom.network.grid import milliseconds
from spikeloom.network.waveforms.waveform import (
    Array,
    Part,
    Target,
    Waveform,
    amount,
    between,
    period,
)


@dataclass(frozen=True, slots=True, repr=False)
class Step(Waveform):
    """Constant for a while: ``amplitude`` where start <= t < stop, 0 elsewhere.

    Arguments:
        amplitude: One number, one for each neuron, or a distribution over neurons.
        start: When it begins.
        stop: When it ends; None for never.

    >>> from spikeloom import nA, ms
    >>> Step(0.2 * nA, start=100 * ms, stop=200 * ms)
    Step(amplitude=0.2 * nA, start=100 * ms, stop=200 * ms)
    """

    amplitude: Any
    start: Any = 0 * ms
    stop: Any = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "amplitude", amount("Step: amplitude", self.amplitude))
        period("Step", self.start, self.stop)

    def parts(self, target: Target) -> tuple[Part, ...]:
        """The amplitude times 0 or 1."""
        span = self.span
        return (Part(target.number("amplitude", self.amplitude), lambda t: between(t, span)),)


@dataclass(frozen=True, slots=True, repr=False)
class Pulses(Waveform):
    """Rectangular pulses: ``amplitude`` for ``width`` from start, start + period, … on.

    Arguments:
        amplitude: One number, one for each neuron, or a distribution over neurons.
        width: How long each lasts.
        period: From the beginning of one to that of the next, longer than the width.
        start: When the first begins.
        stop: When no pulse begins any more, and a running one ends; None for never.

    >>> from spikeloom import nA, ms
    >>> pulses = Pulses(1 * nA, width=2 * ms, period=20 * ms, start=50 * ms)
    """

    amplitude: Any
    width: Any
    period: Any
    start: Any = 0 * ms
    stop: Any = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "amplitude", amount("Pulses: amplitude", self.amplitude))
        period("Pulses", self.start, self.stop)
        width, each = milliseconds("Pulses: width", self.width), self._each
        if not 0 < width < each:
            raise ParameterError(
                f"Pulses: the width must be above 0 and below the period, got {self.width} and "
                f"{self.period}."
            )

    @property
    def _each(self) -> float:
        return milliseconds("Pulses: period", self.period)

    def parts(self, target: Target) -> tuple[Part, ...]:
        """The amplitude times 0 or 1."""
        span, each, width = self.span, self._each, milliseconds("width", self.width)

        def course(t: Array) -> Array:
            return between(t, span) * ((t - span[0]) % each < width)

        return (Part(target.number("amplitude", self.amplitude), course),)


@dataclass(frozen=True, slots=True, repr=False)
class Piecewise(Waveform):
    """Constant in pieces: ``values[k]`` from ``times[k]`` to ``times[k + 1]``, 0 before the first.

    Arguments:
        values: (pieces,), or (pieces, K) with a column for each neuron.
        times: When each begins, ascending, (pieces,).
        stop: When the last one ends; None for never.

    >>> from spikeloom import nA, ms
    >>> Piecewise([0.1, 0.3, 0.2] * nA, [0, 50, 80] * ms)
    Piecewise(3 values in nA from 0 ms on)
    """

    values: Any
    times: Any
    stop: Any = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", amount("Piecewise: values", self.values, 2))
        times = self.times
        if not isinstance(times, Quantity) or not times.unit.fits(ms):
            raise UnitError(
                f"Piecewise: times must be times, got {times!r}.", hint="for example [0, 50] * ms"
            )
        if not isinstance(self.values, Quantity) or not self.values.shape:
            raise ShapeError("Piecewise: values must be an array.", hint="a constant is a Step")
        if times.shape != self.values.shape[:1] or not times.shape[0]:
            raise ShapeError(
                f"Piecewise: there must be as many times as values, at least one; got "
                f"{times.shape} and {self.values.shape}."
            )
        when = self._when
        if not (np.all(np.isfinite(when)) and when[0] >= 0 and np.all(np.diff(when) > 0)):
            raise ParameterError("Piecewise: times must ascend from 0 on; NaN is no time.")
        if self.stop is not None and not milliseconds("Piecewise: stop", self.stop) > when[-1]:
            raise ParameterError(f"Piecewise: it stops at {self.stop}, before the last time.")

    @property
    def _when(self) -> Array:
        return np.asarray(self.times.to(ms))

    @property
    def span(self) -> tuple[float, float]:
        """From the first time on."""
        end = inf if self.stop is None else milliseconds("stop", self.stop)
        return float(self._when[0]), end

    def parts(self, target: Target) -> tuple[Part, ...]:
        """One part, looked up."""
        when, span = self._when, self.span
        table = target.columns("Piecewise", self.values)
        width = table.shape[1] if table.ndim == 2 else None

        def course(t: Array) -> Array:
            found = table[np.maximum(np.searchsorted(when, t, "right") - 1, 0)]
            inside = between(t, span)
            return found * (inside if width is None else inside[:, None])

        return (Part(np.array(1.0), course, width),)

    def __repr__(self) -> str:
        count = " x ".join(f"{n:,}" for n in self.values.shape)
        return f"Piecewise({count} values in {self.values.unit} from {self.span[0]:g} ms on)"
