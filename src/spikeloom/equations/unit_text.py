"""Units and numbers as text: once as Python that can be evaluated, once as people write them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from spikeloom.equations.unit_table import PRETTY, SUPERSCRIPTS


def product_text(factors: Sequence[tuple[str, int | Fraction]]) -> str:
    """``mS / cm2``: the factors as Python source; no factors at all are ``one``."""
    up = [n if k == 1 else f"{n}**{_exponent_text(k)}" for n, k in factors if k > 0]
    down = [n if k == -1 else f"{n}**{_exponent_text(-k)}" for n, k in factors if k < 0]
    return " / ".join([" * ".join(up) or "one", *down])


def symbol_text(factors: Sequence[tuple[str, int | Fraction]]) -> str:
    """``mS/cm²``: the factors as people write them; no factors at all are the empty text."""

    def one_factor(name: str, k: int | Fraction) -> str:
        shown = PRETTY.get(name, name)
        return shown if k == 1 else f"{shown}{str(k).translate(SUPERSCRIPTS)}"

    up = "·".join(one_factor(n, k) for n, k in factors if k > 0)
    down = "".join(f"/{one_factor(n, -k)}" for n, k in factors if k < 0)
    return (up or "1") + down if down else up


def number_text(value: Any) -> str:
    """A float, or nested lists of floats, so that reading the text gives back every bit.

    >>> number_text(20.0), number_text([0.1, 1.0])
    ('20', '[0.1, 1]')
    """
    if np.ndim(value):
        return f"[{', '.join(number_text(x) for x in value)}]"
    text = repr(float(value))
    return text.removesuffix(".0")


def short_text(value: Any) -> str:
    """The same for people: of a long array the two ends.

    >>> short_text(range(1000))
    '[0, 1, 2, …, 997, 998, 999]'
    """
    if np.ndim(value) != 1 or len(value) <= 10:
        return number_text(value)
    first, last = (number_text(part)[1:-1] for part in (value[:3], value[-3:]))
    return f"[{first}, …, {last}]"


def _exponent_text(k: int | Fraction) -> str:
    return str(k) if isinstance(k, int) else f"({k})"
