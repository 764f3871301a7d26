"""Times as whole steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError, UnitError

Array = np.ndarray[Any, np.dtype[Any]]


def milliseconds(what: str, value: Any) -> float:
    """One finite time in ms.

    Raises:
        UnitError: It is no time.
        ParameterError: It is an array, or not finite.
    """
    if not isinstance(value, Quantity) or not value.unit.fits(ms):
        raise UnitError(f"{what} must be a time, got {value!r}.", hint="for example 10 * ms")
    number = value.to(ms)
    if np.ndim(number) or not np.isfinite(number):
        raise ParameterError(f"{what} must be one finite time, got {value}.")
    return float(number)


def whole_steps(what: str, value: Any, dt: Quantity) -> int:
    """How many steps of `dt` a time is.

    Raises:
        ParameterError: It is negative or falls between two steps.

    >>> whole_steps("duration", 1 * ms, 0.1 * ms)
    10
    """
    length, step = milliseconds(what, value), milliseconds("dt", dt)
    if length < 0:
        raise ParameterError(f"{what} must not be negative, got {value}.")
    steps = round(length / step)
    if abs(steps * step - length) > 1e-6 * step * max(steps, 1):
        raise ParameterError(
            f"{what}: {value} is not a whole number of steps of {dt}.",
            hint=f"{steps} steps are {steps * step:g} ms",
        )
    return steps
