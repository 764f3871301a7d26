"""`Synapse`: what an arriving spike does to its target, written like a neuron."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, ClassVar, dataclass_transform

from spikeloom.equations.body import read_body
from spikeloom.equations.declare import impulse, noise, state
from spikeloom.equations.definition import SynapseDefinition
from spikeloom.equations.expr import Condition, Expr, lift, located
from spikeloom.equations.model_value import ModelValue
from spikeloom.equations.printing import infix
from spikeloom.equations.quantity import bridge
from spikeloom.equations.randomness import refuse_chance
from spikeloom.equations.trace import Phase
from spikeloom.equations.tracer import NO_CHANCE, Tracer, no_rises
from spikeloom.equations.units import mV
from spikeloom.equations.where import here
from spikeloom.errors import ModelError, UnitError

METHODS = ("flow", "receive", "gives", "kicks", "initial")
POTENTIAL = "v"
"""The state of the target that a synapse sees and kicks."""


class Post:
    """The `post` of a traced method: the target's potential, and nothing else of the target.

    >>> Post().v
    <post.v  [mV]>
    """

    v: Expr

    def __getattr__(self, name: str) -> Expr:
        if name == POTENTIAL:
            return Expr("leaf", unit=mV, kind="post", name=name)
        if name.startswith("__"):
            raise AttributeError(name)
        raise located(
            ModelError, f"post.{name}: a synapse sees of its target only the potential.",
            here(), "write post.v",
        )  # fmt: skip


@dataclass_transform(
    eq_default=False, kw_only_default=True, field_specifiers=(state, impulse, noise)
)
class Synapse(ModelValue):
    """A synapse model. Subclass it, declare parameters, states and one impulse, write the methods.

    The impulse is the summed weight of the spikes that arrive at the beginning of a step.

    ============================  ==============================================================
    ``flow(self, d)``             ``d.g = …`` gives dg/dt of every state
    ``receive(self, after)``      ``after.g = …`` gives the value after an arrival
    ``gives(self, post)``         returns what flows into the target all through a step
    ``kicks(self, post)``         returns what an arrival adds to the target's potential at once
    ``initial(self, at)``         ``at.g = …`` gives a start value that must be computed
    ============================  ==============================================================

    At least one of ``gives`` and ``kicks`` is there; ``post.v`` is the target's potential. Every
    mistake is found when the class is made. A synapse joins its target in a `Cell`.

    >>> from typing import Self
    >>> from spikeloom.equations import Input, Param, State
    >>> from spikeloom.equations.units import ms, mV, nS
    >>> class Shunt(Synapse):
    ...     tau: Param = 5 * ms
    ...     E: Param = -70 * mV
    ...     g: State = state(nS)
    ...     w: Input = impulse(nS)
    ...
    ...     def flow(self, d: Self) -> None:
    ...         d.g = -self.g / self.tau
    ...
    ...     def receive(self, after: Self) -> None:
    ...         after.g = self.g + self.w
    ...
    ...     def gives(self, post: Post) -> Expr:
    ...         return self.g * (self.E - post.v)
    >>> print(Shunt(tau=10 * ms))
    Shunt  1 state (g in nS) · impulse w in nS
      dg/dt = -g/tau : nS
      on arrival: g = g + w
      gives: g*(E - post.v)
      tau 10 ms   E -70 mV
    """

    definition: ClassVar[SynapseDefinition]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        tracer = Tracer(cls, read_body(cls, Synapse, METHODS), METHODS)
        _check(tracer)
        cls.definition = SynapseDefinition(
            name=cls.__name__,
            doc=inspect.getdoc(cls) or "",
            source=tracer.body.source,
            params=tracer.body.params,
            flow=tracer.flow(),
            receive=tracer.update("receive"),
            gives=_result(tracer, "gives"),
            kicks=_result(tracer, "kicks"),
            states=tracer.states(),
            input=tracer.inputs()[0],
            noises=tracer.body.noise(),
        )
        cls._params = cls.definition.params
        tracer.check_use()

    def __str__(self) -> str:
        return "\n  ".join(_lines(self))


def _result(tracer: Tracer, phase: Phase) -> Expr | None:
    if phase not in vars(tracer.cls):
        return None
    value = tracer.call(phase, Post())
    if value is None or isinstance(value, Condition):
        shown = "nothing" if value is None else f"the condition {value}"
        raise tracer.error(f"{phase} must return an expression; it returned {shown}.",
                           "for example: return self.g * (self.E - post.v)")  # fmt: skip
    expr = lift(value)
    no_rises(f"{tracer.cls.__name__}.{phase}", expr)
    refuse_chance(f"{tracer.cls.__name__}.{phase}", expr, NO_CHANCE)
    if phase == "kicks" and not expr.unit.fits(mV):
        raise located(UnitError, f"{tracer.cls.__name__}.kicks is added to the potential (mV); "
                      f"{expr} is {expr.unit.described}.", expr.where, bridge(mV, expr.unit),
                      )  # fmt: skip
    return expr


def _check(tracer: Tracer) -> None:
    names, inputs = vars(tracer.cls), tracer.body.inputs
    for name, f in inputs.items():
        if f.kind == "inflow":
            raise tracer.body.error(name, f"{name!r} is an inflow, but only spikes reach a "
                                    "synapse.", f"declare {name}: Input = impulse(…)")  # fmt: skip
    if len(inputs) != 1:
        raise tracer.error(f"a synapse has one impulse, the arriving weight; here are "
                           f"{len(inputs)}.", "for example: w: Input = impulse(nS)")  # fmt: skip
    tracer.check_methods()
    for name in tracer.cls.__dict__.keys() & {"fires", "reset"}:
        raise tracer.error(f"{name} is a method of neurons; a synapse does not fire.", None)
    if "gives" not in names and "kicks" not in names:
        raise tracer.error("neither gives nor kicks is there, so the target feels nothing.",
                           "def gives(self, post): returns the current into the target",
                           )  # fmt: skip
    for method in ("flow", "receive"):
        if tracer.units and method not in names:
            raise tracer.error(f"a state is declared, but {method} is missing.",
                               f"def {method}(self, {'d' if method == 'flow' else 'after'}): …",
                               )  # fmt: skip
        if not tracer.units and method in names:
            raise tracer.error(f"{method} is given, but no state is declared.",
                               "for example: g: State = state(nS)")  # fmt: skip


def _lines(synapse: Synapse) -> Iterator[str]:
    d = synapse.definition
    count = f"{len(d.states)} state{'s' if len(d.states) != 1 else ''}"
    names = f" ({', '.join(f'{s.name} in {str(s.unit) or 1}' for s in d.states)})"
    yield f"{d.name}  {count}{names if d.states else ''} · impulse {d.input.name} in " + (
        str(d.input.unit) or "1"
    )
    for s in d.states:
        yield f"d{s.name}/dt = {infix(d.flow[s.name])} : {str(s.unit) or 1}"
    for name, value in d.receive.items():
        yield f"on arrival: {name} = {infix(value)}"
    for word, value in (("gives", d.gives), ("kicks", d.kicks)):
        if value is not None:
            yield f"{word}: {infix(value)}"
    settings = "   ".join(f"{name} {value}" for name, value in synapse.values.items())
    if settings:
        yield settings
