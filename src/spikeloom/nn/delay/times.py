"""The delays themselves: kept within their bounds, in steps of the layer's dt."""

from __future__ import annotations

from math import ceil, floor, inf
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from spikeloom.compile.values import number
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.units import ms
from spikeloom.equations.values import Distribution, uniform
from spikeloom.errors import ParameterError, ShapeError, UnitError, suggest
from spikeloom.nn.delay.spread import (
    Gaussian,
    Interpolated,
    Spread,
    bell,
    one_step,
    split,
    two_steps,
)

Rounding = Literal["eval", "always", "never"]
ROUNDINGS = ("eval", "always", "never")


class Times(nn.Module):
    """Delays between 0 and a largest one, fixed or learnt.

    Training moves a free number r, a delay as a share of the largest one. Beyond 0 and 1 it is
    reflected, so that a delay stays within its bounds whatever r is, and no gradient vanishes
    there. With one learning rate for weights and delays a delay moves at a fitting speed, and
    what was learnt holds for another dt.

    Arguments:
        who: The layer, for messages.
        shape: Shape of the delays.
        max_delay: Largest delay.
        dt: Time step.
        start: Where the delays begin: a time, an array of times, a distribution; None is uniform
            from 0 to `max_delay`.
        learn: Whether training moves them.
        spread: How a delay is spread over steps.
        rounding: When delays are rounded to whole steps.
        seed: Seed of the draw.
    """

    raw: Tensor
    sigma: Tensor

    def __init__(
        self,
        who: str,
        shape: tuple[int, ...],
        *,
        max_delay: Quantity,
        dt: Quantity,
        start: Quantity | Distribution | None,
        learn: bool,
        spread: Spread,
        rounding: Rounding,
        seed: int,
    ) -> None:
        super().__init__()
        self.dt, self.max_delay = duration(who, "dt", dt), duration(who, "max_delay", max_delay)
        self.step, largest = _ms(self.dt), _ms(self.max_delay)
        # A largest delay of 25 ms is 250 steps of 0.1 ms, whatever floating point makes of it.
        exact = largest / self.step
        self.limit = float(round(exact)) if abs(exact - round(exact)) < 1e-6 else exact
        self.depth = ceil(self.limit)
        if self.limit < 1:
            raise ParameterError(
                f"{who}: max_delay {self.max_delay} is shorter than one step of {self.dt}.",
                hint="give a longer max_delay or a shorter dt",
            )
        if not isinstance(spread, Interpolated | Gaussian):
            raise ParameterError(
                f"{who}: spread must be Interpolated() or Gaussian(), got {spread!r}."
            )
        if rounding not in ROUNDINGS:
            raise ParameterError(
                f"{who}: no rounding is called {rounding!r}.", hint=suggest(rounding, ROUNDINGS)
            )
        self.spread, self.rounding = spread, rounding
        share = _start(who, start, shape, largest, seed)
        raw = torch.from_numpy(share).to(torch.get_default_dtype())
        if learn:
            self.raw = nn.Parameter(raw)
        else:
            self.register_buffer("raw", raw)
        if isinstance(spread, Gaussian):
            self.first_sigma = largest / 2 if spread.sigma is None else _ms(spread.sigma)
            self.register_buffer("sigma", torch.tensor(self.first_sigma, dtype=torch.float64))

    @property
    def learnt(self) -> bool:
        """Whether training moves the delays."""
        return isinstance(self.raw, nn.Parameter)

    @property
    def rounded(self) -> bool:
        """Whether delays are whole steps now."""
        return self.rounding == "always" or (self.rounding == "eval" and not self.training)

    def steps(self) -> Tensor:
        """The delays in steps, float64, from 0 to the limit."""
        r = self.raw.double()
        r = torch.where(r < 0, -r, r)  # unlike abs, with a derivative at 0
        r = torch.remainder(r, 2.0)
        steps = torch.where(r > 1, 2 - r, r) * self.limit
        # A whole number of steps is one also if the share, in float32, is a little off.
        near = steps.detach().round()
        close = (steps.detach() - near).abs() <= 4 * torch.finfo(self.raw.dtype).eps * self.limit
        return torch.where(close, near + (steps - steps.detach()), steps).clamp(0, self.limit)

    def whole(self) -> Tensor:
        """The delays rounded to whole steps."""
        steps = torch.nan_to_num(self.steps().detach())
        return (steps + 0.5).floor().clamp(0, floor(self.limit)).long()

    def pair(self, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """The step before each delay, and the share of the step after it."""
        if self.rounded:
            before, share = split(self.whole().to(dtype), self.depth)
            return before, share + 0 * self.steps().detach().to(dtype)  # no number stays none
        before, share = split(self.steps(), self.depth)
        return before, share.to(dtype)

    def kernel(self, dtype: torch.dtype) -> Tensor:
        """Shares of all steps back in time, (*shape, depth + 1); each delay's sum to 1."""
        if self.rounded:
            return one_step(self.whole(), self.depth, dtype)
        if isinstance(self.spread, Gaussian):
            return bell(self.steps().to(dtype), self.depth, (self.sigma / self.step).to(dtype))
        return two_steps(self.steps().to(dtype), self.depth)

    @torch.no_grad()
    def round_(self) -> None:
        """Move every delay to the nearest whole step."""
        self.raw.copy_(self.whole().double() / self.limit)

    def times(self) -> Quantity:
        """The delays as times."""
        return Quantity((self.steps().detach() * self.step).cpu().numpy(), ms)

    def words(self) -> list[str]:
        """What belongs into the repr of a layer."""
        said = [f"max_delay={self.max_delay!r}", f"dt={self.dt!r}"]
        said += [] if self.learnt else ["learn=False"]
        said += [f"spread={self.spread!r}"]
        return said if self.rounding == "eval" else [*said, f"rounding={self.rounding!r}"]


def duration(who: str, name: str, value: Any) -> Quantity:
    """One positive, finite time.

    Raises:
        UnitError: It is no time.
        ParameterError: Not one number, or not above 0.

    >>> duration("Delay", "dt", ms)
    1 * ms
    """
    quantity = 1 * value if isinstance(value, Unit) else value
    if not isinstance(quantity, Quantity) or not quantity.unit.fits(ms):
        hint = f"write it with a unit: {name}=25 * ms; n steps are n * dt"
        raise UnitError(f"{who}: {name} must be a time, got {value!r}.", hint=hint)
    number = quantity.to(ms)
    if not isinstance(number, float) or not 0 < number < inf:
        raise ParameterError(f"{who}: {name} must be one positive, finite time, got {quantity}.")
    return quantity


def _ms(value: Quantity) -> float:
    return float(np.asarray(value.to(ms)))


def _start(
    who: str,
    start: Quantity | Distribution | None,
    shape: tuple[int, ...],
    largest: float,
    seed: int,
) -> np.ndarray[Any, np.dtype[Any]]:
    """Delays to begin with, as shares of the largest."""
    value = uniform(0 * ms, largest * ms) if start is None else start
    if not isinstance(value, Quantity | Distribution) or not value.unit.fits(ms):
        raise UnitError(
            f"{who}: start must be times, got {start!r}.",
            hint="write it with a unit: start=5 * ms, or uniform(0, 20) * ms; n steps are n * dt; "
            "learn=True lets training move them",
        )
    drawn = np.asarray(number(value, ms, f"{who}.delay", shape, seed), np.float64)
    try:
        drawn = np.broadcast_to(drawn, shape)
    except ValueError:
        raise ShapeError(f"{who}: start has shape {drawn.shape}, the delays {shape}.") from None
    outside = ~((drawn >= 0) & (drawn <= largest * (1 + 1e-9)))
    if outside.any():
        raise ParameterError(
            f"{who}: a delay of {drawn[outside].flat[0]:g} ms is not between 0 and max_delay, "
            f"{largest:g} ms.",
            hint="give a larger max_delay, or other delays to start with",
        )
    return np.array(drawn / largest)
