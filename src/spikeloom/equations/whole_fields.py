"""The words of a class body that only whole numbers have: integer(), draw(); and their widths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from spikeloom.equations.expr import located
from spikeloom.equations.span import MOST_BITS, Span
from spikeloom.equations.where import Where, here
from spikeloom.errors import ModelError


@dataclass(frozen=True, slots=True)
class ParamField:
    """What `integer(...)` leaves in the class body: one parameter, or one for each value."""

    values: tuple[int, ...]
    span: Span
    where: Where | None
    single: bool = True


@dataclass(frozen=True, slots=True)
class DrawField:
    """What `draw(...)` leaves there."""

    bits: int
    where: Where | None
    of: int | None = None


def integer(
    default: int | tuple[int, ...],
    *,
    bits: int | None = None,
    signed: bool = True,
    low: int | None = None,
    high: int | None = None,
) -> Any:
    """Declare a Param that is a whole number.

    Arguments:
        default: Its value. A tuple makes as many parameters: of ``s: Param = integer((1, 2), …)``
            the methods read ``self.s[0]`` and ``self.s[1]``, and the constructor takes ``s=(…)``
            as well as ``s0=…``.
        bits, signed: Its width.
        low, high: Bounds inside or in place of it.
    """
    bounded = low is not None and high is not None
    span = Span(low or 0, high or 0) if bounded else None
    if bits is not None:
        whole = width("integer", None, bits, signed)
        span = Span(whole.low if low is None else low, whole.high if high is None else high)
    values = default if isinstance(default, tuple) else (default,)
    if span is None or span.low > span.high:
        raise located(ModelError, "integer needs a width: bits, or low and high.", here(),
                      "integer(3, bits=9), or integer(0, low=0, high=2)")  # fmt: skip
    for value in values or ("nothing",):
        if not isinstance(value, int) or not span.low <= value <= span.high:
            raise located(ModelError, f"integer: {value} is no whole number in {span}.", here(),
                          None)  # fmt: skip
        if abs(value) > 1 << 53:
            raise located(ModelError, f"integer: {value} has more than 53 bits.", here(), None)
    return ParamField(values, span, here(), not isinstance(default, tuple))


def draw(
    *nothing: object, bits: Any = None, of: int | None = None, init: Literal[False] = False
) -> Any:
    """Declare a random whole number of so many bits, of its own for each neuron and tick.

    It is uniform, and the same wherever it is read in one tick. `hits` takes it as a stream, of
    which it draws as many as it needs. The bits come from a counter: the same seed, neuron and tick
    give the same number, on any number of threads.

    Arguments:
        nothing: No unit.
        bits: Its width, 1 to 32.
        of: So many of one name and a number, as in `inflow`.
        init: Always False.
    """
    if nothing or isinstance(bits, bool) or not isinstance(bits, int) or not 1 <= bits <= 32:
        raise located(ModelError, "draw needs its width, 1 to 32 bits.", here(), "draw(bits=8)")
    return DrawField(bits, here(), count("draw", of))


def count(word: str, of: object) -> int | None:
    if of is None or (isinstance(of, int) and of > 0):
        return of
    raise located(ModelError, f"{word}: of must be how many there are, got {of!r}.", here(), None)


def width(word: str, unit: object, bits: object, signed: object) -> Span:
    if unit is not None:
        raise located(ModelError, f"{word}: a whole number has a width or a unit, not both.",
                      here(), f"{word}(bits={bits})")  # fmt: skip
    most = MOST_BITS if signed else MOST_BITS - 1
    if isinstance(bits, bool) or not isinstance(bits, int) or not 1 <= bits <= most:
        raise located(ModelError, f"{word}: bits must be 1 to {most}, got {bits!r}.", here(), None)
    return Span.of(bits, signed=bool(signed))
