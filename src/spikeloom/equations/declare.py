"""The words of a class body: Param, State, Input, state(), inflow(), impulse()."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from spikeloom.equations.expr import located
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.where import Where, here
from spikeloom.errors import ModelError

if TYPE_CHECKING:
    from spikeloom.equations.expr import Expr

    # An Expr while the class is traced, the value that was given afterwards: no static type says
    # that, and the names and the constructor's keywords are checked all the same.
    Param: TypeAlias = Any

    class State:
        """Annotation of a state: ``v: State = state(mV)``."""

        def __get__(self, instance: object, owner: type) -> Expr: ...
        def __set__(self, instance: object, value: Expr | Quantity | float) -> None: ...

    class Input:
        """Annotation of an input: ``I: Input = inflow(nA)``."""

        def __get__(self, instance: object, owner: type) -> Expr: ...

else:

    class Param:
        """Annotation of a parameter; its default is a number with a unit.

        ``tau: Param = 20 * ms``. Where the model is used the value may be a number, an array with
        one value for each neuron, ``learn(...)`` or a distribution.
        """

    class State:
        """Annotation of a state: ``v: State = state(mV, start="E")``."""

    class Input:
        """Annotation of an input: ``I: Input = inflow(nA)``."""


KINDS = {"Param": Param, "State": State, "Input": Input}


@dataclass(frozen=True, slots=True)
class StateField:
    """What `state(...)` leaves in the class body until the class is traced."""

    unit: Unit
    start: str | Quantity | float
    where: Where | None


@dataclass(frozen=True, slots=True)
class InputField:
    """What `inflow(...)` and `impulse(...)` leave in the class body."""

    unit: Unit
    kind: Literal["inflow", "impulse"]
    where: Where | None


def state(unit: Unit, *, start: str | Quantity | float = 0.0, init: Literal[False] = False) -> Any:
    """Declare a state.

    Arguments:
        unit: Unit of the state; arrays of it are in this unit.
        start: Value at the beginning: a quantity, 0, or the name of a Param. A start that must be
            computed is written in ``def initial(self, at)`` instead.
        init: Always False: a state is no argument of the constructor.
    """
    return StateField(_unit("state", unit), start, here())


def inflow(unit: Unit, *, init: Literal[False] = False) -> Any:
    """Declare an input that acts all through a step, such as a current."""
    return InputField(_unit("inflow", unit), "inflow", here())


def impulse(unit: Unit, *, init: Literal[False] = False) -> Any:
    """Declare an input that arrives at once at the beginning of a step, such as spikes."""
    return InputField(_unit("impulse", unit), "impulse", here())


def _unit(word: str, unit: Any) -> Unit:
    if isinstance(unit, Unit):
        return unit
    message = f"{word} takes a unit; got {unit!r}."
    raise located(ModelError, message, here(), f"for example {word}(mV), or {word}(one)")
