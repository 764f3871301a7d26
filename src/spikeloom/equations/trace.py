"""Running a model's methods once, with stand-ins for self, d and after, to record what they say."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

from spikeloom.equations.expr import Expr, lift, located
from spikeloom.equations.place import leaves
from spikeloom.equations.quantity import Unit, bridge
from spikeloom.equations.randomness import TIMES, has_noise
from spikeloom.equations.where import Where, here, of_traceback
from spikeloom.errors import ModelError, SpikeloomError, UnitError, suggest

Phase = Literal[
    "flow", "receive", "fires", "reset", "initial", "soft", "gives", "kicks",
    "on_pre", "on_post", "on_tick", "on_reward", "sends", "post_event", "tick", "otherwise",
]  # fmt: skip
SIGNATURES: dict[Phase, str] = {
    "flow": "self, d", "reset": "self, after", "receive": "self, after", "initial": "self, at",
    "fires": "self", "soft": "self, u", "gives": "self, post", "kicks": "self, post",
    "on_pre": "self, after", "on_post": "self, after", "on_tick": "self, after",
    "on_reward": "self, after", "sends": "self, after", "post_event": "self",
    "tick": "self, after", "otherwise": "self, after",
}  # fmt: skip


class Symbols:
    """The `self` of a traced method: every declared name is a leaf, everything else an error."""

    def __init__(
        self,
        cls: type,
        leaves: Mapping[str, Expr],
        banned: Mapping[str, str],
        groups: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        vars(self).update(
            _cls=cls, _leaves=leaves, _banned=banned, _used=set(), _groups=groups or {}
        )

    def __getattr__(self, name: str) -> Any:
        cls, leaves = self._cls, self._leaves
        if name in self._banned:
            raise located(ModelError, f"self.{name}: {self._banned[name]}", here(), None)
        if name in leaves:
            self._used.add(name)
            return replace(leaves[name], where=here())
        if name in self._groups:
            return tuple(getattr(self, each) for each in self._groups[name])
        if name.startswith("__"):
            raise AttributeError(name)
        helper = inspect.getattr_static(cls, name, None)
        if isinstance(helper, staticmethod):
            return helper.__func__
        if inspect.isfunction(helper) and name in vars(cls):
            return helper.__get__(self)
        raise located(
            ModelError, f"self.{name} is not declared in {cls.__name__}.", here(),
            suggest(name, leaves),
        )  # fmt: skip

    def __setattr__(self, name: str, value: object) -> None:
        raise located(
            ModelError, f"self.{name} cannot be assigned: self is what the equations read.",
            here(), "give a rate with d.NAME = …, a value after a spike with after.NAME = …",
        )  # fmt: skip


class Target:
    """The `d`, `after` or `at` of a traced method: takes one expression for each state."""

    def __init__(
        self,
        label: str,
        units: Mapping[str, Unit],
        default: Callable[[str], Expr] | None,
        others: Mapping[str, str],
        rate_of: Mapping[str, Unit] | None = None,
        fit: Callable[[str, Expr], Expr] = lambda name, expr: expr,
    ) -> None:
        vars(self).update(
            _label=label, _units=units, _default=default, _others=others, _rate_of=rate_of,
            _fit=fit, _got={},
        )  # fmt: skip

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._known(name)
        if name in self._got:
            return self._got[name]
        if self._default is None:
            raise located(ModelError, f"{self._label}.{name} is read before it is given.", here(),
                          f"give it first: {self._label}.{name} = …")  # fmt: skip
        return self._default(name)

    def __setattr__(self, name: str, value: object) -> None:
        self._known(name)
        place = here()
        expr = lift(value, place)
        unit: Unit = self._units[name]
        if expr.op == "const" and expr.value == 0 and expr.unit.dimensionless:
            expr = Expr("const", unit=unit, value=0.0, where=expr.where)
        if not expr.unit.fits(unit):
            what = f"{self._label}.{name}"
            message = (
                f"{what} must be a {unit.kind} ({unit!s}); {_short(expr)} is {_kind(expr.unit)}."
            )
            raise located(UnitError, message, expr.where or place, self._advice(name, expr))
        place = _placed(expr)
        if place is not None:
            raise located(
                ModelError, f"{self._label}.{name}: {place} belongs to a network, not to a model.",
                expr.where or here(), "declare a Param, and give it a value that depends on "
                f"{place} where the population is made",
            )  # fmt: skip
        self._got[name] = self._fit(name, expr)

    def _known(self, name: str) -> None:
        if name in self._units:
            return
        label = self._label
        if name in self._others:
            raise located(ModelError, f"{label}.{name}: {name} is {self._others[name]}, and only "
                          f"states change.", here(), f"declare it: {name}: State = state(…)",
                          )  # fmt: skip
        raise located(ModelError, f"{label}.{name}: there is no state {name!r}.", here(),
                      suggest(name, self._units))  # fmt: skip

    def _advice(self, name: str, expr: Expr) -> str:
        got = expr.unit
        if self._rate_of is not None and got.fits(self._rate_of[name]):
            return f"a rate is a change per time: divide by a time constant, such as {name} / tau"
        if has_noise(expr):
            return TIMES
        return bridge(self._units[name], got)


def run(cls: type, phase: Phase, symbols: Symbols, *args: object) -> Any:
    """Call one method of the class body, and put class, method and line into every error."""
    method = vars(cls)[phase]
    label = f"{cls.__name__}.{phase}"
    code = method.__code__
    wanted = 1 + len(args)
    if code.co_argcount != wanted or code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE):
        raise located(
            ModelError, f"{label} must be a plain method def {phase}({SIGNATURES[phase]}).",
            Where(code.co_filename, code.co_firstlineno, code.co_firstlineno, 0, 10_000), None,
        )  # fmt: skip
    try:
        return method(symbols, *args)
    except SpikeloomError as error:
        error.message = f"{label}: {error.message}"
        error.args = (error.message,)
        raise
    except NameError as error:
        name = error.name or ""
        advice = f"write self.{name}" if name in symbols._leaves else suggest(name, symbols._leaves)
        raise located(
            ModelError, f"{label}: the name {name!r} is not known here.",
            of_traceback(error.__traceback__), advice,
        ) from error  # fmt: skip
    except Exception as error:
        raise located(
            ModelError, f"{label} raised {type(error).__name__}: {error}",
            of_traceback(error.__traceback__),
            "the body of a model method runs once, with symbols in place of numbers",
        ) from error  # fmt: skip


def _placed(expr: Expr) -> Expr | None:
    return next((leaf for leaf in leaves(expr) if leaf.kind == "place"), None)


def _short(expr: Expr) -> str:
    text = str(expr)
    return text if len(text) <= 60 else "this"


def _kind(unit: Unit) -> str:
    return "a plain number" if unit.dimensionless else f"a {unit.kind} ({unit!s})"
