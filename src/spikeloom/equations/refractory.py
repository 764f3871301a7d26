"""`Refractory`: a neuron that rests for a while after each spike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

from spikeloom.equations.definition import Definition, ParamDecl
from spikeloom.equations.model_value import ModelValue
from spikeloom.equations.neuron import Neuron
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.values import Value, check
from spikeloom.errors import ModelError, ParameterError, suggest


class Refractory(ModelValue):
    """A neuron with an absolute refractory period.

    For `period` after a spike the states in `hold` stand still at their reset values, arrivals at
    them are lost, and the neuron does not fire. The period is rounded up to whole steps.

    Arguments:
        neuron: Any neuron value that fires.
        period: Length of the pause: a time, or an array with one for each neuron.
        hold: States that stand still; the others go on.

    Raises:
        ModelError: The neuron never fires, or is refractory already, or has no such state.
    """

    neuron: Neuron
    period: Value
    hold: tuple[str, ...]

    def __init__(self, neuron: Neuron, period: Any, hold: Iterable[str] = ("v",)) -> None:
        inner = _inner(neuron)
        names = (hold,) if isinstance(hold, str) else tuple(hold)
        known = [s.name for s in inner.states]
        for name in names:
            if name not in known:
                raise ModelError(
                    f"Refractory({inner.name}): there is no state {name!r} to hold.",
                    hint=suggest(name, known),
                )
        if not names:
            raise ModelError(f"Refractory({inner.name}): hold must name at least one state.")
        checked = check("Refractory", "period", inner.time_unit, period)
        values = MappingProxyType({**neuron.values, "period": checked})
        for name, value in (
            ("neuron", neuron), ("period", checked), ("hold", names), ("_values", values)
        ):  # fmt: skip
            object.__setattr__(self, name, value)

    @cached_property
    def definition(self) -> Definition:
        """The inner definition, with `period` as one more parameter."""
        inner = self.neuron.definition
        # The default is the same for all, so that one compiled kernel serves every period.
        default = Quantity(1.0, inner.time_unit)
        decl = ParamDecl("period", inner.time_unit, default, "Refractory period.")
        return replace(inner, params=(*inner.params, decl), period="period", hold=self.hold)

    def replace(self, **changes: Any) -> Refractory:
        """The same neuron with some parameters changed; `period` and `hold` among them."""
        period = changes.pop("period", self.period)
        hold = changes.pop("hold", self.hold)
        return Refractory(self.neuron.replace(**changes), period, hold)

    @property
    def equations(self) -> Any:
        """The equations as text and LaTeX."""
        return self.definition.equations

    def __eq__(self, other: object) -> bool:
        return NotImplemented if not isinstance(other, Refractory) else self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        hold = "" if self.hold == ("v",) else f", hold={self.hold!r}"
        return f"Refractory({self.neuron!r}, {self.period!r}{hold})"

    def __str__(self) -> str:
        from spikeloom.equations.text_out import summary

        return summary(self.definition, self.values)

    def _repr_html_(self) -> str:
        from spikeloom.equations.text_out import summary_html

        return summary_html(self.definition, self.values)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Refractory, (self.neuron, self.period, self.hold))

    def _key(self) -> tuple[Neuron, Value, tuple[str, ...]]:
        return (self.neuron, self.period, self.hold)


def _inner(neuron: object) -> Definition:
    if isinstance(neuron, Refractory):
        raise ModelError(
            "Refractory: the neuron is refractory already.",
            hint="change its period: x.replace(period=…)",
        )
    if isinstance(neuron, type):
        raise ParameterError(
            f"Refractory takes a neuron value, not the class {neuron.__name__}.",
            hint=f"call it: Refractory({neuron.__name__}(), 2 * ms)",
        )
    if not isinstance(neuron, Neuron):
        raise ParameterError(
            f"Refractory takes a neuron; got {type(neuron).__name__}.",
            hint="inside a cell it is Cell(Refractory(LIF(), 2 * ms), …)",
        )
    if neuron.definition.ticks:
        raise ModelError(
            f"Refractory: {neuron.definition.name} counts ticks in whole numbers.",
            hint="count them in a state of its own: left: State = state(bits=6)",
        )
    if neuron.definition.fires is None:
        raise ModelError(
            f"Refractory: {neuron.definition.name} never fires.", hint="use it as it is"
        )
    if "period" in neuron.values:
        raise ModelError(f"Refractory: {neuron.definition.name} has a Param named 'period'.")
    return neuron.definition
