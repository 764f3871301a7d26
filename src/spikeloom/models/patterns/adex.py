"""The firing patterns of the adaptive exponential integrate-and-fire neuron.

Source: Naud, Marcille, Clopath & Gerstner 2008, Biol. Cybern. 99:335, table 1.
"""

from __future__ import annotations

from typing import Final

from spikeloom.equations.units import ms, mV, nS, pA, pF
from spikeloom.models.patterns.pattern import Pattern

# name: C, g, E, a, tau_w, b, v_reset; current
_TABLE = {
    "tonic": (200, 10, -70, 2, 30, 0, -58, 500),
    "adapting": (200, 12, -70, 2, 300, 60, -58, 500),
    "initial burst": (130, 18, -58, 4, 150, 120, -50, 400),
    "bursting": (200, 10, -58, 2, 120, 100, -46, 210),
    "delayed accelerating": (200, 12, -70, -10, 300, 0, -58, 300),
    "delayed bursting": (100, 10, -65, -10, 90, 30, -47, 110),
    "transient": (100, 10, -65, 10, 90, 100, -47, 180),
    "irregular": (100, 12, -60, -11, 130, 30, -48, 160),
}


def _pattern(
    C: float, g: float, E: float, a: float, tau: float, b: float, reset: float, drive: float
) -> Pattern:
    params = {
        "C": C * pF, "g": g * nS, "E": E * mV, "v_T": -50 * mV, "D": 2 * mV, "a": a * nS,
        "tau_w": tau * ms, "b": b * pA, "v_reset": reset * mV, "peak": 0 * mV,
    }  # fmt: skip
    return Pattern(params, 600 * ms, 0.002 * ms, pA, ((0, 600, drive, 0),))


ADEX: Final = {name: _pattern(*row) for name, row in _TABLE.items()}
