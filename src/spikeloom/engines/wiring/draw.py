"""One random number a synapse: which distribution, in the form that native code takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, erfc, floor, inf, isfinite, log1p, log2, sqrt
from math import log as ln
from typing import Any

import numpy as np

from spikeloom.engines.wiring.arrays import ARRAYS, Array, words
from spikeloom.engines.wiring.formulas import Arithmetic, exponential, normal_quantile, unit_open
from spikeloom.equations.values import Distribution
from spikeloom.errors import ParameterError

LEAST = 1e-12
"""Bounds that keep less than this of a distribution are taken for a mistake."""


@dataclass(frozen=True, slots=True)
class Draw:
    """value = f(a + b g(c + span u)) within low … high, u uniform between 0 and 1.

    g is the identity for ``uniform`` and the normal quantile for the others; f is the exponential
    for ``lognormal``. Bounds act on u, so a value outside of them is never drawn, and every synapse
    takes one number however narrow they are. With a step, values are multiples of it.

    >>> draw = prepare(Distribution("normal", 1.5, 0.75, low=0.0))
    >>> bool(np.all(draw.values(1, np.arange(1000)) >= 0))
    True
    """

    kind: str
    a: float
    b: float
    c: float
    span: float
    low: float
    high: float
    step: float = 0.0

    def formula(self, o: Arithmetic, word: Any, p: dict[str, Any]) -> Any:
        """The value from a random word; `p` holds the `numbers` in the arithmetic of `o`."""
        u = p["c"] + p["span"] * unit_open(o, word)
        value = p["a"] + p["b"] * (u if self.kind == "uniform" else normal_quantile(o, u))
        if self.kind == "lognormal":
            value = exponential(o, value)
        if self.step:
            value = o.rint(value * p["per_step"]) * p["step"]
        value = o.where(value < p["low"], p["low"], value)
        return o.where(value > p["high"], p["high"], value)

    @property
    def largest(self) -> float:
        """The largest value that can be drawn."""
        return float(np.max(self._ends))

    @property
    def smallest(self) -> float:
        """The smallest value that can be drawn."""
        return float(np.min(self._ends))

    @property
    def _ends(self) -> Array:
        p = {name: np.float64(x) for name, x in self.numbers.items()}
        return self.formula(ARRAYS, np.array([0, 2**64 - 1], np.uint64), p)

    @property
    def numbers(self) -> dict[str, float]:
        """The numbers of the formula by name; one over a power of two is exact."""
        per_step = 1 / self.step if self.step else 0.0
        return {name: getattr(self, name) for name in NUMBERS[:-1]} | {"per_step": per_step}

    def in_24_bits(self) -> Draw:
        """The same, rounded to numbers of 24 bits times a power of two, where that loses nothing.

        The largest weight keeps as many digits as a float32 has, smaller ones the same absolute
        accuracy. A lognormal distribution has values of very different size and stays as it is.
        """
        step = step_of_24_bits(float(np.max(np.abs(self._ends))))
        if self.kind == "lognormal" or step is None:
            return self
        low = ceil(self.low / step) * step if isfinite(self.low) else self.low
        high = floor(self.high / step) * step if isfinite(self.high) else self.high
        return replace(self, step=step, low=low, high=high) if low <= high else self

    def values(self, key: int, index: Any) -> Array:
        """The values of the given synapses, float64."""
        with np.errstate(over="ignore"):
            p = {name: np.float64(x) for name, x in self.numbers.items()}
            return self.formula(ARRAYS, words(key, 0, index), p)


def step_of_24_bits(most: float) -> float | None:
    """The least power of two that 24 bits can count up to a number and down to its negative.

    >>> step_of_24_bits(3.0) == 4 / 2**23
    True
    """
    if not 2.0**-90 < most < 2.0**90:  # beyond, steps or their inverses may not be float32 numbers
        return None
    return 2.0 ** (floor(log2(most * (1 + 2.0**-22))) - 22)


NUMBERS = ("a", "b", "c", "span", "low", "high", "step", "per_step")


def prepare(chosen: Distribution, scale: float = 1.0, low: float | None = None) -> Draw:
    """A distribution as a `Draw`.

    Arguments:
        chosen: The distribution.
        scale: Every value is multiplied by it.
        low: A lower bound beside those of the distribution, before scaling.

    Raises:
        ParameterError: The bounds leave nothing to draw.
    """
    bounds = [x for x in (chosen.low, low) if x is not None]
    least = max(bounds) if bounds else -inf
    most = inf if chosen.high is None else chosen.high
    a, b = chosen.a, chosen.b
    if chosen.kind == "uniform":
        return _uniform(chosen, max(a, least), min(b, most), scale)
    below, above = least, most
    if chosen.kind == "lognormal":
        variance = log1p((b / a) ** 2)
        a, b = ln(a) - variance / 2, sqrt(variance)
        below = ln(least) if least > 0 else -inf
        above = ln(most) if most > 0 else -inf
    if b == 0:
        start, end, sign = (0.0, 1.0, 1.0) if below <= a <= above else (0.0, 0.0, 1.0)
    elif below > a:  # count from the upper end, where small probabilities keep their digits
        start, end, sign = _tail((above - a) / b), _tail((below - a) / b), -1.0
    else:
        start, end, sign = _tail((a - below) / b), _tail((a - above) / b), 1.0
    if not end - start > LEAST:
        raise _empty(chosen, least, most)
    if chosen.kind == "lognormal":
        a += ln(scale)
        return Draw("lognormal", a, sign * b, start, end - start, least * scale, most * scale)
    return Draw(
        "normal", a * scale, sign * b * scale, start, end - start, least * scale, most * scale
    )


def _uniform(chosen: Distribution, low: float, high: float, scale: float) -> Draw:
    if low > high:
        raise _empty(chosen, low, high)
    low, high = low * scale, high * scale
    return Draw("uniform", low, high - low, 0.0, 1.0, low, high)


def _tail(x: float) -> float:
    """The probability that a standard normal number is above x."""
    return 0.5 * erfc(x / sqrt(2.0))


def _empty(chosen: Distribution, low: float, high: float) -> ParameterError:
    return ParameterError(
        f"{chosen!r}: hardly any draw falls between {low:g} and {high:g}.",
        hint="widen the bounds or move the mean",
    )
