"""What a sweep goes over: an input or a parameter, and its values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile.parts import check_parts
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.units import one
from spikeloom.errors import ParameterError, UnitError, suggest
from spikeloom.lab.vector_field import Array

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory


@dataclass(frozen=True, eq=False)
class Over:
    """A leaf of the equations and where it goes.

    Arguments:
        leaf: ``input:I`` or ``param:tau``.
        unit: Its declared unit.
        given: Values in it, rising: two for a range, or all of them.
    """

    leaf: str
    unit: Unit
    given: Array

    @property
    def low(self) -> float:
        """Lowest value."""
        return float(self.given[0])

    @property
    def high(self) -> float:
        """Highest value."""
        return float(self.given[-1])

    def values(self, steps: int) -> Array:
        """Those that are asked for, or so many over the range."""
        if len(self.given) > 2:
            return self.given
        return np.linspace(self.low, self.high, steps + 1)


def over_of(who: str, model: Cell | Neuron | Refractory, name: Any, values: Any) -> Over:
    """An inflow or a parameter of a model, with a range of values.

    Raises:
        ParameterError: There is nothing of this name, or the values do not rise.
        UnitError: They are in another unit.
    """
    check_parts(who, model)
    definition = model.definition
    flows = {i.name: i.unit for i in definition.inputs if i.kind == "inflow"}
    params = {p.name: p.unit for p in definition.params}
    if name not in flows and name not in params:
        raise ParameterError(
            f"{who}: {definition.name} has no input or parameter {name!r}.",
            hint=suggest(str(name), [*flows, *params]),
        )
    unit = flows[name] if name in flows else params[name]
    example = f"for example (0, 1) * {unit!r}"
    if isinstance(values, list | tuple | np.ndarray):
        ends = [x if isinstance(x, Quantity) else Quantity(x, one) for x in values]
        if len({x.unit for x in ends}) == 1:
            values = Quantity([float(np.asarray(x.value)) for x in ends], ends[0].unit)
    if not isinstance(values, Quantity) or len(values.shape) != 1 or values.shape[0] < 2:
        raise ParameterError(f"{who}: {name} needs a range, got {values!r}.", hint=example)
    if not values.unit.fits(unit):
        raise UnitError(f"{who}: {name} is in {unit.described}, got {values}.", hint=example)
    numbers = np.asarray(values.to(unit), np.float64)
    if not np.isfinite(numbers).all() or not np.all(np.diff(numbers) > 0):
        raise ParameterError(
            f"{who}: the values of {name} must be finite and rise, got {values}.", hint=example
        )
    return Over(f"{'input' if name in flows else 'param'}:{name}", unit, numbers)
