"""Whole numbers in the model language: functions, and what a state does with a number too large.

>>> x = Expr("leaf", kind="state", name="x", span=Span.of(20))
>>> (abs(x) * abs(x) >> 12).span, (x % 7).span, (x & 255).span, (-x // 3).span
(0…67108864, 0…6, uint8, -174763…174762)
>>> wrap(x + 1, 20), saturate(x + 1, 8, signed=False), equals(x, 3), (x << 2 | 1) ^ ~x
(<wrap(x + 1, int20)>, <saturate(x + 1, uint8)>, <x == 3>, <(x << 2 | 1) ^ ~x>)
>>> rho = Expr("leaf", kind="draw", name="rho", span=Span.of(8, signed=False))
>>> hits(rho, abs(x) >> 12, 127)
<hits(rho, abs(x) >> 12, 127)>
"""

from __future__ import annotations

from spikeloom.equations.declare import Overflow
from spikeloom.equations.declare import draw as draw
from spikeloom.equations.declare import impulse as impulse
from spikeloom.equations.declare import integer as integer
from spikeloom.equations.declare import state as state
from spikeloom.equations.expr import Condition, Expr, ExprLike, condition, lift, located, make
from spikeloom.equations.expr import span_of as span_of
from spikeloom.equations.functions import sign as sign
from spikeloom.equations.functions import where as where
from spikeloom.equations.span import Span
from spikeloom.equations.where import Where, here
from spikeloom.errors import ModelError


def wrap(x: ExprLike, bits: int, *, signed: bool = True) -> Expr:
    """`x` in so many bits, going round at their ends: what stays of it when the rest is dropped."""
    place = here()
    return bounded("wrap", lift(x, place), Span.of(bits, signed=signed), place)


def saturate(x: ExprLike, bits: int, *, signed: bool = True) -> Expr:
    """`x` in so many bits, kept at their ends."""
    place = here()
    return bounded("saturate", lift(x, place), Span.of(bits, signed=signed), place)


def equals(a: ExprLike, b: ExprLike) -> Condition:
    """Whether two whole numbers are equal."""
    place = here()
    return condition("eq", (lift(a, place), lift(b, place)), place)


def hits(draws: Expr, n: ExprLike, limit: ExprLike) -> Expr:
    """Of `n` random numbers of the stream `draws`, how many are at most `limit`.

    Each of the n comes to pass with the probability (limit + 1) / 2^bits, independently.

    Arguments:
        draws: A random number that was declared with `draw`.
        n: How many are drawn, 0 or more.
        limit: The largest that counts.
    """
    place = here()
    if getattr(draws, "kind", None) != "draw":
        raise located(ModelError, f"hits draws from a declared stream; got {draws}.", place,
                      "rho: Draw = draw(bits=8), then hits(self.rho, n, limit)")  # fmt: skip
    return make("hits", (draws, lift(n, place), lift(limit, place)), place)


def fitted(
    what: str, span: Span | None, overflow: Overflow | None, expr: Expr, where: Where | None
) -> Expr:
    """What is assigned to a state, wrapped or saturated as the state was declared.

    Raises:
        ModelError: A real number for a whole state, a whole number for a real one, or a number
            that may be too large for a state without a rule for that.
    """
    if span is None:
        if expr.span is None:
            return expr
        raise located(ModelError, f"{what} is a real number, but {expr} is a whole one.",
                      expr.where or where, "declare the state with its width: state(bits=20)",
                      )  # fmt: skip
    got = span_of(expr)
    if got is None:
        raise located(ModelError, f"{what} is a whole number ({span}), and {expr} is none.",
                      expr.where or where, "round it: // and >> round down")  # fmt: skip
    if span.holds(got):
        return expr
    if overflow is None:
        raise located(
            ModelError, f"{what} holds {span}, but this reaches from {got.low} to {got.high}.",
            expr.where or where, "say what happens then: state(bits=…, overflow='saturate') or "
            "'wrap'; or bound it: clip(x, low, high)",
        )  # fmt: skip
    return bounded(overflow, expr, span, where)


def bounded(op: str, x: Expr, span: Span, where: Where | None) -> Expr:
    """`x` wrapped or saturated into a span.

    Raises:
        ModelError: The span is too wide for literals.
    """
    if max(-span.low, span.high) > 1 << 53:
        raise located(ModelError, f"{op}: at most 54 bits.", where, None)
    ends = [Expr("const", value=float(end), where=where) for end in span.ends]
    return make(op, (x, *ends), where)
