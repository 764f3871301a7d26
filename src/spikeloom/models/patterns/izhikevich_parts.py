"""What the patterns of Izhikevich's model are made of, and his seven cell classes.

Source: Izhikevich 2003, IEEE Trans. Neural Netw. 14:1569, figure 2.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from spikeloom.equations.units import ms, mV
from spikeloom.models.patterns.pattern import Pattern, Piece
from spikeloom.models.patterns.pattern import chosen as chosen

CLASS_1 = {"slope": 4.1 / ms, "base": 108 * mV / ms}
ACCOMMODATION = {"v_u": -65 * mV, "hold": 1.0}


def cell(a: float, b: float, c: float, d: float, **more: Any) -> dict[str, Any]:
    return {"a": a / ms, "b": b / ms, "c": c * mV, "d": d * mV / ms, **more}


def pattern(
    cell: dict[str, Any], v: float, dt: float, end: float, *pieces: Piece, u: float | None = None
) -> Pattern:
    u = float(cell["b"].value) * v if u is None else u
    start = {"v": np.array([float(v)]), "u": np.array([u])}
    return Pattern(cell, (end + dt) * ms, dt * ms, mV / ms, pieces, start, strict=True)


def pulses(width: float, level: float, *begins: float) -> tuple[Piece, ...]:
    return tuple((t, t + width, level, 0.0) for t in begins)


def always(level: float) -> Piece:
    return (-1.0, 1e9, level, 0.0)


INHIBITED = (always(80), (49.75, 250.25, -5.0, 0.0))
REBOUND = pulses(5, -15, 20)
STEP = (20.0, 220.0, 10.0, 0.0)
"""What five of the classes get, as in the paper; the other two show what is theirs."""


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
    "RZ": kind(0.1, 0.26, -65, 2, "resonator", (10, 250, 0.25, 0), (60, 65, 1, 0), v=-63),
}  # fmt: skip
