"""Running the methods of a learning rule once, and checking what they may read and change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from spikeloom.equations.body import Body
from spikeloom.equations.declare import Level, TraceField
from spikeloom.equations.definition import Rules
from spikeloom.equations.expr import Condition, Expr, lift, located
from spikeloom.equations.learning_definition import (
    WEIGHT,
    LearningDefinition,
    TargetDecl,
    TraceDecl,
)
from spikeloom.equations.place import leaves
from spikeloom.equations.quantity import bridge
from spikeloom.equations.trace import Symbols
from spikeloom.equations.tracer import Tracer, no_rises
from spikeloom.equations.units import one
from spikeloom.equations.where import here
from spikeloom.errors import ModelError, UnitError, suggest

EVENTS = ("on_pre", "on_post", "on_tick", "on_reward")
METHODS = ("flow", *EVENTS, "sends", "post_event", "initial")
WORDS = {
    "Trace": "pre(), post(), synaptic() or shared()",
    "Weight": "weight(nS)",
    "Target": "target(mV)",
}
CHANGES: dict[str, tuple[Level, ...]] = {
    "on_pre": ("synapse", "pre"),
    "on_post": ("synapse", "post"),
    "on_tick": ("synapse", "pre", "post", "shared"),
    "on_reward": ("synapse", "pre", "post", "shared"),
}
"""What each event may change."""
SEES: dict[Level, tuple[Level, ...]] = {
    "pre": ("pre", "shared"),
    "post": ("post", "shared"),
    "synapse": ("pre", "post", "synapse", "shared"),
    "shared": ("shared",),
}
"""What a jump of a trace may read: all synapses of a neuron must agree on it."""
WHOSE = {
    "pre": "each source neuron",
    "post": "each target neuron",
    "synapse": "each synapse",
    "shared": "the whole connection",
}


def trace_rule(cls: type, body: Body, doc: str) -> LearningDefinition:
    """Run every method of the class body once and check that the rule makes sense."""
    tracer = _RuleTracer(cls, _with_weight(body))
    tracer.check_shape()
    flow = tracer.rates()
    events = {name: tracer.event(name) for name in EVENTS}
    traces = tuple(
        TraceDecl(s.name, s.unit, tracer.level(s.name), s.name in tracer.driven, s.start,
                  s.written, s.doc, tracer.lag(s.name))
        for s in tracer.states() if s.name != WEIGHT
    )  # fmt: skip
    definition = LearningDefinition(
        name=cls.__name__,
        doc=doc,
        source=body.source,
        params=body.params,
        traces=traces,
        targets=tuple(
            TargetDecl(n, f.unit, f.state or n, body.doc(n)) for n, f in body.inputs.items()
        ),
        weight=tracer.units[WEIGHT],
        flow=flow,
        on_pre=events["on_pre"],
        on_post=events["on_post"],
        on_tick=events["on_tick"],
        on_reward=events["on_reward"],
        sends=tracer.sends(events["on_pre"]),
        post_event=tracer.post_event(),
    )
    tracer.check_use()
    return definition


def _with_weight(body: Body) -> Body:
    """`w` is there whether it is declared or not; under another name it is refused."""
    for name, f in body.states.items():
        weighed = isinstance(f, TraceField) and f.word == "Weight"
        if weighed != (name == WEIGHT):
            raise body.error(
                name, f"{name!r}: the weight of a rule is called w." if weighed
                else "'w' is the weight and cannot be a trace.",
                "write w: Weight = weight(nS), or leave it out: w is always there",
            )  # fmt: skip
    taken = next((n for n in (*body.inputs, *(p.name for p in body.params)) if n == WEIGHT), None)
    if taken is not None:
        raise body.error(taken, "'w' is the weight of the synapse.", "choose another name")
    if "scale" in body.lines:
        raise body.error("scale", "'scale' is what w = 1 stands for.", "choose another name")
    states = {WEIGHT: TraceField(one, 0.0, body.where, "synapse", "Weight"), **body.states}
    return replace(body, states=states)


class _After:
    """The `after` of `sends`: what on_pre has just given."""

    def __init__(self, tracer: _RuleTracer, changed: Rules) -> None:
        self._tracer, self._changed = tracer, changed

    def __getattr__(self, name: str) -> Expr:
        if name.startswith("__"):
            raise AttributeError(name)
        units = self._tracer.units
        if name not in units:
            raise located(ModelError, f"after.{name}: there is no trace {name!r}.", here(),
                          suggest(name, units))  # fmt: skip
        if name != WEIGHT and name not in self._changed:
            return self._tracer.leaves[name]
        return Expr("leaf", unit=units[name], kind="after", name=name, where=here())


class _RuleTracer(Tracer):
    """The tracer of neurons and synapses, with levels."""

    def __init__(self, cls: type, body: Body) -> None:
        super().__init__(cls, body, METHODS)
        self.leaves["dt"] = Expr("leaf", unit=body.time_unit, kind="dt", name="dt")
        self.leaves["reward"] = Expr("leaf", kind="event", name="reward")
        self.driven: set[str] = set()

    def level(self, name: str) -> Level:
        """Whose a state is."""
        f = self.body.states[name]
        return f.level if isinstance(f, TraceField) else "synapse"

    def lag(self, name: str) -> str:
        """The parameter by which a trace is seen late, if it is."""
        f = self.body.states[name]
        if not isinstance(f, TraceField) or not f.lag:
            return ""
        param = next((p for p in self.body.params if p.name == f.lag), None)
        if param is None or param.unit.kind != "time":
            raise self.body.error(name, f"the lag of {name!r} must name a Param that is a time; "
                                  f"got {f.lag!r}.", "lag: Param = 3 * ms")  # fmt: skip
        if name not in self.driven:
            raise self.body.error(name, f"{name!r} has a lag, but follows no state of the "
                                  "target.", "it comes with the synapse's delay")  # fmt: skip
        self.used.add(f.lag)
        return f.lag

    def check_shape(self) -> None:
        """Methods and declarations that belong together are there together."""
        names = vars(self.cls)
        self.check_methods()
        for name in names.keys() & {"fires", "reset", "receive", "gives", "kicks"}:
            raise self.error(f"{name} is not a method of learning rules.",
                             f"they have {', '.join(METHODS)}")  # fmt: skip
        if not names.keys() & {*EVENTS, "sends"}:
            raise self.error("no event changes anything.",
                             "def on_pre(self, after): after.w = …")  # fmt: skip
        every = next((p for p in self.body.params if p.name == "every"), None)
        if ("on_tick" in names) != (every is not None):
            raise self.error(
                "on_tick is given, but not how often." if every is None
                else "every is declared, but on_tick is missing.",
                "every: Param = 1 * ms is the time between two calls of def on_tick(self, after)",
            )  # fmt: skip
        if every is not None:
            if every.unit.kind != "time":
                raise self.body.error("every", f"'every' is the time between two ticks; it is "
                                      f"{every.unit.described}.", "every: Param = 1 * ms",
                                      UnitError)  # fmt: skip
            self.used.add("every")
        if "flow" not in names and any(n != WEIGHT for n in self.body.states):
            raise self.error("a trace is declared, but flow is missing.",
                             "def flow(self, d): d.x = -self.x / self.tau")  # fmt: skip

    def rates(self) -> Rules:
        """The rate of every trace; each depends on its own level, or on the target's states."""
        flow = self._rules("flow", "d", None)
        for name in self.units:
            if name not in flow and name != WEIGHT:
                raise self.error(
                    f"flow gives no rate for the trace {name!r}.",
                    f"add d.{name} = …, or d.{name} = 0 if it only changes at events",
                )
        self.driven = self._driven(flow)
        for name, rate in flow.items():
            for leaf in leaves(rate):
                self._flow_reads(name, leaf)
        return flow

    def event(self, phase: str) -> Rules:
        """The changes of one event."""
        rules = self._rules(phase, "after", self._before)  # pyright: ignore[reportArgumentType]
        for name, value in rules.items():
            level = self.level(name)
            if level not in CHANGES[phase]:
                raise self._refuse(
                    f"{phase} cannot change {name!r}, which {WHOSE[level]} has.", value,
                    "a spike of one neuron does not reach all synapses of the other: make it "
                    "synaptic()",
                )  # fmt: skip
            if name in self.driven:
                raise self._refuse(
                    f"{phase} cannot change {name!r}: it follows the state of the target.", value,
                    "let a trace of its own jump, or make the jump part of the flow",
                )  # fmt: skip
            for leaf in leaves(value):
                self._jump_reads(phase, name, leaf)
        return rules

    def sends(self, changed: Rules) -> Expr | None:
        """What a spike transmits, in the unit of the weight."""
        if "sends" not in vars(self.cls):
            return None
        value = self.call("sends", _After(self, changed))
        if value is None or isinstance(value, Condition):
            shown = "nothing" if value is None else f"the condition {value}"
            raise self.error(f"sends must return an expression; it returned {shown}.",
                             "for example: return self.w * self.r")  # fmt: skip
        expr, unit = lift(value), self.units[WEIGHT]
        no_rises(f"{self.cls.__name__}.sends", expr)
        if not expr.unit.fits(unit):
            raise self._refuse(f"sends returns a weight ({str(unit) or 'a plain number'}); {expr} "
                               f"is {expr.unit.described}.", expr, bridge(unit, expr.unit),
                               UnitError)  # fmt: skip
        return expr

    def post_event(self) -> Condition | None:
        """What counts as an event of the target."""
        if "post_event" not in vars(self.cls):
            return None
        result = self.call("post_event")
        if not isinstance(result, Condition):
            shown = "nothing" if result is None else f"{result!r}"
            raise self.error(f"post_event must return a condition; it returned {shown}.",
                             "for example: return self.v > self.theta")  # fmt: skip
        no_rises(f"{self.cls.__name__}.post_event", result)
        for leaf in leaves(result):
            if leaf.kind == "state" and self.level(leaf.name or "") != "post":
                raise self._refuse(f"post_event is asked of each target neuron, which has no "
                                   f"{leaf.name!r}.", leaf, None)  # fmt: skip
        return result

    def _symbols(self, phase: str) -> Symbols:
        symbols = super()._symbols(phase)
        banned: dict[str, str] = symbols.__dict__["_banned"]
        if phase != "on_reward":
            banned["reward"] = "a reward is there only in on_reward(self, after)"
        if phase == "flow":
            banned["dt"] = "a rate does not depend on the time step"
        if phase == "initial":
            banned |= {n: "a start depends on parameters only" for n in self.body.inputs}
        return symbols

    def _driven(self, flow: Rules) -> set[str]:
        """Traces that follow a state of the target, directly or through another."""
        reads = {name: set(leaves(rate)) for name, rate in flow.items()}
        found = {n for n, some in reads.items() if any(leaf.kind == "post" for leaf in some)}
        while True:
            more = {n for n, some in reads.items() if {leaf.name for leaf in some} & found}
            if more <= found:
                return found
            found |= more

    def _flow_reads(self, name: str, leaf: Expr) -> None:
        level = self.level(name)
        if leaf.kind == "post" and level != "post":
            raise self._refuse(f"flow: {name!r} belongs to {WHOSE[level]} and cannot follow a "
                               "state of the target.", leaf,
                               "declare it post()")  # fmt: skip
        if leaf.kind != "state":
            return
        other = leaf.name or ""
        if self.level(other) != level:
            raise self._refuse(
                f"flow: {name!r} belongs to {WHOSE[level]}, {other!r} to "
                f"{WHOSE[self.level(other)]}; between events they do not meet.", leaf,
                "let one jump at the events of the other, or use on_tick",
            )  # fmt: skip
        if name in self.driven and other not in self.driven:
            raise self._refuse(
                f"flow: {name!r} follows the target's states and cannot follow {other!r}, which "
                "does not.", leaf, None,
            )  # fmt: skip

    def _jump_reads(self, phase: str, name: str, leaf: Expr) -> None:
        level = self.level(name)
        if leaf.kind == "post" and level not in ("post", "synapse"):
            raise self._refuse(f"{phase}: {name!r} belongs to {WHOSE[level]}, which sees no "
                               "target.", leaf, None)  # fmt: skip
        if leaf.kind == "state" and self.level(leaf.name or "") not in SEES[level]:
            raise self._refuse(
                f"{phase}: {name!r} belongs to {WHOSE[level]}, which does not see {leaf.name!r} "
                f"of {WHOSE[self.level(leaf.name or '')]}.", leaf, "declare it synaptic()",
            )  # fmt: skip

    def _refuse(
        self, message: str, at: Expr, hint: str | None, kind: type[Any] = ModelError
    ) -> ModelError | UnitError:
        return located(kind, f"{self.cls.__name__}.{message}", at.where, hint)
