"""Numbers in words and short forms, for people."""

from __future__ import annotations

import numpy as np


def percent(fractions: np.ndarray) -> str:
    """Mean in per cent, with the sample standard deviation over seeds if there are several.

    >>> percent(np.array([0.975]))
    '97.5 %'
    >>> percent(np.array([0.97, 0.98]))
    '97.5 ± 0.7 %'
    """
    mean = f"{100 * float(np.mean(fractions)):.1f}"
    if len(fractions) < 2:
        return f"{mean} %"
    return f"{mean} ± {100 * float(np.std(fractions, ddof=1)):.1f} %"


def short(value: float) -> str:
    """Three significant digits, thousands apart, no exponent.

    >>> short(12345.6), short(0.04567), short(3.0), short(float("nan"))
    ('12,300', '0.0457', '3', '–')
    """
    if not np.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    digits = 2 - int(np.floor(np.log10(abs(value))))
    rounded = round(value, digits)
    text = f"{rounded:,.{max(digits, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def ratio(ours: float, theirs: float) -> str:
    """How two positive amounts compare.

    >>> ratio(2.0, 10.0), ratio(10.0, 4.0), ratio(1.0, 1.02), ratio(1.0, 0.0)
    ('5 times less', '2.5 times more', 'about the same', '')
    """
    if not (ours > 0 and theirs > 0 and np.isfinite(ours) and np.isfinite(theirs)):
        return ""
    factor = theirs / ours
    if 0.95 < factor < 1.05:
        return "about the same"
    return f"{factor:.2g} times less" if factor > 1 else f"{1 / factor:.2g} times more"


def points(ours: float, theirs: float) -> str:
    """How two fractions compare, in points of per cent.

    >>> points(0.975, 0.98), points(0.98, 0.98)
    ('0.5 points below its plain twin', 'level with its plain twin')
    """
    apart = round(100 * (ours - theirs), 1)
    if apart == 0:
        return "level with its plain twin"
    return f"{abs(apart):.1f} points {'above' if apart > 0 else 'below'} its plain twin"
