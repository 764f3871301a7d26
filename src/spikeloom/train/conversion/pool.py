"""The largest of several rates: max-pooling of spikes or of currents that change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.chain.fold import is_constant
from spikeloom.nn.protocol import State

MAX_POOLS = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)


class SignedMaxPool(nn.Module):
    """Max-pooling that takes the smallest value in some channels, where a norm turns it round.

    A batch norm with a negative factor makes the largest value before it the smallest behind it, so
    this lets the norm stand before the pool.

    >>> import torch
    >>> pool = SignedMaxPool(nn.MaxPool1d(2), torch.tensor([1.0, -1.0]))
    >>> pool(torch.tensor([[[1.0, 2.0], [1.0, 2.0]]])).flatten().tolist()
    [2.0, 1.0]
    """

    def __init__(self, pool: nn.Module, sign: Tensor) -> None:
        super().__init__()
        self.pool = pool
        self.sign: Tensor
        self.register_buffer("sign", sign)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, *space) -> the same with less space."""
        sign = self.sign.to(x).view(-1, *[1] * (x.dim() - 2))
        return sign * self.pool(sign * x)


class CountingMaxPool(nn.Module):
    """Max-pooling of what has come so far: y(t) = max S(t) - max S(t - 1), S the sum of x up to t.

    Of spikes the largest count of a patch grows by one or not at all, so the output is spikes
    again: one whenever the leader, or an equal of it, pulls ahead. The sum over time of the output
    is exactly the largest sum of the inputs, without the errors of a gate that changes sides.

    Arguments:
        pool: A max-pooling module of torch, or a `SignedMaxPool` around one.

    Raises:
        ParameterError: Another module.

    Source: in place of the gate of Rueckauer et al. 2017, Front. Neurosci. 11:682, section 2.2.5.

    >>> import torch
    >>> pool = CountingMaxPool(nn.MaxPool1d(2))
    >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]).view(3, 1, 1, 2)
    >>> pool(x)[0].flatten().tolist()
    [1.0, 0.0, 1.0]
    """

    is_stateful: ClassVar[Literal[True]] = True
    passes_spikes: ClassVar[Literal[True]] = True

    def __init__(self, pool: nn.Module) -> None:
        super().__init__()
        inner = pool.pool if isinstance(pool, SignedMaxPool) else pool
        if not isinstance(inner, MAX_POOLS):
            raise ParameterError(f"CountingMaxPool: {type(pool).__name__} is no max-pool.")
        self.pool = pool
        self.space = 1 + next(n for n, kind in enumerate(MAX_POOLS) if isinstance(inner, kind))

    def forward(self, x: Tensor, state: Mapping[str, Any] | None = None) -> tuple[Tensor, State]:
        """Pool a block of time.

        Arguments:
            x: Spikes or currents (time, batch, channels, *space).
            state: What an earlier call gave; None is a fresh start.

        Returns:
            Output (time, batch, channels, *less space), and the state: ``sum``, what each input has
            brought so far, (batch, channels, *space).

        Raises:
            ShapeError: Other axes, or a state of another batch.
        """
        if not isinstance(x, Tensor) or x.dim() != 3 + self.space:
            came = tuple(x.shape) if isinstance(x, Tensor) else type(x).__name__
            raise ShapeError(
                f"CountingMaxPool: input must be (time, batch, channels) and {self.space} axes of "
                f"space, got {came}."
            )
        before = None if state is None else state.get("sum")
        if before is not None and before.shape != x.shape[1:]:
            raise ShapeError(
                f"CountingMaxPool: the state is {tuple(before.shape)}, one step of the input is "
                f"{tuple(x.shape[1:])}.",
                hint="a state belongs to one batch: start the next one with state=None",
            )
        if before is None and is_constant(x):
            passed = self.pool(x[0])
            return passed.expand(len(x), *passed.shape), {"sum": len(x) * x[0]}
        before = x.new_zeros(x.shape[1:]) if before is None else before
        sums = torch.cat([before.unsqueeze(0), before + x.cumsum(0)])
        largest = self.pool(sums.flatten(0, 1)).unflatten(0, sums.shape[:2])
        return largest.diff(dim=0), {"sum": sums[-1]}
