"""`Tracer`: runs the methods of a class body once and collects what they say about its states."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from spikeloom.equations.body import Body
from spikeloom.equations.definition import InputDecl, Rules, StateDecl
from spikeloom.equations.expr import Condition, Expr, lift, located
from spikeloom.equations.integers import fitted
from spikeloom.equations.quantity import Quantity, Unit, bridge
from spikeloom.equations.randomness import check_linear, refuse_chance
from spikeloom.equations.trace import Phase, Symbols, Target, run
from spikeloom.errors import ModelError, UnitError, suggest

ONLY_FIRES: dict[str, str] = {"escapes": "a rate makes an event, which only fires has"}
NO_CHANCE: dict[str, str] = ONLY_FIRES | {
    "chance": "it is drawn where something happens, in fires and reset; arrivals of one step are "
    "summed before a model receives them, so a chance there would not be one for each"
}
_ALL_THROUGH = "what acts all through a step is white noise: xi: Noise = noise()"
FLOWS: dict[str, str] = {"chance": _ALL_THROUGH, "escapes": _ALL_THROUGH}


class Tracer:
    """What neurons and synapses have in common: states, inputs, and the rules that change them."""

    def __init__(self, cls: type, body: Body, methods: tuple[str, ...]) -> None:
        self.cls, self.body, self.methods = cls, body, methods
        self.units = {name: f.unit for name, f in body.states.items()}
        self.leaves = body.leaves()
        self.used: set[str] = set()

    def call(self, phase: Phase, *args: object) -> Any:
        """Run one method with a `self` whose names are leaves."""
        return run(self.cls, phase, self._symbols(phase), *args)

    def flow(self) -> Rules:
        """The rate of every state."""
        flow = self._rules("flow", "d", None)
        for expr in flow.values():
            check_linear(f"{self.cls.__name__}.flow", expr)
        for name in self.units:
            if name not in flow:
                raise self.error(
                    f"flow gives no rate for the state {name!r}.",
                    f"add d.{name} = …, or d.{name} = 0 if it only changes at events",
                )
        return flow

    def update(self, phase: Phase) -> Rules:
        """The states that an event changes, over the state before it."""
        return self._rules(phase, "after", self._before)

    def states(self) -> tuple[StateDecl, ...]:
        """Every state with its start as an expression over parameters only."""
        declared, starts = self.body.states.items(), self._starts()
        return tuple(
            StateDecl(name, f.unit, *start, self.body.doc(name), f.span, f.overflow)
            for (name, f), start in zip(declared, starts, strict=True)
        )

    def inputs(self) -> tuple[InputDecl, ...]:
        """Every input."""
        body = self.body
        return tuple(
            InputDecl(n, f.unit, f.kind, body.doc(n), f.span)
            for n, f in body.inputs.items()
            if f.kind != "target"
        )

    def check_methods(self) -> None:
        """A method with nearly the right name is a slip of the pen."""
        for method in self.methods:
            near = get_close_matches(method, self.body.helpers, n=1, cutoff=0.75)
            if method not in vars(self.cls) and near:
                raise self.error(f"there is a method {near[0]!r} but no {method!r}.",
                                 f"did you mean {method!r}?")  # fmt: skip

    def check_use(self) -> None:
        """Every input and parameter takes part in some equation."""
        names = [*self.body.inputs, *(p.name for p in self.body.params), *self.body.noises]
        names += self.body.draws
        for name in names:
            if name not in self.used:
                raise self.body.error(name, f"{name!r} is declared but no equation uses it.",
                                      "use it or remove it")  # fmt: skip

    def error(
        self, message: str, hint: str | None, kind: type[Any] = ModelError
    ) -> ModelError | UnitError:
        """An error about the class as a whole."""
        return located(kind, f"{self.cls.__name__}: {message}", self.body.where, hint)

    def _symbols(self, phase: str) -> Symbols:
        banned: dict[str, str] = {}
        for name, f in self.body.inputs.items():
            if f.span is not None:
                if phase != "tick":
                    banned[name] = "an input of a tick acts in tick(self, after)"
            elif f.kind == "impulse" and phase not in ("receive", "kicks"):
                banned[name] = "an impulse acts only where it arrives, in receive(self, after)"
            if f.kind == "inflow" and phase in ("receive", "initial"):
                banned[name] = f"an inflow acts all through a step, not in {phase}"
        for name in self.body.noises if phase != "flow" else ():
            banned[name] = (
                "white noise acts all through a step, in flow; a random event is "
                "chance(p) or escapes(rate)"
            )
        if phase == "initial":
            banned |= dict.fromkeys(self.body.draws, "a tick draws it, and there was none yet")
        symbols = Symbols(self.cls, self.leaves, banned, self.body.groups)
        symbols.__dict__["_used"] = self.used
        return symbols

    def _before(self, name: str) -> Expr:
        self.used.add(name)
        return self.leaves[name]

    def _rules(self, phase: Phase, label: str, default: Callable[[str], Expr] | None) -> Rules:
        if phase not in vars(self.cls):
            return Rules()
        rate = phase == "flow"
        time = self.body.time_unit
        units = {n: u / time if rate else u for n, u in self.units.items()}
        target = Target(
            label, units, default, self.body.others, self.units if rate else None,
            lambda name, expr: self._fitted(f"{label}.{name}", name, expr),
        )  # fmt: skip
        result = self.call(phase, target)
        got = vars(target)["_got"]
        if result is not None:
            raise self.error(f"{phase} must return nothing; it returned {result}.",
                             f"assign instead: {label}.NAME = …")  # fmt: skip
        if not got and self.units:
            raise self.error(f"{phase} assigns nothing.", f"write {label}.NAME = …")
        for expr in got.values():
            place = f"{self.cls.__name__}.{phase}"
            no_rises(place, expr)
            refuse_chance(place, expr, {"reset": ONLY_FIRES, "flow": FLOWS}.get(phase, NO_CHANCE))
        return Rules(tuple((n, got[n]) for n in self.units if n in got))

    def _fitted(self, what: str, name: str, expr: Expr) -> Expr:
        """What is assigned to a state, as its width allows."""
        f = self.body.states[name]
        return fitted(what, f.span, f.overflow, expr, expr.where)

    def _starts(self) -> list[tuple[Expr, Expr]]:
        """The start of every state as an expression over parameters only."""
        cls, states = self.cls, self.body.states
        given: dict[str, Expr] = {}
        if "initial" in vars(cls):
            target = Target("at", self.units, None, self.body.others, fit=self._start_of)
            self.call("initial", target)
            given = vars(target)["_got"]
        starts = {n: given[n] if n in given else self._declared_start(n) for n in states}

        def resolve(node: Any, path: tuple[str, ...]) -> Any:
            if not isinstance(node, Expr) or node.op != "leaf" or node.kind != "state":
                if not node.args:
                    return node
                args = tuple(resolve(a, path) for a in node.args)
                if isinstance(node, Condition):
                    return Condition(node.op, args, node.where)
                return Expr(node.op, args, node.unit, where=node.where)
            name = node.name or ""
            if name in path:
                raise located(ModelError, f"{cls.__name__}.initial: the start of {name!r} depends "
                              f"on itself.", node.where, None)  # fmt: skip
            return resolve(starts[name], (*path, name))

        return [(resolve(expr, (name,)), expr) for name, expr in starts.items()]

    def _start_of(self, name: str, expr: Expr) -> Expr:
        """A start that its state can hold."""
        return fitted(f"the start of {name!r}", self.body.states[name].span, None, expr, expr.where)

    def _declared_start(self, name: str) -> Expr:
        f, body = self.body.states[name], self.body
        start: Any = f.start
        if isinstance(start, str):
            params = {p.name: p for p in body.params}
            if start not in params:
                raise body.error(name, f"{name!r} starts at {start!r}, which is no Param.",
                                 suggest(start, params))  # fmt: skip
            expr = self._before(start)
        elif isinstance(start, (int, float, Quantity, Unit)):
            expr = lift(start, f.where)
        else:
            raise body.error(name, f"the start of {name!r} must be a quantity or the name of a "
                             f"Param; got {f.start!r}.",
                             "compute it in def initial(self, at) instead")  # fmt: skip
        if expr.op == "const" and expr.value == 0 and expr.unit.dimensionless:
            return Expr("const", unit=f.unit, value=0.0, where=f.where)
        expr = self._start_of(name, expr)
        if not expr.unit.fits(f.unit):
            raise body.error(
                name, f"{name!r} is a {f.unit.kind} ({f.unit!s}) but starts at {expr}, which is "
                f"{expr.unit.described}.", bridge(f.unit, expr.unit), UnitError,
            )  # fmt: skip
        return expr


def no_rises(label: str, node: Expr | Condition) -> None:
    """`rises` belongs to the firing condition alone."""
    if node.op == "rises":
        raise located(ModelError, f"{label}: rises compares two moments, which only fires has.",
                      node.where, "compare with > or >= instead")  # fmt: skip
    for arg in node.args:
        no_rises(label, arg)
