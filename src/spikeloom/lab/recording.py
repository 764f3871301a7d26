"""`Recording`: what was measured of a neuron, to which a model is fitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.equations import Quantity, Unit
from spikeloom.equations.units import ms
from spikeloom.errors import NumericsError, ParameterError, ShapeError, UnitError
from spikeloom.lab.response import Response
from spikeloom.network.grid import milliseconds
from spikeloom.network.waveforms import Samples

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Recording:
    """A neuron's answer to a known input.

    Arguments:
        input: What flowed in; as for `response`, most often `Samples`.
        duration: How long.
        potential: Sample k is from the time k `every`, (samples,), with its unit; or None.
        every: Time from one sample to the next.
        spikes: Times of the spikes, with their unit; or None. At least one of the two is needed.
        state: Name of the state that the potential is; None for ``v``, or else the first.
        into: Name of the input, where the model has several.
        held: Further inputs that stayed as they were, by name.

    >>> import numpy as np
    >>> from spikeloom import Samples, lab, ms, mV, nA
    >>> current = Samples(np.full(1000, 0.2) * nA, every=0.1 * ms)
    >>> lab.Recording(current, 100 * ms, spikes=[27.7, 55.5, 83.2] * ms)
    Recording: 100 ms, 3 spikes
    """

    input: Any
    duration: Quantity
    potential: Quantity | None = None
    every: Quantity | None = None
    spikes: Quantity | None = None
    state: str | None = None
    into: str | None = None
    held: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        length = milliseconds("Recording: duration", self.duration)
        if self.potential is None and self.spikes is None:
            raise ParameterError(
                "Recording: there is nothing to fit: neither a potential nor spikes.",
                hint="Recording(input, duration, potential=v * mV, every=0.1 * ms)",
            )
        if self.potential is not None:
            _check_potential(self.potential, self.every, length)
        if self.spikes is not None:
            if not isinstance(self.spikes, Quantity) or not self.spikes.unit.fits(ms):
                raise UnitError(
                    f"Recording: spikes must be times, got {self.spikes!r}.", hint="[3, 8] * ms"
                )
            times = self.times
            if times.ndim != 1 or (np.diff(times) < 0).any() or (times < 0).any():
                raise ShapeError("Recording: spikes must be one list of rising times from 0 on.")
            if not np.isfinite(times).all() or (times > length).any():
                raise ParameterError(f"Recording: spikes must lie within {self.duration}.")

    @classmethod
    def of(cls, found: Response, *, potential: bool = True, spikes: bool = True) -> Recording:
        """A response of a model as if it had been recorded.

        Arguments:
            found: What `response` gave.
            potential, spikes: Which of the two to keep.
        """
        unit = found.units[found.potential]
        if found.impulses:
            raise ParameterError(
                "Recording: this response is to impulses.",
                hint="make it by hand: Recording(input=lab.Arrivals(…), …)",
            )
        return cls(
            Samples(Quantity(found.input[:-1], found.units[found.port]), every=found.dt * ms),
            Quantity(float(found.times[-1]), ms),
            potential=Quantity(found.states[found.potential], unit) if potential else None,
            every=found.dt * ms if potential else None,
            spikes=Quantity(found.spikes, ms) if spikes else None,
            state=found.potential,
            into=found.port,
        )

    @property
    def times(self) -> Array:
        """Times of the spikes in ms; none where none were recorded."""
        return np.empty(0) if self.spikes is None else np.asarray(self.spikes.to(ms), np.float64)

    @property
    def sampled(self) -> Array:
        """Times of the samples of the potential in ms."""
        if self.potential is None or self.every is None:
            return np.empty(0)
        return np.arange(self.potential.shape[0]) * float(self.every.to(ms))

    def values(self, unit: Unit) -> Array:
        """The potential in a unit."""
        if self.potential is None:
            return np.empty(0)
        if not self.potential.unit.fits(unit):
            raise UnitError(
                f"fit: the recorded potential is in {self.potential.unit}, the state of the model "
                f"in {unit.described}."
            )
        return np.asarray(self.potential.to(unit), np.float64)

    def __repr__(self) -> str:
        parts = [f"{self.duration}"]
        if self.potential is not None:
            parts.append(f"{self.potential.shape[0]:,} samples of the potential")
        if self.spikes is not None:
            parts.append(f"{len(self.times):,} spike{'s' * (len(self.times) != 1)}")
        return f"Recording: {', '.join(parts)}"


def _check_potential(potential: Any, every: Any, length: float) -> None:
    if not isinstance(potential, Quantity) or len(potential.shape) != 1:
        raise ShapeError(
            f"Recording: potential must be a list of values with a unit, got {potential!r}."
        )
    if every is None:
        raise ParameterError("Recording: how far apart are the samples?", hint="every=0.1 * ms")
    step = milliseconds("Recording: every", every)
    if not step > 0:
        raise ParameterError(f"Recording: every must be above 0, got {every}.")
    count = potential.shape[0]
    if count < 2 or (count - 1) * step > length * (1 + 1e-9):
        raise ShapeError(
            f"Recording: {count} samples every {every} do not fit into {length:g} ms.",
            hint="the first is from time 0, the last from no later than the end",
        )
    if not np.isfinite(potential.value).all():
        raise NumericsError("Recording: the potential holds NaN or infinity.")
