"""The words of a class body: Param, State, Input, Noise, Draw; state(), inflow(), impulse(), …"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from spikeloom.equations.expr import located
from spikeloom.equations.quantity import Quantity, Unit, one
from spikeloom.equations.span import Span
from spikeloom.equations.where import Where, here
from spikeloom.equations.whole_fields import DrawField as DrawField
from spikeloom.equations.whole_fields import ParamField as ParamField
from spikeloom.equations.whole_fields import count, width
from spikeloom.equations.whole_fields import draw as draw
from spikeloom.equations.whole_fields import integer as integer
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

    class Draw:
        """Annotation of a random number of each tick: ``rho: Draw = draw(bits=8)``."""

        def __get__(self, instance: object, owner: type) -> Expr: ...

    class Inputs:
        """Annotation of several inputs of one name: ``a: Inputs = impulse(bits=9, of=4)``."""

        def __get__(self, instance: object, owner: type) -> tuple[Expr, ...]: ...

    class Draws:
        """Annotation of several random numbers: ``rho: Draws = draw(bits=8, of=5)``."""

        def __get__(self, instance: object, owner: type) -> tuple[Expr, ...]: ...

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

    class Draw:
        """Annotation of a random number of each tick: ``rho: Draw = draw(bits=8)``."""

    class Inputs:
        """Annotation of several inputs of one name: ``a: Inputs = impulse(bits=9, of=4)``."""

    class Draws:
        """Annotation of several random numbers: ``rho: Draws = draw(bits=8, of=5)``."""


KINDS = {
    "Param": Param, "State": State, "Input": Input, "Noise": Noise, "Draw": Draw,
    "Inputs": Inputs, "Draws": Draws,
    "Trace": Trace, "Weight": Weight, "Target": Target,
}  # fmt: skip
Level = Literal["pre", "post", "synapse", "shared"]
"""Whose a trace is: of each source, of each target, of each synapse, or of all together."""


Overflow = Literal["wrap", "saturate"]
"""What a state does with a number that it cannot hold: go round, or stay at its end."""


@dataclass(frozen=True, slots=True)
class StateField:
    """What `state(...)` leaves in the class body until the class is traced."""

    unit: Unit
    start: str | Quantity | float
    where: Where | None
    span: Span | None = field(default=None, kw_only=True)
    overflow: Overflow | None = field(default=None, kw_only=True)


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
    span: Span | None = None
    of: int | None = None


@dataclass(frozen=True, slots=True)
class NoiseField:
    """What `noise(...)` leaves in the class body."""

    stratonovich: bool
    where: Where | None


def state(
    unit: Unit | None = None,
    *,
    start: str | Quantity | float = 0.0,
    bits: int | None = None,
    signed: bool = True,
    overflow: Overflow | None = None,
    init: Literal[False] = False,
) -> Any:
    """Declare a state, a real number with a unit or a whole number with a width.

    Arguments:
        unit: Unit of the state; arrays of it are in this unit.
        start: Value at the beginning: a quantity, 0, or the name of a Param. A start that must be
            computed is written in ``def initial(self, at)`` instead.
        bits: Width of a whole number, in place of a unit: the model then has a `tick`.
        signed: Whether it may be negative, in two's complement.
        overflow: What happens to a number that it cannot hold: ``"wrap"`` or ``"saturate"``. With
            None nothing may be assigned that could be too large, which is checked here.
        init: Always False: a state is no argument of the constructor.
    """
    if overflow not in (None, "wrap", "saturate") or (overflow and bits is None):
        raise located(ModelError, f"overflow is 'wrap' or 'saturate', for whole numbers; got "
                      f"{overflow!r}.", here(), "state(bits=20, overflow='wrap')")  # fmt: skip
    span = None if bits is None else width("state", unit, bits, signed)
    unit = one if span else _unit("state", unit)
    return StateField(unit, start, here(), span=span, overflow=overflow)


def inflow(
    unit: Unit | None = None,
    *,
    bits: int | None = None,
    signed: bool = True,
    of: int | None = None,
    init: Literal[False] = False,
) -> Any:
    """Declare an input that acts all through a step, such as a current.

    Arguments:
        unit: Its unit.
        bits, signed: Its width, in place of a unit, in a model of whole numbers.
        of: So many inputs of one name and a number: of ``a: Inputs = impulse(bits=9, of=4)`` the
            methods read ``self.a[0]`` to ``self.a[3]``, and a run is given ``a0=…`` to ``a3=…``.
        init: Always False.
    """
    return _input("inflow", unit, bits, signed, of)


def impulse(
    unit: Unit | None = None,
    *,
    bits: int | None = None,
    signed: bool = True,
    of: int | None = None,
    init: Literal[False] = False,
) -> Any:
    """Declare an input that arrives at once at the beginning of a step, such as spikes.

    Arguments as in `inflow`. In a model of whole numbers it is the sum of a tick, read in `tick`.
    """
    return _input("impulse", unit, bits, signed, of)


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


def _input(
    kind: Literal["inflow", "impulse"],
    unit: Unit | None,
    bits: int | None,
    signed: bool,
    of: int | None,
) -> InputField:
    span = None if bits is None else width(kind, unit, bits, signed)
    unit = one if span else _unit(kind, unit)
    return InputField(unit, kind, here(), span=span, of=count(kind, of))


def _unit(word: str, unit: Any) -> Unit:
    if isinstance(unit, Unit):
        return unit
    message = f"{word} takes a unit; got {unit!r}."
    raise located(ModelError, message, here(), f"for example {word}(mV), or {word}(one)")
