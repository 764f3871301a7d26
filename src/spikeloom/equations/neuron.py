"""`Neuron`: a class body that reads like the equations, traced once into a `Definition`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, ClassVar, dataclass_transform

from spikeloom.equations.body import Body, read_body
from spikeloom.equations.declare import Input, Param, State, impulse, inflow, state
from spikeloom.equations.definition import Definition, InputDecl, Rules, StateDecl
from spikeloom.equations.expr import Condition, Expr, lift, located
from spikeloom.equations.model_value import ModelValue
from spikeloom.equations.quantity import Quantity, Unit, bridge
from spikeloom.equations.trace import Symbols, Target, run
from spikeloom.errors import ModelError, UnitError, suggest

if TYPE_CHECKING:
    from spikeloom.equations.text_out import Equations

METHODS = ("flow", "receive", "fires", "reset", "initial")

__all__ = ["Input", "Neuron", "Param", "State"]


@dataclass_transform(kw_only_default=True, field_specifiers=(state, inflow, impulse))
class Neuron(ModelValue):
    """A neuron model. Subclass it, declare parameters, states and inputs, and write the methods.

    ============================  ==============================================================
    ``flow(self, d)``             ``d.v = …`` gives dv/dt of every state
    ``fires(self)``               returns the condition of a spike (leave it out: no spikes)
    ``reset(self, after)``        ``after.v = …`` gives the value after a spike
    ``receive(self, after)``      the same for the arrival of an impulse
    ``initial(self, at)``         ``at.u = …`` gives a start value that must be computed
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
    return _Tracer(cls, body).definition()


class _Tracer:
    def __init__(self, cls: type, body: Body) -> None:
        self.cls, self.body = cls, body
        self.units = {name: f.unit for name, f in body.states.items()}
        self.leaves = body.leaves()
        self.used: set[str] = set()

    def definition(self) -> Definition:
        body, cls = self.body, self.cls
        self._methods_are_there()
        flow = self._rules("flow", "d", None)
        for name in self.units:
            if name not in flow:
                raise self._error(
                    f"flow gives no rate for the state {name!r}.",
                    f"add d.{name} = …, or d.{name} = 0 if it only changes at events",
                )
        receive = self._rules("receive", "after", self._before)
        fires = self._fires()
        reset = self._rules("reset", "after", self._before)
        definition = Definition(
            name=cls.__name__,
            doc=inspect.getdoc(cls) or "",
            source=body.source,
            params=body.params,
            states=tuple(
                StateDecl(n, f.unit, *s, body.doc(n))
                for (n, f), s in zip(body.states.items(), self._starts(), strict=True)
            ),
            inputs=tuple(InputDecl(n, f.unit, f.kind, body.doc(n)) for n, f in body.inputs.items()),
            flow=flow,
            receive=receive,
            fires=fires,
            reset=reset,
        )
        for name in [*body.inputs, *(p.name for p in body.params)]:
            if name not in self.used:
                raise body.error(name, f"{name!r} is declared but no equation uses it.",
                                 "use it or remove it")  # fmt: skip
        return definition

    def _symbols(self, phase: str) -> Symbols:
        banned: dict[str, str] = {}
        for name, f in self.body.inputs.items():
            if f.kind == "impulse" and phase != "receive":
                banned[name] = "an impulse acts only where it arrives, in receive(self, after)"
            if f.kind == "inflow" and phase in ("receive", "initial"):
                banned[name] = f"an inflow acts all through a step, not in {phase}"
        symbols = Symbols(self.cls, self.leaves, banned)
        symbols.__dict__["_used"] = self.used
        return symbols

    def _before(self, name: str) -> Expr:
        self.used.add(name)
        return self.leaves[name]

    def _rules(self, phase: Any, label: str, default: Callable[[str], Expr] | None) -> Rules:
        if phase not in vars(self.cls):
            return Rules()
        rate = phase == "flow"
        time = self.body.time_unit
        units = {n: u / time if rate else u for n, u in self.units.items()}
        target = Target(label, units, default, self.body.others, self.units if rate else None)
        result = run(self.cls, phase, self._symbols(phase), target)
        got = vars(target)["_got"]
        if result is not None:
            raise self._error(f"{phase} must return nothing; it returned {result}.",
                              f"assign instead: {label}.NAME = …")  # fmt: skip
        if not got and self.units:
            raise self._error(f"{phase} assigns nothing.", f"write {label}.NAME = …")
        for expr in got.values():
            _no_rises(f"{self.cls.__name__}.{phase}", expr)
        return Rules(tuple((n, got[n]) for n in self.units if n in got))

    def _fires(self) -> Condition | None:
        if "fires" not in vars(self.cls):
            return None
        result = run(self.cls, "fires", self._symbols("fires"))
        if isinstance(result, Condition):
            return result
        shown = "nothing" if result is None else f"{result!r}"
        raise self._error(
            f"fires must return a condition; it returned {shown}.",
            "for example: return self.v >= self.theta, or rises(self.v, self.theta)",
        )

    def _starts(self) -> list[tuple[Expr, Expr]]:
        """The start of every state as an expression over parameters only."""
        cls, states = self.cls, self.body.states
        given: dict[str, Expr] = {}
        if "initial" in vars(cls):
            target = Target("at", self.units, None, self.body.others)
            run(cls, "initial", self._symbols("initial"), target)
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
        if not expr.unit.fits(f.unit):
            raise body.error(
                name, f"{name!r} is a {f.unit.kind} ({f.unit!s}) but starts at {expr}, which is "
                f"{expr.unit.described}.", bridge(f.unit, expr.unit), UnitError,
            )  # fmt: skip
        return expr

    def _methods_are_there(self) -> None:
        names = vars(self.cls)
        if not self.units:
            raise self._error("no state is declared.", "for example: v: State = state(mV)")
        for method in METHODS:
            if method in names:
                continue
            near = get_close_matches(method, self.body.helpers, n=1, cutoff=0.75)
            if near:
                raise self._error(f"there is a method {near[0]!r} but no {method!r}.",
                                  f"did you mean {method!r}?")  # fmt: skip
        if "flow" not in names:
            raise self._error("the method flow is missing.",
                              "def flow(self, d): gives the rate of every state")  # fmt: skip
        if "reset" in names and "fires" not in names:
            raise self._error("reset is given, but fires is missing.",
                              "def fires(self): returns the condition of a spike")  # fmt: skip
        has_impulse = any(f.kind == "impulse" for f in self.body.inputs.values())
        if has_impulse != ("receive" in names):
            raise self._error(
                "an impulse is declared, but receive is missing." if has_impulse
                else "receive is given, but no impulse is declared.",
                "x: Input = impulse(…) arrives in def receive(self, after)",
            )  # fmt: skip

    def _error(self, message: str, hint: str | None) -> ModelError | UnitError:
        message = f"{self.cls.__name__}: {message}"
        return located(ModelError, message, self.body.where, hint)


def _no_rises(label: str, node: Expr | Condition) -> None:
    if node.op == "rises":
        raise located(ModelError, f"{label}: rises compares two moments, which only fires has.",
                      node.where, "compare with > or >= instead")  # fmt: skip
    for arg in node.args:
        _no_rises(label, arg)
