"""Waveforms that a user has: samples, and a function of time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.units import ms, one
from spikeloom.errors import NumericsError, ParameterError, ShapeError, SpikeloomError
from spikeloom.network.grid import milliseconds
from spikeloom.network.waveforms.waveform import (
    Array,
    Part,
    Target,
    Waveform,
    amount,
    between,
    moment,
    period,
    wrong_unit,
)


@dataclass(frozen=True, slots=True, repr=False)
class Samples(Waveform):
    """An array over time: sample k holds from start + k every to start + (k + 1) every.

    It is 0 before the first sample and after the last. Samples closer than dt are not averaged:
    those that hold in the middle of a step count.

    Arguments:
        values: (samples,), or (samples, K) with a column for each neuron.
        every: Time from one sample to the next.
        start: When the first begins to hold.

    >>> import numpy as np
    >>> from spikeloom import ms, pA
    >>> Samples(np.linspace(0, 50, 200) * pA, every=0.5 * ms)
    Samples(200 values in pA every 0.5 ms)
    """

    values: Any
    every: Any
    start: Any = 0 * ms

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", amount("Samples: values", self.values, 2))
        if not isinstance(self.values, Quantity) or not self.values.shape:
            raise ShapeError("Samples: values must be an array.", hint="a constant is a Step")
        if not len(np.asarray(self.values.value)):
            raise ShapeError("Samples: there are no values.")
        if not milliseconds("Samples: every", self.every) > 0:
            raise ParameterError(f"Samples: every must be above 0, got {self.every}.")
        moment("Samples: start", self.start)

    @property
    def span(self) -> tuple[float, float]:
        """From the first sample to the end of the last."""
        start = milliseconds("start", self.start)
        return start, start + self.values.shape[0] * milliseconds("every", self.every)

    def parts(self, target: Target) -> tuple[Part, ...]:
        """One part, looked up."""
        table, every = target.columns("Samples", self.values), milliseconds("every", self.every)
        start, width = milliseconds("start", self.start), None
        if table.ndim == 2:
            width = table.shape[1]

        def course(t: Array) -> Array:
            place = np.floor((t - start) / every).astype(np.int64)
            inside = (place >= 0) & (place < len(table))
            found = table[np.where(inside, place, 0)]
            return found * (inside if width is None else inside[:, None])

        return (Part(np.array(1.0), course, width),)

    def __repr__(self) -> str:
        count = " x ".join(f"{n:,}" for n in self.values.shape)
        return f"Samples({count} values in {self.values.unit} every {self.every})"


@dataclass(frozen=True, slots=True, repr=False)
class FunctionOfTime(Waveform):
    """What a Python function gives, called piece by piece while the network runs.

    Arguments:
        function: Takes times (T,), a quantity, and gives a quantity (T,), or (T, K) with a column
            for each neuron. It must depend on nothing but the times: it is called for the middles
            of steps in blocks, some of them before they are needed.
        start: Before this it is not called, and counts as 0.
        stop: After this too; None for never.

    >>> import numpy as np
    >>> from spikeloom import ms, nA
    >>> decay = FunctionOfTime(lambda t: 0.5 * np.exp(-t / (20 * ms)) * nA, start=10 * ms)
    """

    function: Callable[[Quantity], Quantity]
    start: Any = 0 * ms
    stop: Any = None

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise ParameterError(f"FunctionOfTime: a function is needed, got {self.function!r}.")
        period("FunctionOfTime", self.start, self.stop)

    @property
    def text(self) -> str:
        """Its name: what a function does cannot be compared."""
        name = getattr(self.function, "__qualname__", type(self.function).__qualname__)
        return f"FunctionOfTime {name} {self.start!r} {self.stop!r}"

    def parts(self, target: Target) -> tuple[Part, ...]:
        """One part: the function, called once to see what it gives."""
        span, label, unit = self.span, target.label, target.unit
        probe = span[0] + np.array([0.25, 0.75, 1.25])
        width = target.size if self._call(probe, unit, label).ndim == 2 else None
        shape = () if width is None else (width,)

        def course(t: Array) -> Array:
            inside = between(t, span) > 0
            found = np.zeros((len(t), *shape))
            if inside.any():
                made = self._call(t[inside], unit, label)
                if made.shape[1:] != shape:
                    raise self._wrong_shape(label, made, t[inside], target.size)
                found[inside] = made
            return found

        course(probe)
        return (Part(np.array(1.0), course, width),)

    @property
    def _name(self) -> str:
        return f"{getattr(self.function, '__name__', type(self.function).__name__)}(t)"

    def _call(self, times: Array, unit: Unit, label: str) -> Array:
        try:
            made = self.function(Quantity(times, ms))
        except SpikeloomError:
            raise
        except Exception as error:  # whatever it is, what was recorded so far is kept
            span = f"{times[0]:g} to {times[-1]:g} ms"
            raise ParameterError(
                f"{label}: {self._name} failed for an array of times, {span}: "
                f"{type(error).__name__}: {error}",
                hint="t.to(ms) is a plain array; numpy.where(t < 5 * ms, 1, 0) * nA replaces an if",
            ) from error
        if isinstance(made, Unit):
            made = Quantity(1.0, made)
        if not isinstance(made, Quantity):
            try:
                if made is None:
                    raise TypeError
                made = Quantity(made, one)
            except (TypeError, ValueError):
                raise ParameterError(
                    f"{label}: {self._name} must give numbers with a unit, got {made!r}."
                ) from None
        if not made.unit.fits(unit):
            raise wrong_unit(f"{label}: what {self._name} gives", unit, made.unit)
        found = np.asarray(made.to(unit))
        if found.shape[:1] != times.shape or found.ndim > 2:
            raise self._wrong_shape(label, found, times)
        bad = ~np.isfinite(found)
        if bad.any():
            when = times[int(np.argmax(bad.reshape(len(times), -1).any(axis=1)))]
            raise NumericsError(f"{label}: {self._name} gives {found[bad][0]} at {when:g} ms.")
        return found

    def _wrong_shape(
        self, label: str, made: Array, times: Array, size: int | str = "neurons"
    ) -> ShapeError:
        count = len(times)
        return ShapeError(
            f"{label}: for {count} times {self._name} must give ({count},) or ({count}, {size}), "
            f"always alike; got shape {made.shape}.",
            hint="a constant is a Step; time comes first",
        )
