"""From parameter values with units to plain numbers in the units that a model declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile.lower import SURROGATE
from spikeloom.compile.parts import check_width
from spikeloom.equations.expr import Expr
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.values import Distribution, Learn, Value
from spikeloom.errors import ParameterError

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory, Surrogate

Array = np.ndarray[Any, np.dtype[Any]]
Size = int | tuple[int, ...]


def numbers(
    neuron: Cell | Neuron | Refractory,
    surrogate: Surrogate | None = None,
    *,
    width: Quantity | None = None,
    size: Size | None = None,
    seed: int = 0,
) -> dict[str, float | Array]:
    """Parameter name → number or array, as `bind` wants them.

    Arguments:
        neuron: The neuron, whose distributions are drawn here.
        surrogate: The surrogate, whose parameters are added.
        width: Scale of the surrogate's argument, in units of the threshold.
        size: Shape of one draw; needed where a parameter is a distribution.
        seed: Seed of the draws: the same seed gives the same neurons.

    Raises:
        ParameterError: A distribution needs `size`, and it was not given.

    Example:
        >>> from spikeloom import ms
        >>> from spikeloom.models import LIF
        >>> numbers(LIF(tau=10 * ms))["tau"]
        10.0
    """
    definition = neuron.definition
    made = {
        p.name: number(neuron.values[p.name], p.unit, f"{definition.name}.{p.name}", size, seed)
        for p in definition.params
    }
    if surrogate is not None and definition.fires is not None:
        for p in surrogate.definition.params:
            value = surrogate.values[p.name]
            made[SURROGATE + p.name] = number(value, p.unit, f"surrogate.{p.name}", size, seed)
        if width is not None:
            unit = threshold_unit(neuron)
            check_width(width, unit)
            made[f"{SURROGATE}width"] = width.to(unit)
    return made


def number(value: Value, unit: Unit, entity: str, size: Size | None, seed: int) -> float | Array:
    """One value in `unit`; a distribution is drawn, something to learn gives its start."""
    if isinstance(value, Learn):
        return number(value.value, unit, entity, size, seed)
    if isinstance(value, Quantity):
        return value.to(unit)
    if isinstance(value, Expr):
        raise ParameterError(
            f"{entity} is {value}, but there are no positions here.",
            hint="only the populations of a Network have positions",
        )
    if size is None:
        raise ParameterError(
            f"{entity} is a distribution, so the number of neurons must be known.",
            hint="give it where the neurons are made: size=128",
        )
    axes: tuple[Any, ...] = size if isinstance(size, tuple) else (size,)
    if not all(isinstance(n, int) and n >= 0 for n in axes):
        raise ParameterError(
            f"{entity}: size must be a number of neurons or a shape, got {size!r}.",
            hint="for example size=128 or size=(16, 8, 8)",
        )
    drawn: Distribution = value
    return Quantity(drawn.sample(seed, entity, size), drawn.unit).to(unit)


def threshold_unit(neuron: Cell | Neuron | Refractory) -> Unit:
    """The unit of what the firing condition compares."""
    condition: Any = neuron.definition.fires
    while condition is not None and condition.op in ("and", "or", "not"):
        condition = condition.args[0]
    if condition is None:
        raise ParameterError(f"{neuron.definition.name} never spikes, so it has no threshold.")
    unit: Unit = condition.args[0].unit
    return unit
