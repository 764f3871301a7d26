"""Distances between spike trains on a grid of time steps."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from spikeloom.equations.units import Quantity, kHz, ms
from spikeloom.errors import ParameterError, ShapeError, UnitError
from spikeloom.network.train_distance import edit_distance

BLOCK = 256
"""Steps that are filtered by one product."""


def van_rossum(a: Tensor, b: Tensor, *, tau: Quantity, dt: Quantity) -> Tensor:
    r"""Squared van Rossum distance, 1/tau times the integral of (f_a - f_b)^2.

    f is a train filtered by exp(-t/tau) for t >= 0. The integral is exact, also beyond the last
    step: with u_n = exp(-dt/tau) u_{n-1} + (a - b)_n it is
    1/2 [(1 - exp(-2 dt/tau)) sum_n u_n^2 + exp(-2 dt/tau) u_N^2]. One spike too many costs 1/2,
    two trains of one spike each, t apart, 1 - exp(-t/tau). Differentiable in both trains.

    Arguments:
        a: Spikes (time, batch, *features).
        b: Spikes of the same shape.
        tau: Time constant of the filter.
        dt: Time step.

    Returns:
        Squared distance of each pair of trains (batch, *features), no unit.

    Raises:
        ShapeError: The shapes differ.

    Source: van Rossum 2001, Neural Computation 13:751, equations 2.1 to 2.3.

    >>> a, b = torch.zeros(2, 50, 1, dtype=torch.float64)
    >>> a[5], b[15] = 1.0, 1.0
    >>> round(float(van_rossum(a, b, tau=10 * ms, dt=1 * ms)), 9)  # 1 - exp(-1)
    0.632120559
    """
    _check_pair("van_rossum", a, b)
    ratio = check_time("van_rossum", "dt", dt) / check_time("van_rossum", "tau", tau)
    difference = (a - b).flatten(1)
    steps = difference.shape[0]
    if steps == 0:
        return (a - b).sum(0)
    trace = filtered(difference, ratio)
    fade = float(np.exp(-2 * ratio))
    total = 0.5 * ((1 - fade) * trace.square().sum(0) + fade * trace[-1].square())
    return total.view(a.shape[1:])


@torch.no_grad()
def victor_purpura(a: Tensor, b: Tensor, *, q: Quantity, dt: Quantity) -> Tensor:
    """Victor-Purpura distance: the cheapest way to turn one spike train into another.

    Adding or removing a spike costs 1, moving it by t costs q t. With q = 0 it is the difference
    of counts; for large q, the number of spikes that do not coincide.

    Arguments:
        a: Spikes 0 or 1 (time, batch, *features).
        b: Spikes of the same shape.
        q: Cost of moving a spike for each unit of time, such as ``0.1 / ms``.
        dt: Time step.

    Returns:
        Distance of each pair of trains (batch, *features), float64, no unit.

    Raises:
        ShapeError: The shapes differ.
        ParameterError: q is negative.

    Source: Victor & Purpura 1996, Journal of Neurophysiology 76:1310, appendix 1.

    >>> a, b = torch.zeros(2, 50, 1)
    >>> a[5], b[15] = 1.0, 1.0
    >>> [float(victor_purpura(a, b, q=q / ms, dt=1 * ms)) for q in (0, 0.1, 1)]
    [0.0, 1.0, 2.0]
    """
    _check_pair("victor_purpura", a, b)
    step = check_time("victor_purpura", "dt", dt)
    if not isinstance(q, Quantity) or not q.unit.fits(kHz):
        raise UnitError(f"victor_purpura: q must be a cost for a time, got {q!r}.", hint="0.1 / ms")
    cost = step * float(q.to(kHz))
    if not cost >= 0:
        raise ParameterError(f"victor_purpura: q must not be negative, got {q!r}.")
    left, right = (x.detach().flatten(1).T.bool().cpu().numpy() for x in (a, b))
    found = [
        edit_distance(np.flatnonzero(m), np.flatnonzero(n), cost)
        for m, n in zip(left, right, strict=True)
    ]
    return torch.tensor(found, dtype=torch.float64, device=a.device).view(a.shape[1:])


def filtered(x: Tensor, ratio: float) -> Tensor:
    """Exponential filter over time: u_n = exp(-ratio) u_{n-1} + x_n, starting from 0.

    Arguments:
        x: Any block (time, n).
        ratio: Time step over time constant.

    >>> filtered(torch.tensor([[1.0], [0.0], [1.0]]), 0.0).flatten().tolist()
    [1.0, 1.0, 2.0]
    """
    steps = min(len(x), BLOCK)
    time = torch.arange(steps, dtype=torch.float64, device=x.device)
    # A product with a triangle of powers: few large operations instead of one for each step.
    lag = (time.unsqueeze(1) - time).clamp_min(0)
    kernel = torch.exp(-ratio * lag).tril().to(x.dtype)
    fade = torch.exp(-ratio * (time + 1)).to(x.dtype).unsqueeze(1)
    parts: list[Tensor] = []
    for block in x.split(BLOCK) if steps else ():
        part = kernel[: len(block), : len(block)] @ block
        parts.append(part + fade[: len(block)] * parts[-1][-1] if parts else part)
    return torch.cat(parts) if parts else x


def check_time(who: str, name: str, value: Quantity) -> float:
    """A positive time in ms.

    Raises:
        UnitError: It is no time.
        ParameterError: It is not positive.
    """
    if not isinstance(value, Quantity) or not value.unit.fits(ms):
        raise UnitError(f"{who}: {name} must be a time, got {value!r}.", hint=f"{name}=1 * ms")
    number = float(value.to(ms))
    if not 0 < number < float("inf"):
        raise ParameterError(f"{who}: {name} must be a positive time, got {value!r}.")
    return number


def _check_pair(who: str, a: Tensor, b: Tensor) -> None:
    if a.shape != b.shape or a.dim() < 2:
        raise ShapeError(
            f"{who}: two blocks of spikes (time, batch, *features) of one shape are needed, "
            f"got {tuple(a.shape)} and {tuple(b.shape)}."
        )
