"""Signals as rows of a table, as convolutions take them."""

from __future__ import annotations

from torch import Tensor, nn


class ChannelsFirst(nn.Module):
    """(batch, length, channels) -> (batch, channels, length), without a copy.

    >>> import torch
    >>> tuple(ChannelsFirst()(torch.zeros(2, 128, 3)).shape)
    (2, 3, 128)
    """

    def forward(self, x: Tensor) -> Tensor:
        """Swap the last two axes."""
        return x.transpose(-1, -2)
