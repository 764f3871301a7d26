"""Ranges of whole numbers, and what every operation makes of them.

Each field of an integer model declares its width, so the range of every expression follows while
the class is made. What cannot be held is an error there, and no run needs to look for overflow.

>>> Span.of(8), Span.of(8, signed=False), Span(0, 2)
(int8, uint8, 0…2)
>>> RESULTS["mul"](Span(-3, 2), Span(-1, 5)).ends
(-15, 10)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from spikeloom.errors import ModelError

MOST_BITS = 64
MOST_SHIFT = 62


@dataclass(frozen=True, slots=True, repr=False)
class Span:
    """The whole numbers from `low` to `high`, both included."""

    low: int
    high: int

    @classmethod
    def of(cls, bits: int, *, signed: bool = True) -> Span:
        """All numbers of so many bits; signed ones in two's complement."""
        return cls(-(1 << bits - 1), (1 << bits - 1) - 1) if signed else cls(0, (1 << bits) - 1)

    @property
    def ends(self) -> tuple[int, int]:
        """Lowest and highest."""
        return self.low, self.high

    def holds(self, other: Span) -> bool:
        """Whether every number of the other is one of these."""
        return self.low <= other.low and other.high <= self.high

    @property
    def bits(self) -> int:
        """Bits of the narrowest signed or, without negative numbers, unsigned number for it."""
        if self.low >= 0:
            return max(self.high.bit_length(), 1)
        return max((-self.low - 1).bit_length(), self.high.bit_length()) + 1

    def __str__(self) -> str:
        if self == Span.of(self.bits, signed=self.low < 0):
            return f"{'int' if self.low < 0 else 'uint'}{self.bits}"
        return f"{self.low}…{self.high}"

    __repr__ = __str__


LARGEST = Span.of(MOST_BITS)


def around(numbers: list[int]) -> Span:
    """The smallest span of some numbers."""
    return Span(min(numbers), max(numbers))


def _corners(function: Callable[[int, int], int], a: Span, b: Span) -> Span:
    return around([function(x, y) for x in a.ends for y in b.ends])


def _shift(a: Span, by: Span, left: bool) -> Span:
    if by.low < 0 or by.high > MOST_SHIFT:
        raise ModelError(
            f"a shift must be by 0 to {MOST_SHIFT} bits; this one is by {by.low} to {by.high}.",
            hint="bound it: clip(k, 0, 15), or shift the other way with >> or <<",
        )
    return _corners(lambda x, k: x << k if left else x >> k, a, by)


def _divisor(b: Span) -> list[int]:
    if b.low <= 0 <= b.high:
        raise ModelError(
            f"the divisor can be 0: it lies in {b}.",
            hint="declare it with low=1, or take maximum(x, 1)",
        )
    return [b.low, b.high]


def _floordiv(a: Span, b: Span) -> Span:
    return around([x // y for x in a.ends for y in _divisor(b)])


def _mod(a: Span, b: Span) -> Span:
    low, high = _divisor(b)
    if low > 0:
        return a if a.low >= 0 and a.high < low else Span(0, high - 1)
    return Span(low + 1, 0)


def _whole_bits(a: Span, b: Span) -> Span:
    """All numbers of the wider of the two, signed."""
    return Span.of(max(a.bits + (a.low >= 0), b.bits + (b.low >= 0)))


def _and(a: Span, b: Span) -> Span:
    positive = [s.high for s in (a, b) if s.low >= 0]
    return Span(0, min(positive)) if positive else _whole_bits(a, b)


def _or(a: Span, b: Span) -> Span:
    if min(a.low, b.low) >= 0:
        return Span(max(a.low, b.low), (1 << max(a.bits, b.bits)) - 1)
    return _whole_bits(a, b)


def _xor(a: Span, b: Span) -> Span:
    if min(a.low, b.low) >= 0:
        return Span(0, (1 << max(a.bits, b.bits)) - 1)
    return _whole_bits(a, b)


def _into(a: Span, low: Span, high: Span) -> Span:
    """What wraps into a range: itself where it never leaves it."""
    target = Span(low.low, high.high)
    return a if target.holds(a) else target


def _saturated(a: Span, low: Span, high: Span) -> Span:
    return Span(*(min(max(x, low.low), high.high) for x in a.ends))


def _hits(draw: Span, number: Span, limit: Span) -> Span:
    del draw, limit
    if number.low < 0 or number.high >= 1 << 20:
        raise ModelError(
            f"hits counts 0 to {(1 << 20) - 1} draws; this number of them lies in {number}.",
            hint="declare the input with its bits and signed=False",
        )
    return Span(0, number.high)


ONE: Mapping[str, Callable[[Span], Span]] = {
    "neg": lambda a: Span(-a.high, -a.low),
    "abs": lambda a: Span(0 if a.low <= 0 <= a.high else min(map(abs, a.ends)),
                          max(map(abs, a.ends))),
    "sign": lambda a: Span(*((x > 0) - (x < 0) for x in a.ends)),
    "invert": lambda a: Span(-a.high - 1, -a.low - 1),
}  # fmt: skip
TWO: Mapping[str, Callable[[Span, Span], Span]] = {
    "add": lambda a, b: Span(a.low + b.low, a.high + b.high),
    "sub": lambda a, b: Span(a.low - b.high, a.high - b.low),
    "mul": lambda a, b: _corners(lambda x, y: x * y, a, b),
    "min": lambda a, b: Span(min(a.low, b.low), min(a.high, b.high)),
    "max": lambda a, b: Span(max(a.low, b.low), max(a.high, b.high)),
    "select": lambda a, b: Span(min(a.low, b.low), max(a.high, b.high)),
    "shl": lambda a, k: _shift(a, k, True),
    "shr": lambda a, k: _shift(a, k, False),
    "floordiv": _floordiv,
    "mod": _mod,
    "bitand": _and,
    "bitor": _or,
    "bitxor": _xor,
}
THREE: Mapping[str, Callable[[Span, Span, Span], Span]] = {
    "wrap": _into,
    "saturate": _saturated,
    "hits": _hits,
}
RESULTS: Mapping[str, Callable[..., Span]] = {**ONE, **TWO, **THREE}
"""Operation on whole numbers → span of the result, of the spans of its arguments."""

SYMBOLS = {
    "shl": "<<", "shr": ">>", "floordiv": "//", "mod": "%", "bitand": "&", "bitor": "|",
    "bitxor": "^", "invert": "~",
}  # fmt: skip
WHOLE_ONLY = frozenset({*SYMBOLS, "wrap", "saturate", "hits"})
"""Operations that real numbers do not have."""


def result(op: str, spans: list[Span]) -> Span:
    """The span of a result.

    Raises:
        ModelError: No such operation on whole numbers, or more than 64 bits.
    """
    rule = RESULTS.get(op)
    if rule is None:
        hint = {
            "div": "// divides whole numbers and rounds down",
            "pow": "multiply, or shift: 1 << k is two to the power of k",
        }.get(op, "an integer model computes with + - * // % << >> & | ^ ~ and choices")
        raise ModelError(f"{op} does not give a whole number.", hint=hint)
    made = rule(*spans)
    if not LARGEST.holds(made):
        raise ModelError(
            f"this can reach from {made.low:.3g} to {made.high:.3g}, more than {MOST_BITS} bits.",
            hint="narrow it before: wrap(x, bits), saturate(x, bits), clip(x, low, high) or x >> k",
        )
    return made
