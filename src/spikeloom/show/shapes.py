"""The shape of the input in a figure: a step, a ramp, pulses, noise, or what was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.equations import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError, suggest
from spikeloom.network import OrnsteinUhlenbeck, Pulses, Ramp, Samples, Step

if TYPE_CHECKING:
    from pathlib import Path

    from spikeloom.equations import InputDecl

SHAPES = ("step", "ramp", "pulses", "noise")
PULSES = 4
"""Pulses where a step would be, as long as the pauses between them."""
MEMORY = 5.0
"""Time constant of noise in ms; it spreads by half its mean."""


def shaped(port: InputDecl, level: float, onset: float, offset: float, shape: Any) -> Any:
    """What `lab.response` wants.

    Arguments:
        port: The input.
        level: Height of the step and of each pulse, end of the ramp, mean of the noise.
        onset, offset: When it begins and ends, ms.
        shape: One of `SHAPES`, or a waveform, which is taken as it is.

    Raises:
        ParameterError: No such shape, or a shape of what takes impulses or whole numbers.

    >>> from spikeloom import LIF
    >>> shaped(LIF.definition.inputs[0], 0.2, 10.0, 90.0, "ramp")
    Ramp(first=0 * nA, last=0.2 * nA, start=10 * ms, stop=90 * ms)
    """
    if not isinstance(shape, str):
        return shape
    if shape not in SHAPES:
        raise ParameterError(
            f"show: there is no shape {shape!r}.", hint=suggest(shape, SHAPES) or ", ".join(SHAPES)
        )
    if shape != "step" and (port.kind == "impulse" or port.span is not None):
        raise ParameterError(
            f"show: {port.name!r} takes impulses or whole numbers, which have no shape over time.",
            hint="leave out the shape",
        )
    height, begin, end = Quantity(level, port.unit), onset * ms, offset * ms
    if shape == "ramp":
        return Ramp(Quantity(0.0, port.unit), height, start=begin, stop=end)
    if shape == "pulses":
        each = (offset - onset) / PULSES
        return Pulses(height, width=each / 2 * ms, period=each * ms, start=begin, stop=end)
    if shape == "noise":
        return OrnsteinUhlenbeck(height, abs(height) / 2, tau=MEMORY * ms)
    return Step(height, start=begin, stop=end)


def recorded(path: Path, port: InputDecl) -> tuple[Samples, float]:
    """(a recorded input, how long it is in ms) from a text file.

    Arguments:
        path: Two columns, divided by commas or spaces: times in ms, evenly apart from 0 on, and
            values in the unit of the input. Lines that begin with # are left out.
        port: The input.

    Raises:
        ParameterError: It cannot be read, or its times are not even.
    """
    try:
        text = path.read_text(encoding="utf-8").replace(",", " ")
        rows = [row for row in text.splitlines() if row.partition("#")[0].strip()]
        table = np.loadtxt(rows, ndmin=2) if rows else np.empty((0, 0))
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise ParameterError(
            f"show: {path} cannot be read as numbers ({error}).",
            hint="two columns: time in ms, value in the unit of the input",
        ) from error
    even = table.shape[1] == 2 and len(table) > 1 and np.isfinite(table).all()
    if even:
        gaps = np.diff(table[:, 0])
        even = gaps[0] > 0 and np.abs(gaps - gaps.mean()).max() < 1e-3 * gaps.mean()
    if not even:
        raise ParameterError(
            f"show: {path} must hold two columns of finite numbers with times evenly apart.",
            hint="two columns: time in ms, value in the unit of the input",
        )
    every = float(np.diff(table[:, 0]).mean())
    return Samples(Quantity(table[:, 1], port.unit), every=every * ms), every * len(table)
