"""What a recurrent spiking layer is compared with: rectified units with weights to each other."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import ClassVar, Literal, Self

import torch
from torch import Tensor, nn

from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.protocol import State
from spikeloom.nn.recurrent.layer import Recurrent
from spikeloom.nn.recurrent.options import allowed, whole_shape

STEPS = 8
"""Rounds in which rectified units settle: with fresh weights 99 % of the way."""


class Rectified(nn.Module):
    """The weights of rectified units to each other, and one step of them.

    Arguments:
        features: Number of units, or the shape of the features.
        bias: Whether each unit has a bias.
        mask: Which weights exist, as for `Recurrent`.
    """

    mask: Tensor | None

    def __init__(
        self, features: int | tuple[int, ...], *, bias: bool = False, mask: Tensor | None = None
    ) -> None:
        super().__init__()
        self.features = whole_shape(features)
        count = prod(self.features)
        self.weight = nn.Parameter(torch.empty(count, count))
        self.bias = nn.Parameter(torch.empty(self.features)) if bias else None
        self.register_buffer("mask", allowed(mask, count))
        self.reset_parameters()

    @classmethod
    def like(cls, layer: Recurrent) -> Self:
        """The counterpart of a spiking layer: as many weights, drawn anew."""
        return cls(layer.features, bias=layer.bias is not None, mask=layer.mask)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Draw fresh weights, as `Recurrent` does."""
        bound = 1.0 / max(len(self.weight), 1) ** 0.5
        self.weight.uniform_(-bound, bound)
        if self.bias is not None:
            self.bias.zero_()

    @property
    def synapses(self) -> int:
        """Number of weights that exist."""
        return self.weight.numel() if self.mask is None else int(self.mask.sum())

    def driven(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs with their bias (..., units), and the weights that exist."""
        drive = x if self.bias is None else x + self.bias
        weight = self.weight if self.mask is None else self.weight * self.mask
        return drive.flatten(-len(self.features)), weight

    def extra_repr(self) -> str:
        """What it was made with."""
        return f"features={self.features}, bias={self.bias is not None}, synapses={self.synapses}"


class Following(Rectified):
    r"""Rectified units that follow an input over time.

    $$h[n] = \max(x[n] + b + h[n - 1]\, W, 0)$$

    Arguments:
        features, bias, mask: As for `Recurrent`.

    Raises:
        ShapeError: The input is not (time, batch, *features).

    Source: the plain recurrent network of Elman 1990, Cognitive Science 14:179, rectified.

    >>> layer = Following(1)
    >>> _ = layer.weight.data.fill_(0.5)
    >>> layer(torch.tensor([1.0, 0.0, 0.0]).reshape(3, 1, 1))[0].flatten().tolist()
    [1.0, 0.5, 0.25]
    """

    is_stateful: ClassVar[Literal[True]] = True

    def forward(self, x: Tensor, state: Mapping[str, Tensor] | None = None) -> tuple[Tensor, State]:
        """Inputs (time, batch, *features) -> activities of that shape, and the last ones."""
        if tuple(x.shape[2:]) != self.features:
            raise ShapeError(
                f"Following: input must be (time, batch, *{self.features}), got {tuple(x.shape)}."
            )
        drive, weight = self.driven(x)
        before = x.new_zeros(x.shape[1:]) if state is None else state["h"]
        h = before.reshape(drive.shape[1:])
        steps: list[Tensor] = []
        for now in drive.unbind(0):
            h = torch.relu(now + h @ weight)
            steps.append(h)
        y = torch.stack(steps).reshape(x.shape) if steps else torch.zeros_like(x)
        return y, {"h": h.reshape(x.shape[1:])}


class Settling(Rectified):
    r"""Rectified units that drive each other for a few rounds on one input.

    $$h_0 = \max(x + b, 0), \qquad h_{k+1} = \max(x + b + h_k W, 0)$$

    Arguments:
        features: Number of units, or the shape of the features.
        bias: Whether each unit has a bias.
        mask: Which weights exist, as for `Recurrent`.
        steps: Rounds.

    Raises:
        ParameterError: Fewer than 0 rounds.

    Source: the plain recurrent network of Elman 1990, Cognitive Science 14:179, with a constant
        input and rectified units.

    >>> layer = Settling(2, steps=2)
    >>> _ = layer.weight.data.copy_(torch.tensor([[0.0, 0.5], [0.0, 0.0]]))
    >>> layer(torch.tensor([[1.0, 1.0]])).tolist()
    [[1.0, 1.5]]
    """

    def __init__(
        self,
        features: int | tuple[int, ...],
        *,
        bias: bool = False,
        mask: Tensor | None = None,
        steps: int = STEPS,
    ) -> None:
        if type(steps) is not int or steps < 0:
            raise ParameterError(f"Settling: steps must be a whole number >= 0, got {steps!r}.")
        super().__init__(features, bias=bias, mask=mask)
        self.steps = steps

    @property
    def multiply_accumulates(self) -> float:
        """Multiplications with recurrent weights for one sample."""
        return float(self.steps * self.synapses)

    def forward(self, x: Tensor) -> Tensor:
        """Inputs (batch, *features) -> activities of that shape."""
        drive, weight = self.driven(x)
        h = torch.relu(drive)
        for _ in range(self.steps):
            h = torch.relu(drive + h @ weight)
        return h.reshape(x.shape)

    def extra_repr(self) -> str:
        """What it was made with."""
        return f"{super().extra_repr()}, steps={self.steps}"
