"""The functions a model may use. Each takes expressions or numbers and records what was asked for.

>>> x = Expr("leaf", kind="argument", name="x")
>>> exp(-x) + expm1(x) + log(x) + log1p(x) + sqrt(x) + sign(x)
<exp(-x) + expm1(x) + log(x) + log1p(x) + sqrt(x) + sign(x)>
>>> tanh(x) + sigmoid(x) + sinh(x) + cosh(x) + sin(x) + cos(x) + atan(x) + erf(x) + exprel(x)
<tanh(x) + sigmoid(x) + sinh(x) + cosh(x) + sin(x) + cos(x) + atan(x) + erf(x) + exprel(x)>
>>> clip(x, 0, 1)
<minimum(maximum(x, 0), 1)>
>>> where(x > 0, minimum(x, 1), maximum(-x, 2)), rises(x, 1)
(<where(x > 0, minimum(x, 1), maximum(-x, 2))>, <rises(x, 1)>)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from spikeloom.equations.expr import Condition, Expr, ExprLike, condition, lift, located, make
from spikeloom.equations.where import here
from spikeloom.errors import ModelError

pi = 3.141592653589793


def _unary(op: str, doc: str) -> Callable[[ExprLike], Expr]:
    def function(x: ExprLike) -> Expr:
        where = here()
        return make(op, (lift(x, where),), where)

    function.__name__ = function.__qualname__ = op
    function.__doc__ = doc
    return function


exp = _unary("exp", "e to the power of a plain number.")
expm1 = _unary("expm1", "exp(x) - 1, exact also where x is small.")
log = _unary("log", "Natural logarithm of a plain number.")
log1p = _unary("log1p", "log(1 + x), exact also where x is small.")
sqrt = _unary("sqrt", "Square root; the unit takes the root too.")
sign = _unary("sign", "-1, 0 or 1.")
tanh = _unary("tanh", "Hyperbolic tangent of a plain number.")
sigmoid = _unary("sigmoid", "1 / (1 + exp(-x)) of a plain number.")
sinh = _unary("sinh", "Hyperbolic sine of a plain number.")
cosh = _unary("cosh", "Hyperbolic cosine of a plain number.")
sin = _unary("sin", "Sine of a plain number in radians.")
cos = _unary("cos", "Cosine of a plain number in radians.")
atan = _unary("atan", "Inverse tangent of a plain number.")
erf = _unary("erf", "Error function of a plain number.")
exprel = _unary("exprel", "(exp(x) - 1) / x, and 1 at 0.")


def minimum(a: ExprLike, b: ExprLike) -> Expr:
    """The smaller of two values of like unit."""
    where = here()
    return make("min", (lift(a, where), lift(b, where)), where)


def maximum(a: ExprLike, b: ExprLike) -> Expr:
    """The larger of two values of like unit."""
    where = here()
    return make("max", (lift(a, where), lift(b, where)), where)


def clip(x: ExprLike, low: ExprLike, high: ExprLike) -> Expr:
    """`x` kept between `low` and `high`."""
    where = here()
    bounded = make("max", (lift(x, where), lift(low, where)), where)
    return make("min", (bounded, lift(high, where)), where)


def where(condition: Condition | Any, a: ExprLike, b: ExprLike) -> Expr:
    """`a` where the condition holds and `b` elsewhere."""
    place = here()
    if not isinstance(condition, Condition):
        raise located(
            ModelError, f"where needs a condition first; got {condition}.", place,
            "compare something: where(v > E, a, b)",
        )  # fmt: skip
    return make("select", (condition, lift(a, place), lift(b, place)), place)


def rises(a: ExprLike, b: ExprLike) -> Condition:
    """`a` crosses `b` upward: below before the step, at or above after it."""
    place = here()
    return condition("rises", (lift(a, place), lift(b, place)), place)


FUNCTIONS: dict[str, str] = {
    "exp": "exp", "expm1": "expm1", "log": "log", "log1p": "log1p", "sqrt": "sqrt", "abs": "abs",
    "sign": "sign", "tanh": "tanh", "sigmoid": "sigmoid", "sinh": "sinh", "cosh": "cosh",
    "sin": "sin", "cos": "cos", "atan": "atan", "arctan": "atan", "erf": "erf",
    "exprel": "exprel", "minimum": "min", "min": "min", "maximum": "max", "max": "max",
    "where": "select", "rises": "rises", "chance": "chance", "escapes": "escapes",
}  # fmt: skip
"""What text equations may call, and the operation it stands for."""
