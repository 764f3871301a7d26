"""Is it a neuron, a surrogate, a method? Asked once, where things are put together."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeloom.equations import Cell, Neuron, Quantity, Refractory, Surrogate, Unit
from spikeloom.errors import ParameterError, UnitError


def check_parts(who: str, neuron: Any, method: Any = None, surrogate: Any = None) -> None:
    """Raise `ParameterError` unless these are what they are taken for.

    >>> check_parts("simulate", "LIF")
    Traceback (most recent call last):
    spikeloom.errors.ParameterError: simulate: neuron must be a model with its values, got 'LIF'.
      hint: for example LIF(tau=10 * ms), from spikeloom.models
    """
    if not isinstance(neuron, Cell | Neuron | Refractory):
        raise ParameterError(
            f"{who}: neuron must be a model with its values, got {_short(neuron)}.",
            hint="for example LIF(tau=10 * ms), from spikeloom.models",
        )
    if surrogate is not None and not isinstance(surrogate, Surrogate):
        raise ParameterError(
            f"{who}: surrogate must be one with its values, got {_short(surrogate)}.",
            hint="for example ATan(slope=2)",
        )
    if method is not None and (isinstance(method, type) or not hasattr(method, "step")):
        raise ParameterError(
            f"{who}: method must be an object such as RK4(), got {_short(method)}.",
            hint="take one from spikeloom.compile, or None to let spikeloom choose",
        )


def check_width(width: Any, unit: Unit) -> None:
    """Raise unless the scale of a surrogate is above 0, in the unit of the threshold."""
    if not isinstance(width, Quantity) or not width.unit.fits(unit):
        raise UnitError(
            f"width must be a {unit.kind}, as the threshold is, got {_short(width)}.",
            hint=f"for example width=1 * {unit!r}",
        )
    value = np.asarray(width.value)
    if not np.all((value > 0) & np.isfinite(value)):
        # Below zero every gradient would point the wrong way, without a word.
        raise ParameterError(f"width must be above 0 and finite, got {width!r}.")


def _short(value: Any) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else repr(value)
