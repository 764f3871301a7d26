"""The words of a class body: Param, State, Input, Noise, state(), inflow(), impulse(), noise()."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from spikeloom.equations.expr import located
from spikeloom.equations.quantity import Quantity, Unit, one
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

    class Noise:
        """Annotation of white noise: ``xi: Noise = noise()``."""

        def __get__(self, instance: object, owner: type) -> Expr: ...

    class Trace(State):
        """Annotation of a trace of a learning rule: ``x: Trace = pre()``."""

    class Weight(State):
        """Annotation of a weight with a unit: ``w: Weight = weight(nS)``."""

    class Target(Input):
        """Annotation of a state of the target neuron: ``v: Target = target(mV)``."""

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

    class Trace:
        """Annotation of a trace of a learning rule: ``x: Trace = pre()``."""

    class Weight:
        """Annotation of a weight with a unit: ``w: Weight = weight(nS)``."""

    class Target:
        """Annotation of a state of the target neuron: ``v: Target = target(mV)``."""

    class Noise:
        """Annotation of white noise: ``xi: Noise = noise()``."""


KINDS = {
    "Param": Param, "State": State, "Input": Input, "Noise": Noise,
    "Trace": Trace, "Weight": Weight, "Target": Target,
}  # fmt: skip
Level = Literal["pre", "post", "synapse", "shared"]
"""Whose a trace is: of each source, of each target, of each synapse, or of all together."""


@dataclass(frozen=True, slots=True)
class StateField:
    """What `state(...)` leaves in the class body until the class is traced."""

    unit: Unit
    start: str | Quantity | float
    where: Where | None


@dataclass(frozen=True, slots=True)
class TraceField(StateField):
    """What `pre(...)`, `post(...)`, `synaptic(...)`, `shared(...)`, `weight(...)` leave there."""

    level: Level = "synapse"
    word: str = "Trace"
    lag: str = ""


@dataclass(frozen=True, slots=True)
class InputField:
    """What `inflow(...)`, `impulse(...)` and `target(...)` leave in the class body."""

    unit: Unit
    kind: Literal["inflow", "impulse", "target"]
    where: Where | None
    state: str = ""


@dataclass(frozen=True, slots=True)
class NoiseField:
    """What `noise(...)` leaves in the class body."""

    stratonovich: bool
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


def pre(
    unit: Unit = one, *, start: str | Quantity | float = 0.0, init: Literal[False] = False
) -> Any:
    """Declare a trace of which every source neuron has one.

    Arguments:
        unit: Its unit; by default a plain number.
        start: As in `state`.
        init: Always False: a trace is no argument of the constructor.
    """
    return TraceField(_unit("pre", unit), start, here(), "pre")


def post(
    unit: Unit = one,
    *,
    start: str | Quantity | float = 0.0,
    lag: str = "",
    init: Literal[False] = False,
) -> Any:
    """Declare a trace of which every target neuron has one.

    Arguments:
        unit, start, init: As in `pre`.
        lag: Name of a Param: so much later do events see a trace that follows the target's states.
    """
    return TraceField(_unit("post", unit), start, here(), "post", lag=lag)


def synaptic(
    unit: Unit = one, *, start: str | Quantity | float = 0.0, init: Literal[False] = False
) -> Any:
    """Declare a trace of which every synapse has one; arguments as in `pre`."""
    return TraceField(_unit("synaptic", unit), start, here(), "synapse")


def shared(
    unit: Unit = one, *, start: str | Quantity | float = 0.0, init: Literal[False] = False
) -> Any:
    """Declare a trace that all synapses of a connection share; arguments as in `pre`."""
    return TraceField(_unit("shared", unit), start, here(), "shared")


def weight(unit: Unit = one, *, init: Literal[False] = False) -> Any:
    """Declare the unit of the weight ``w`` of a learning rule; without it, a plain number."""
    return TraceField(_unit("weight", unit), 0.0, here(), "synapse", "Weight")


def target(unit: Unit, state: str = "", *, init: Literal[False] = False) -> Any:
    """Declare a state of the target neuron that a learning rule reads.

    Arguments:
        unit: Its unit.
        state: Its name in the target, where that is another than here.
        init: Always False.
    """
    return InputField(_unit("target", unit), "target", here(), state)


def noise(*nothing: object, stratonovich: Any = False, init: Literal[False] = False) -> Any:
    r"""Declare white noise ξ, of its own for each neuron: ⟨ξ(t) ξ(t′)⟩ = δ(t − t′).

    Its unit is one over the root of the model's unit of time, so that
    ``d.v = … + self.sigma * sqrt(2 / self.tau) * self.xi`` gives a potential with the standard
    deviation sigma. It acts in `flow` alone, and each rate must be linear in it.

    Arguments:
        nothing: No unit: that of time decides.
        stratonovich: What a factor means that depends on states. By default it takes its value
            from before each step (Itô); otherwise from the middle (Stratonovich), as the limit of
            noise with a short memory does. The compiler converts for every method, so a model
            means the same whatever integrates it. Makes no difference to a factor of parameters.
        init: Always False: noise is no argument of the constructor.
    """
    if nothing or not isinstance(stratonovich, bool):
        got = nothing[0] if nothing else stratonovich
        raise located(ModelError, f"noise takes stratonovich=True or nothing; got {got!r}.", here(),
                      "its unit is one over the root of time; its size is the factor before it, "
                      "such as sigma * sqrt(2 / tau) * xi")  # fmt: skip
    return NoiseField(stratonovich, here())


def _unit(word: str, unit: Any) -> Unit:
    if isinstance(unit, Unit):
        return unit
    message = f"{word} takes a unit; got {unit!r}."
    raise located(ModelError, message, here(), f"for example {word}(mV), or {word}(one)")
