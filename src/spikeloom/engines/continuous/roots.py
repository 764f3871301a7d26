"""A zero between two points, and on which side of it one stands."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def crossing(f: Callable[[float], float], a: float, b: float) -> float | None:
    """Where f changes its sign between a and b: a point that has the sign of f(b), or None.

    The answer is on the side of b, so that a spike that is found once is not found again from
    there.
    """
    optimize: Any = import_module("scipy.optimize")  # slow to import, and without types
    before, after = f(a) < 0, f(b) < 0
    if before == after:
        return None
    root, width = float(optimize.brentq(f, a, b, xtol=1e-300, rtol=1e-15)), 1e-15 * max(abs(b), 1.0)
    while (f(root) < 0) == before and root < b:
        root, width = min(root + width, b), 2 * width
    return root
