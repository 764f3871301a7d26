"""What text says of whole numbers: widths, and what each name with a width is.

>>> piece = Snippet(" uint8 (draw)", "<text>", 1, 0, "rho : uint8 (draw)")
>>> read_width(piece)
Width(span=uint8, flag='draw')
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from spikeloom.equations.declare import Overflow, StateField, draw, impulse, inflow
from spikeloom.equations.quantity import Quantity, one
from spikeloom.equations.span import MOST_BITS, Span
from spikeloom.equations.text_expr import Snippet
from spikeloom.equations.whole_fields import ParamField
from spikeloom.errors import SpikeloomError

WIDTH = re.compile(r"(u?)int(\d+)$")
RANGE = re.compile(r"(-?\d+)\s*(?:…|\.\.\.?)\s*(-?\d+)$")
FLAG = re.compile(r"\(\s*(\w+)\s*\)$")
STATES = ("wrap", "saturate")
INPUTS = ("impulse", "draw", "parameter")


@dataclass(frozen=True, slots=True)
class Width:
    """A width and the word in brackets behind it, ``""`` for none."""

    span: Span
    flag: str


def read_width(piece: Snippet) -> Width | None:
    """The width that a line ends with, or None where it ends with something else.

    Raises:
        ModelError: A width that no number has.
    """
    text = piece.text.strip()
    flag = FLAG.search(text)
    body = text[: flag.start()].strip() if flag else text
    bits, ends = WIDTH.match(body), RANGE.match(body)
    if ends:
        span = Span(int(ends[1][:20]), int(ends[2][:20]))
        if span.low > span.high or not Span.of(MOST_BITS).holds(span):
            raise piece.error("this range holds no number, or more than 64 bits.")
    elif bits:
        signed, number = not bits[1], int(bits[2][:9])
        most = MOST_BITS if signed else MOST_BITS - 1
        if not 1 <= number <= most:
            raise piece.error(f"a width is 1 to {most} bits.", hint="for example int20 or uint8")
        span = Span.of(number, signed=signed)
    else:
        return None
    return Width(span, flag[1] if flag else "")


def state_field(width: Width, piece: Snippet) -> StateField:
    """What ``: int20 (saturate)`` behind a tick declares."""
    if width.flag not in ("", *STATES):
        raise _flag(width, piece, STATES)
    _bits(width, piece, "a state")
    how: Overflow | None = None
    if width.flag:
        how = "wrap" if width.flag == "wrap" else "saturate"
    return StateField(one, 0.0, piece.where(), span=width.span, overflow=how)


def field(name: str, width: Width, params: Mapping[str, Any], piece: Snippet) -> tuple[Any, str]:
    """What a line without an equation declares, and the word of its annotation."""
    if width.flag not in ("", *INPUTS):
        raise _flag(width, piece, INPUTS)
    if width.flag == "parameter":
        return _parameter(name, width.span, params, piece), "Param"
    if name in params:
        raise piece.error(f"{name!r} has a default, so it is a parameter.",
                          hint=f"{name} : {width.span} (parameter)")  # fmt: skip
    signed, bits = _bits(width, piece, "an input or a draw"), width.span.bits
    if width.flag == "draw":
        if signed or bits > 32:
            raise piece.error("a draw has 1 to 32 bits and no sign.", hint=f"{name} : uint8 (draw)")
        return draw(bits=bits), "Draw"
    made = impulse if width.flag == "impulse" else inflow
    return replace(made(bits=bits, signed=signed), where=piece.where()), "Input"


def _parameter(name: str, span: Span, params: Mapping[str, Any], piece: Snippet) -> ParamField:
    if name not in params:
        raise piece.error(f"the parameter {name!r} has no default.",
                          hint=f"give it beside the text: from_text(…, {name}=3)")  # fmt: skip
    given = params[name]
    value = given.value if isinstance(given, Quantity) and given.unit == one else given
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
        raise piece.error(f"{name!r} is a whole number; its default is {given}.")
    if not span.low <= value <= span.high:
        raise piece.error(f"the default of {name!r}, {value}, is not in {span}.")
    return ParamField((int(value),), span, piece.where())


def _bits(width: Width, piece: Snippet, what: str) -> bool:
    """Whether a width has a sign; a range between two numbers has no width."""
    signed = width.span.low < 0
    if Span.of(width.span.bits, signed=signed) != width.span:
        raise piece.error(f"{what} has a width in bits, not the range {width.span}.",
                          hint="for example int20 or uint8")  # fmt: skip
    return signed


def _flag(width: Width, piece: Snippet, known: tuple[str, ...]) -> SpikeloomError:
    words = ", ".join(f"({word})" for word in known)
    return piece.error(f"({width.flag}) is not known here.", hint=f"this line may end with {words}")
