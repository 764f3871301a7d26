"""What the patterns and cells of Izhikevich's model are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeloom.equations.units import ms, mV
from spikeloom.models.patterns.pattern import Pattern, Piece

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
