"""`Neuron`: a class body that reads like the equations, traced once into a `Definition`."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar, dataclass_transform

from spikeloom.equations.body import Body, read_body
from spikeloom.equations.declare import (
    Input,
    Noise,
    Param,
    State,
    draw,
    impulse,
    inflow,
    noise,
    state,
)
from spikeloom.equations.definition import Definition, Rules
from spikeloom.equations.expr import Condition
from spikeloom.equations.model_value import ModelValue
from spikeloom.equations.randomness import number_draws
from spikeloom.equations.ticks import check_methods, check_no_integers, check_ticks
from spikeloom.equations.tracer import Tracer

if TYPE_CHECKING:
    from spikeloom.equations.text_out import Equations

METHODS = ("flow", "receive", "tick", "fires", "reset", "otherwise", "initial")

__all__ = ["Input", "Neuron", "Noise", "Param", "State"]


@dataclass_transform(kw_only_default=True, field_specifiers=(state, inflow, impulse, noise, draw))
class Neuron(ModelValue):
    """A neuron model. Subclass it, declare parameters, states and inputs, and write the methods.

    ============================  ==============================================================
    ``flow(self, d)``             ``d.v = …`` gives dv/dt of every state
    ``fires(self)``               returns the condition of a spike (leave it out: no spikes); a
                                  random one is ``escapes(rate)`` or ``chance(p)``
    ``reset(self, after)``        ``after.v = …`` gives the value after a spike
    ``receive(self, after)``      the same for the arrival of an impulse
    ``initial(self, at)``         ``at.u = …`` gives a start value that must be computed
    ============================  ==============================================================

    A model of whole numbers has widths in place of units, and ``tick`` in place of ``flow``:

    ============================  ==============================================================
    ``tick(self, after)``         ``after.v = …`` gives the value after a tick, before `fires`
    ``otherwise(self, after)``    the same for what a tick without a spike changes
    ============================  ==============================================================

    Every mistake is found when the class is made. A model is final: to vary one, compose it
    (`Refractory`), change its parameters (`replace`) or write another.
    """

    definition: ClassVar[Definition]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        body = read_body(cls, Neuron, METHODS)
        cls.definition = trace(cls, body)
        cls._params = cls.definition.params
        cls._groups = body.groups

    @property
    def equations(self) -> Equations:
        """The model as text and LaTeX: ``print(LIF().equations)``."""
        return self.definition.equations

    def __str__(self) -> str:
        from spikeloom.equations.text_out import summary

        return summary(self.definition, self.values)

    def _repr_latex_(self) -> str:
        return f"$${self.definition.equations.latex()}$$"

    def _repr_html_(self) -> str:
        from spikeloom.equations.text_out import summary_html

        return summary_html(self.definition, self.values)


def trace(cls: type, body: Body) -> Definition:
    """Run every method of the class body once and check that the model is complete."""
    tracer = Tracer(cls, body, METHODS)
    _check(tracer)
    ticks = "tick" in vars(cls)
    receive, flow = tracer.update("receive"), Rules() if ticks else tracer.flow()
    tick = tracer.update("tick")
    fires, reset = number_draws(_fires(tracer), tracer.update("reset"))
    definition = Definition(
        name=cls.__name__,
        doc=inspect.getdoc(cls) or "",
        source=body.source,
        params=body.params,
        flow=flow,
        receive=receive,
        fires=fires if isinstance(fires, Condition) else None,
        reset=reset if isinstance(reset, Rules) else Rules(),
        states=tracer.states(),
        inputs=tracer.inputs(),
        noises=body.noise(),
        tick=tick,
        otherwise=tracer.update("otherwise"),
        draws=body.draw(),
    )
    if ticks:
        check_ticks(tracer, definition)
    tracer.check_use()
    return definition


def _fires(tracer: Tracer) -> Condition | None:
    if "fires" not in vars(tracer.cls):
        return None
    result = tracer.call("fires")
    if isinstance(result, Condition):
        return result
    shown = "nothing" if result is None else f"{result!r}"
    raise tracer.error(
        f"fires must return a condition; it returned {shown}.",
        "for example: return self.v >= self.theta, or rises(self.v, self.theta)",
    )


def _check(tracer: Tracer) -> None:
    names = vars(tracer.cls)
    if not tracer.units:
        raise tracer.error("no state is declared.", "for example: v: State = state(mV)")
    tracer.check_methods()
    if "tick" in names:
        check_methods(tracer)
    elif "flow" not in names:
        raise tracer.error("the method flow is missing.",
                           "def flow(self, d): gives the rate of every state")  # fmt: skip
    if "reset" in names and "fires" not in names:
        raise tracer.error("reset is given, but fires is missing.",
                           "def fires(self): returns the condition of a spike")  # fmt: skip
    if "tick" in names:
        return
    check_no_integers(tracer)
    has_impulse = any(f.kind == "impulse" for f in tracer.body.inputs.values())
    if has_impulse != ("receive" in names):
        raise tracer.error(
            "an impulse is declared, but receive is missing." if has_impulse
            else "receive is given, but no impulse is declared.",
            "x: Input = impulse(…) arrives in def receive(self, after)",
        )  # fmt: skip
