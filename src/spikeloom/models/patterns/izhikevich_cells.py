"""The seven cell classes of Izhikevich's model, each with an input that shows what it is.

Five get the step of the paper; a thalamo-cortical cell also bursts when inhibition ends, and a
resonator is switched on and off by brief pulses.

Source: Izhikevich 2003, IEEE Trans. Neural Netw. 14:1569, figure 2.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from spikeloom.equations.units import ms, mV
from spikeloom.models.patterns.izhikevich_parts import always, cell
from spikeloom.models.patterns.pattern import Pattern, Piece
from spikeloom.models.patterns.pattern import chosen as chosen

STEP = (20.0, 220.0, 10.0, 0.0)


def kind(
    a: float, b: float, c: float, d: float, about: str, *pieces: Piece, v: float = -70
) -> Pattern:
    start = {"v": np.array([float(v)]), "u": np.array([b * v])}
    made = pieces or (STEP,)
    return Pattern(cell(a, b, c, d), 250 * ms, 0.02 * ms, mV / ms, made, start, about=about)


IZHIKEVICH_CELLS: Final = {
    "RS": kind(0.02, 0.2, -65, 8, "regular spiking"),
    "IB": kind(0.02, 0.2, -55, 4, "intrinsic bursts"),
    "CH": kind(0.02, 0.2, -50, 2, "chattering"),
    "FS": kind(0.1, 0.2, -65, 2, "fast spiking"),
    "LTS": kind(0.02, 0.25, -65, 2, "low threshold", v=-64.4),
    "TC": kind(
        0.02, 0.25, -65, 0.05, "thalamo-cortical", (10, 60, 0.8, 0), (100, 180, -10, 0), v=-64.4),
    "RZ": kind(
        0.1, 0.26, -65, 2, "resonator", always(0.15), (40, 45, 1, 0), (142, 147, -1, 0), v=-63),
}  # fmt: skip
