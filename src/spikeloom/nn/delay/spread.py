"""How a delay that is no whole number of steps is spread over steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError, UnitError


@dataclass(frozen=True)
class Interpolated:
    """A delay between two steps takes from both: 1 - f of the step before it, f of the step after.

    At a whole delay the derivative is the one from the right (at the largest delay from the left).
    A gradient reaches no further than the two steps.

    >>> Interpolated()
    Interpolated()
    """


@dataclass(frozen=True)
class Gaussian:
    """A delay d takes from all steps m, in shares like exp(-(m - d)²/(2 sigma²)) that sum to 1.

    A wide curve feels events far from the delay; `NarrowDelays` makes it narrow during training.

    Arguments:
        sigma: Width to begin with; None is half of the largest delay.

    Source: Hammouamri, Khalfaoui-Hassani & Masquelier 2024, ICLR, Learning delays in spiking
        neural networks using dilated convolutions with learnable spacings, eqs. 5 and 6.

    >>> Gaussian(sigma=5 * ms)
    Gaussian(sigma=5 * ms)
    """

    sigma: Quantity | None = None

    def __post_init__(self) -> None:
        if self.sigma is None:
            return
        if not isinstance(self.sigma, Quantity) or not self.sigma.unit.fits(ms):
            raise UnitError(
                f"Gaussian: sigma must be a time, got {self.sigma!r}.",
                hint="write it with a unit: Gaussian(sigma=5 * ms)",
            )
        value = self.sigma.to(ms)
        if not isinstance(value, float) or not 0 < value < float("inf"):
            raise ParameterError(f"Gaussian: sigma must be above 0, got {self.sigma!r}.")


Spread: TypeAlias = "Interpolated | Gaussian"


def split(steps: Tensor, depth: int) -> tuple[Tensor, Tensor]:
    """The step before each delay and the share of the step after it.

    Arguments:
        steps: Delays in steps, from 0 to `depth`.
        depth: The last step that can be reached.

    >>> before, share = split(torch.tensor([0.0, 1.25, 4.0]), 4)
    >>> before.tolist(), share.tolist()
    ([0, 1, 3], [0.0, 0.25, 1.0])
    """
    # A delay that is not a number gives shares that are none, not a step that does not exist.
    before = torch.nan_to_num(steps.detach()).floor().clamp(0, max(depth - 1, 0))
    return before.long(), steps - before


def one_step(whole: Tensor, depth: int, dtype: torch.dtype) -> Tensor:
    """All of a delay in one step: (..., depth + 1)."""
    return torch.nn.functional.one_hot(whole, depth + 1).to(dtype)


def two_steps(steps: Tensor, depth: int) -> Tensor:
    """Shares of linear interpolation, (..., depth + 1).

    >>> two_steps(torch.tensor([1.25]), 3).tolist()
    [[0.0, 0.75, 0.25, 0.0]]
    """
    before, share = split(steps, depth)
    empty = steps.new_zeros((*steps.shape, depth + 1))
    both, places = torch.stack([1 - share, share], -1), torch.stack([before, before + 1], -1)
    return empty.scatter(-1, places, both)


def bell(steps: Tensor, depth: int, sigma: Tensor | float) -> Tensor:
    """Shares of a Gaussian around each delay, (..., depth + 1).

    Written as a softmax, they sum to 1 for any width, where the quotient of the paper would be
    0 / 0 for a narrow one.

    >>> bell(torch.tensor([2.0]), 4, 0.01).tolist()
    [[0.0, 0.0, 1.0, 0.0, 0.0]]
    """
    places = torch.arange(depth + 1, dtype=steps.dtype, device=steps.device)
    return torch.softmax(-0.5 * ((places - steps[..., None]) / sigma) ** 2, -1)
