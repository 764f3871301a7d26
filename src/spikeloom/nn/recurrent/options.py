"""The options of a recurrent layer, checked: its size, its input, its weights, its delays."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError, ShapeError, UnitError, suggest

LONGEST = 10_000
"""Most steps of a delay: that many rows of spikes are carried in the state."""
SLACK = 1e-6


def whole_shape(features: object) -> tuple[int, ...]:
    """Shape of the features; a number stands for one axis.

    >>> whole_shape(3), whole_shape((2, 4))
    ((3,), (2, 4))
    """
    shape: tuple[Any, ...] = tuple(features) if isinstance(features, tuple | list) else (features,)
    whole = all(
        isinstance(n, int | np.integer) and not isinstance(n, bool) and n >= 0 for n in shape
    )
    if not shape or not whole:
        raise ParameterError(
            f"Recurrent: features must be a whole number or a tuple of them, got {features!r}.",
            hint="the shape of the features that drive it: features=128",
        )
    return tuple(int(n) for n in shape)


def chosen_input(into: str | None, names: tuple[str, ...], model: str) -> str:
    """The input of the model that the recurrent current is added to: the first if None."""
    if not names:
        raise ParameterError(f"Recurrent({model}): the model has no input to drive.")
    if into is None:
        return names[0]
    if into not in names:
        raise ParameterError(
            f"Recurrent({model}): the model has no input {into!r}.", hint=suggest(str(into), names)
        )
    return into


def allowed(mask: Any, count: int) -> Tensor | None:
    """Which weights exist, (source, target) of truth values; None for all."""
    if mask is None:
        return None
    try:
        given = torch.as_tensor(mask)
    except (TypeError, ValueError, RuntimeError):
        raise ParameterError(
            f"Recurrent: mask must hold truth values, got {type(mask).__name__}.",
            hint="(sources, targets), for example ~torch.eye(n, dtype=torch.bool)",
        ) from None
    if tuple(given.shape) != (count, count):
        raise ShapeError(
            f"Recurrent: mask must be (sources, targets) = {(count, count)}, "
            f"got {tuple(given.shape)}.",
            hint="without self-connections: mask=~torch.eye(n, dtype=torch.bool)",
        )
    if not bool(((given == 0) | (given == 1)).all()):
        raise ParameterError("Recurrent: mask must hold truth values, or 0 and 1 only.")
    return given.bool().clone()


def steps_of(delay: Any, dt: Quantity, shape: tuple[int, ...]) -> Tensor:
    """Steps from a spike to its effect for each source, int64 (sources,).

    Arguments:
        delay: Steps, or a time; one for all or an array that broadcasts to the features.
        dt: Duration of a step.
        shape: Features.

    >>> steps_of(2 * ms, 0.5 * ms, (2,)).tolist()
    [4, 4]
    """
    if isinstance(delay, Quantity):
        if not delay.unit.fits(ms):
            raise UnitError(
                f"Recurrent: delay must be a time or a number of steps, got {delay!r}.",
                hint="write delay=2 * ms",
            )
        exact = np.asarray(delay.to(ms), np.float64) / float(dt.to(ms))
        steps = np.round(exact)
        if not np.all(np.abs(exact - steps) <= SLACK * np.maximum(1.0, steps)):
            raise ParameterError(
                f"Recurrent: a delay must be a whole number of steps, got {delay!r} with "
                f"dt = {dt!r}.",
                hint="choose dt so that it divides every delay",
            )
    else:
        steps = np.asarray(delay)
        if steps.dtype.kind not in "iu":
            raise ParameterError(
                f"Recurrent: delay must be whole steps or a time, got {delay!r}.",
                hint="write delay=2, or with its unit delay=2 * ms",
            )
    if np.any(steps < 1) or np.any(steps > LONGEST):
        raise ParameterError(
            f"Recurrent: a delay must be from 1 to {LONGEST} steps, got {delay!r}.",
            hint="a spike cannot act within its own step: the shortest delay is one step",
        )
    try:
        steps = np.broadcast_to(steps, shape)
    except ValueError:
        raise ShapeError(
            f"Recurrent: delay has shape {steps.shape}, the layer has features {shape}.",
            hint="one delay for each source must broadcast to the features",
        ) from None
    return torch.from_numpy(steps.reshape(prod(shape)).astype(np.int64))
