"""The expression tree that a traced model method leaves behind.

`Expr` is a number with a unit, `Condition` is yes or no. Both are frozen values, equal when they
say the same. A node checks its units as it is built, so a mistake is found where it was made.

================  ==========================================================================
node              `op`
================  ==========================================================================
leaf              ``const`` (with `value`), ``leaf`` (with `kind` and `name`)
arithmetic        ``neg add sub mul div pow``
function          ``exp expm1 log log1p sqrt abs sign tanh sigmoid sinh cosh sin cos atan erf
                  exprel min max``
choice            ``select``: (condition, if so, if not)
condition         ``lt le gt ge and or not``, ``rises``: (a, b), a crosses b upward in the step
whole numbers     ``shl shr floordiv mod bitand bitor bitxor invert``, ``wrap`` and ``saturate``:
                  (x, low, high), ``hits``: (draw, n, limit); ``eq`` is a condition
chance            ``chance``: (draw, p), true with probability p; ``escapes``: (draw, rate), true
                  with probability 1 - exp(-rate dt). `draw` is a uniform random number.
================  ==========================================================================
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import isfinite
from typing import Any, Literal, NoReturn, TypeAlias

from spikeloom.equations.quantity import Quantity, Unit, bridge, one
from spikeloom.equations.span import SYMBOLS, WHOLE_ONLY, Span, result
from spikeloom.equations.where import Where, here
from spikeloom.errors import ModelError, UnitError

__all__ = ["Condition", "Expr", "ExprLike", "LeafKind", "Where", "condition", "lift", "make"]

LeafKind = Literal[
    "param", "state", "input", "dt", "argument", "post", "place", "after", "event", "noise", "draw"
]
ExprLike: TypeAlias = "Expr | Quantity | Unit | float"

_WHOLE = (
    "whole numbers are declared with their width: state(bits=20), impulse(bits=9), "
    "integer(3, bits=8); they do not mix with real ones"
)
_IF = (
    "write where(condition, a, b) for a choice, & | ~ for and, or, not, "
    "and (a < x) & (x < b) for a < x < b"
)


@dataclass(frozen=True, slots=True, repr=False)
class Expr:
    """A number with a unit that is not known yet.

    Arguments:
        op: What is computed; see the table above.
        args: What it is computed from.
        unit: Unit of the result. Only its dimensions are a promise: values keep the units in
            which they were declared, and a literal the one it was written in.
        value: The number of a ``const``, in `unit`.
        kind, name: What a ``leaf`` stands for.
        where: Where it was written; takes no part in equality.
        span: Where a whole number lies; None for a real one. Follows from the leaves, so that it
            takes no part in equality either.
    """

    op: str
    args: tuple[Expr | Condition, ...] = ()
    unit: Unit = one
    value: float | None = None
    kind: LeafKind | None = None
    name: str | None = None
    where: Where | None = field(default=None, compare=False)
    span: Span | None = field(default=None, compare=False)

    def __add__(self, other: ExprLike) -> Expr:
        return _binary("add", self, other)

    def __radd__(self, other: ExprLike) -> Expr:
        return _binary("add", other, self)

    def __sub__(self, other: ExprLike) -> Expr:
        return _binary("sub", self, other)

    def __rsub__(self, other: ExprLike) -> Expr:
        return _binary("sub", other, self)

    def __mul__(self, other: ExprLike) -> Expr:
        return _binary("mul", self, other)

    def __rmul__(self, other: ExprLike) -> Expr:
        return _binary("mul", other, self)

    def __truediv__(self, other: ExprLike) -> Expr:
        return _binary("div", self, other)

    def __rtruediv__(self, other: ExprLike) -> Expr:
        return _binary("div", other, self)

    def __pow__(self, other: ExprLike) -> Expr:
        return _binary("pow", self, other)

    def __rpow__(self, other: ExprLike) -> Expr:
        return _binary("pow", other, self)

    def __floordiv__(self, other: ExprLike) -> Expr:
        return _binary("floordiv", self, other)

    def __rfloordiv__(self, other: ExprLike) -> Expr:
        return _binary("floordiv", other, self)

    def __mod__(self, other: ExprLike) -> Expr:
        return _binary("mod", self, other)

    def __rmod__(self, other: ExprLike) -> Expr:
        return _binary("mod", other, self)

    def __lshift__(self, other: ExprLike) -> Expr:
        return _binary("shl", self, other)

    def __rlshift__(self, other: ExprLike) -> Expr:
        return _binary("shl", other, self)

    def __rshift__(self, other: ExprLike) -> Expr:
        return _binary("shr", self, other)

    def __rrshift__(self, other: ExprLike) -> Expr:
        return _binary("shr", other, self)

    def __and__(self, other: ExprLike) -> Expr:
        return _binary("bitand", self, other)

    def __rand__(self, other: ExprLike) -> Expr:
        return _binary("bitand", other, self)

    def __or__(self, other: ExprLike) -> Expr:
        return _binary("bitor", self, other)

    def __ror__(self, other: ExprLike) -> Expr:
        return _binary("bitor", other, self)

    def __xor__(self, other: ExprLike) -> Expr:
        return _binary("bitxor", self, other)

    def __rxor__(self, other: ExprLike) -> Expr:
        return _binary("bitxor", other, self)

    def __invert__(self) -> Expr:
        return make("invert", (self,), here())

    def __neg__(self) -> Expr:
        return make("neg", (self,), here())

    def __pos__(self) -> Expr:
        return self

    def __abs__(self) -> Expr:
        return make("abs", (self,), here())

    def __lt__(self, other: ExprLike) -> Condition:
        return condition("lt", (self, lift(other)), here())

    def __le__(self, other: ExprLike) -> Condition:
        return condition("le", (self, lift(other)), here())

    def __gt__(self, other: ExprLike) -> Condition:
        return condition("gt", (self, lift(other)), here())

    def __ge__(self, other: ExprLike) -> Condition:
        return condition("ge", (self, lift(other)), here())

    def __bool__(self) -> NoReturn:
        raise located(
            ModelError, f"Python cannot ask whether {self} is true: its value is not known yet.",
            here(), _IF,
        )  # fmt: skip

    def __float__(self) -> NoReturn:
        raise located(
            ModelError, f"{self} has no number yet, so math and numpy cannot compute with it.",
            here(), "use the functions of spikeloom: exp, log, tanh, sqrt, …",
        )  # fmt: skip

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **_: Any) -> Any:
        do = _UFUNCS.get(ufunc.__name__)
        if method == "__call__" and do is not None and not any(_is_array(x) for x in inputs):
            if do in _COMPARISONS:
                return condition(do, (lift(inputs[0]), lift(inputs[1])), here())
            return make(do, tuple(lift(x) for x in inputs), here())
        raise located(
            ModelError, f"numpy.{ufunc.__name__} cannot be traced.", here(),
            f"use spikeloom's {ufunc.__name__}, and give arrays as values of a Param",
        )  # fmt: skip

    def __str__(self) -> str:
        from spikeloom.equations.printing import infix

        return infix(self)

    def __repr__(self) -> str:
        return f"<{self}  [{self.unit!s}]>" if not self.unit.dimensionless else f"<{self}>"


@dataclass(frozen=True, slots=True, repr=False)
class Condition:
    """A comparison, or several joined by ``&``, ``|`` and ``~``."""

    op: str
    args: tuple[Expr | Condition, ...]
    where: Where | None = field(default=None, compare=False)

    def __and__(self, other: Condition) -> Condition:
        return condition("and", (self, other), here())

    def __or__(self, other: Condition) -> Condition:
        return condition("or", (self, other), here())

    def __invert__(self) -> Condition:
        return condition("not", (self,), here())

    def __bool__(self) -> NoReturn:
        raise located(
            ModelError, f"Python cannot decide {self}: the values are not known yet.", here(), _IF
        )

    def __str__(self) -> str:
        from spikeloom.equations.printing import infix

        return infix(self)

    def __repr__(self) -> str:
        return f"<{self}>"


def located(
    kind: type[ModelError] | type[UnitError], message: str, where: Where | None, hint: str | None
) -> ModelError | UnitError:
    """An error that shows the user's own line with a caret under the sub-expression."""
    return kind(message if where is None else f"{message}\n{where.show()}", hint=hint)


def lift(value: Any, where: Where | None = None) -> Expr:
    """Numbers and quantities become constants of the tree."""
    if isinstance(value, Expr):
        return value
    where = where or here()
    if isinstance(value, Unit):
        return Expr("const", unit=value, value=1.0, where=where)
    if isinstance(value, Quantity) and isinstance(value.value, float):
        return Expr("const", unit=value.unit, value=value.value, where=where)
    if isinstance(value, Condition):
        raise located(ModelError, f"{value} is a condition where a number is expected.",
                      where, "choose a number by it: where(condition, 1.0, 0.0)")  # fmt: skip
    if isinstance(value, bool) or _is_array(value) or not _is_number(value):
        raise located(ModelError, f"a model cannot compute with a {type(value).__name__}.",
                      where, "use a number, a quantity, a Param, a State or an Input")  # fmt: skip
    if not isfinite(float(value)):
        raise located(ModelError, f"{value} is no number to compute with.", where, None)
    if isinstance(value, int) and abs(value) > 1 << 53:
        raise located(ModelError, f"{value} has more than 53 bits.", where,
                      "shift a smaller number: 1 << k")  # fmt: skip
    return Expr("const", value=float(value), where=where)


def make(op: str, args: tuple[Expr | Condition, ...], where: Where | None) -> Expr:
    """Build a node and check its units.

    Raises:
        UnitError: The operands do not fit; both are named, with the line they stand on.
    """
    numbers = [a for a in args if isinstance(a, Expr)]
    if op in WHOLE_ONLY or any(_counts(a) for a in (numbers if op != "select" else args)):
        return Expr(op, args, one, where=where, span=_whole(op, numbers, where))
    return Expr(op, args, _result_unit(op, numbers, where), where=where)


def _counts(node: Expr | Condition) -> bool:
    """Whether a number is whole, or a condition compares whole numbers."""
    return node.span is not None if isinstance(node, Expr) else any(map(_counts, node.args))


def span_of(expr: Expr) -> Span | None:
    """Where a whole number lies, also one that was written as a literal; None for a real number."""
    if expr.span is None and expr.op == "const" and expr.unit == one:
        value = expr.value or 0.0
        return Span(int(value), int(value)) if value == int(value) else None
    return expr.span


def _whole(op: str, numbers: list[Expr], where: Where | None) -> Span:
    spans = [span_of(a) for a in numbers]
    known = [s for s in spans if s is not None]
    if len(known) < len(spans):
        odd = numbers[spans.index(None)]
        mixed = any(a.span is not None for a in numbers)
        text = "is mixed with whole numbers and" if mixed else f"meets {SYMBOLS.get(op, op)} and"
        raise located(ModelError, f"{odd} {text} is no whole number itself.",
                      odd.where or where, _WHOLE)  # fmt: skip
    try:
        return result(op, known)
    except ModelError as error:
        raise located(ModelError, error.message, where, error.hint) from None


def condition(op: str, args: tuple[Any, ...], where: Where | None) -> Condition:
    """Build a condition and check what it is made of."""
    if op in ("and", "or", "not"):
        for a in args:
            if not isinstance(a, Condition):
                raise located(ModelError, f"{a} is a number, not a condition.", where,
                              "compare it: x >= y")  # fmt: skip
    else:
        if op == "eq" or any(a.span is not None for a in args):
            for a in args:
                if span_of(a) is None:
                    raise located(ModelError, f"{a} is no whole number, so {args[0]} and "
                                  f"{args[1]} cannot be compared.", where, _WHOLE)  # fmt: skip
        _same(op, args[0], args[1], where)
    return Condition(op, args, where)


def _result_unit(op: str, args: list[Expr], where: Where | None) -> Unit:
    if op in ("add", "sub", "min", "max", "select"):
        return _same(op, args[0], args[1], where)
    if op == "mul":
        return args[0].unit * args[1].unit
    if op == "div":
        return args[0].unit / args[1].unit
    if op == "pow":
        return _power(args[0], args[1], where)
    if op == "sqrt":
        return args[0].unit ** Fraction(1, 2)
    if op in ("neg", "abs"):
        return args[0].unit
    if op == "sign":
        return one
    _plain_number(op, args[0], where)
    return one


def _same(op: str, a: Expr, b: Expr, where: Where | None) -> Unit:
    if a.unit.fits(b.unit):
        return a.unit
    for x, y in ((a, b), (b, a)):  # zero is zero in every unit
        if x.op == "const" and x.value == 0 and x.unit.dimensionless:
            return y.unit
    verb = _VERBS[op]
    message = f"cannot {verb} {a} and {b}: {a.unit.described} and {b.unit.described} do not fit."
    from spikeloom.equations.randomness import TIMES, has_noise

    hint = TIMES if has_noise(a) or has_noise(b) else bridge(a.unit, b.unit)
    raise located(UnitError, message, where, hint)


def _power(base: Expr, exponent: Expr, where: Where | None) -> Unit:
    _plain_number("pow", exponent, where)
    if base.unit.dimensionless:
        return one
    if exponent.op == "neg" and isinstance(exponent.args[0], Expr):
        inner = exponent.args[0]
        number = None if inner.value is None else -inner.value
    else:
        number = exponent.value
    if number is None:
        raise located(UnitError, f"{base} has a unit ({base.unit!s}), so its exponent must be a "
                      f"fixed number, not {exponent}.", where,
                      f"divide {base} by a {base.unit.kind} first")  # fmt: skip
    return base.unit**number


def _plain_number(op: str, arg: Expr, where: Where | None) -> None:
    if not arg.unit.dimensionless:
        what = "an exponent" if op == "pow" else f"the argument of {op}"
        message = f"{what} must be a plain number; {arg} is a {arg.unit.kind} ({arg.unit!s})."
        raise located(UnitError, message, arg.where or where, f"divide it by a {arg.unit.kind}")


def _binary(op: str, a: object, b: object) -> Expr:
    where = here()
    return make(op, (lift(a, where), lift(b, where)), where)


def _is_array(value: object) -> bool:
    return bool(getattr(value, "shape", ()))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) or getattr(value, "shape", None) == ()


_COMPARISONS = ("lt", "le", "gt", "ge")
_VERBS = {
    "add": "add", "sub": "subtract", "min": "take the smaller of", "max": "take the larger of",
    "select": "choose between", "lt": "compare", "le": "compare", "gt": "compare",
    "ge": "compare", "rises": "compare", "eq": "compare",
}  # fmt: skip
_UFUNCS = {
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "div", "power": "pow",
    "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge",
}  # fmt: skip
