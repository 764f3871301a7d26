"""Spikes as bits for whoever computes with them, and the same bits for what waits."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from spikeloom.nn.saving.kept import Bits


class Knows(Protocol):
    """Who keeps tensors for the backward pass and can be told of a form already made."""

    def know(self, tensor: Tensor, bits: Bits) -> None:
        """Keep that tensor in this form, should it be kept."""
        ...


def few_spikes(x: Tensor, share: float) -> Bits | None:
    """The bits of a tensor of 0 and one other number that few elements have, or None.

    Whoever keeps tensors here gets the same bits, so that they are made and held only once.

    Arguments:
        x: Any tensor.
        share: Largest part of the elements that may differ from 0.

    >>> few_spikes(torch.ones(64, 64), 0.5) is None
    True
    >>> few_spikes(torch.eye(64), 0.5).bits.nbytes
    512
    """
    bits = Bits.of(x.detach())
    if bits is None:
        return None
    keeper = _keeper()
    if keeper is not None:
        keeper.know(x, bits)
    count = int(np.bitwise_count(bits.bits.view(np.uint64)).sum())
    return bits if count <= share * x.numel() else None


def value(bits: Bits) -> float:
    """The number that is not 0.

    >>> value(few_spikes(torch.eye(64) * 2.5, 0.5))
    2.5
    """
    kind = {torch.float32: np.float32, torch.float64: np.float64}[bits.layout.dtype]
    return float(np.array([bits.one], np.int32 if kind is np.float32 else np.int64).view(kind)[0])


def _keeper() -> Knows | None:
    torch_c: Any = torch._C
    state = torch_c._autograd
    if state._saved_tensors_hooks_get_disabled_error_message() is not None:
        return None
    top = state._top_saved_tensors_default_hooks(True)
    owner = None if top is None else getattr(top[0], "__self__", None)
    return owner if hasattr(owner, "know") else None
