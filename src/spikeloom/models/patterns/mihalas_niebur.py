"""The twenty patterns of the Mihalas-Niebur neuron.

Source: Mihalas & Niebur 2009, Neural Comput. 21:704, table 1 and figure 1; inputs as in Detorakis
2017, ReScience 3(1), article 6. There I1 and I2 start beside zero; here they start at zero.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Final

from spikeloom.equations.units import ms, mV
from spikeloom.models.patterns.pattern import Pattern


def _pattern(a: float, A_1: float, A_2: float, *parts: tuple[float, float]) -> Pattern:
    """`a` in 1/s, jumps in V/s, and parts as (input in V/s, length in ms)."""
    params = {"a": a * 1e-3 / ms, "A_1": A_1 * mV / ms, "A_2": A_2 * mV / ms}
    ends = list(accumulate(length for _, length in parts))
    pieces = tuple(
        (end - length, end, level, 0.0)
        for end, (level, length) in zip(ends, parts, strict=True)
    )  # fmt: skip
    return Pattern(params, ends[-1] * ms, 0.01 * ms, mV / ms, pieces)


MIHALAS_NIEBUR: Final = {
    "tonic spiking": _pattern(0, 0, 0, (1.5, 200)),
    "class 1": _pattern(0, 0, 0, (1.000001, 500)),
    "spike frequency adaptation": _pattern(5, 0, 0, (2, 200)),
    "phasic spiking": _pattern(5, 0, 0, (1.5, 500)),
    "accommodation": _pattern(
        5, 0, 0, (1.5, 100), (0, 500), (0.5, 100), (1, 100), (1.5, 100), (0, 100)),
    "threshold variability": _pattern(
        5, 0, 0, (1.5, 20), (0, 180), (-1.5, 25), (0, 25), (1.5, 25), (0, 125)),
    "rebound spike": _pattern(5, 0, 0, (0, 50), (-3.5, 756), (0, 194)),
    "class 2": _pattern(5, 0, 0, (2.000002, 300)),
    "integrator": _pattern(
        5, 0, 0, (1.5, 20), (0, 10), (1.5, 20), (0, 250), (1.5, 20), (0, 20), (1.5, 20), (0, 40)),
    "input bistability": _pattern(5, 0, 0, (1.5, 100), (1.7, 400), (1.5, 100), (1.7, 400)),
    "hyperpolarization-induced spiking": _pattern(30, 0, 0, (-1, 400)),
    "hyperpolarization-induced bursting": _pattern(30, 10, -0.6, (-1, 400)),
    "tonic bursting": _pattern(5, 10, -0.6, (2, 500)),
    "phasic bursting": _pattern(5, 10, -0.6, (1.5, 500)),
    "rebound burst": _pattern(5, 10, -0.6, (0, 100), (-3.5, 500), (0, 400)),
    "mixed mode": _pattern(5, 5, -0.3, (2, 500)),
    "afterpotentials": _pattern(5, 5, -0.3, (2, 15), (0, 185)),
    "basal bistability": _pattern(0, 8, -0.1, (5, 10), (0, 90), (5, 10), (0, 90)),
    "preferred frequency": _pattern(
        5, -3, 0.5, (5, 5), (0, 5), (4, 5), (0, 385), (5, 5), (0, 45), (4, 5), (0, 345)),
    "spike latency": _pattern(-80, 0, 0, (8, 2), (0, 48)),
}  # fmt: skip
