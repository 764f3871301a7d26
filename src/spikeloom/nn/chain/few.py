"""Which layers and tensors may leave torch's own dense products for those of few spikes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from spikeloom.nn.neurons.eager import traced

SMALLEST = 1 << 18
"""Numbers of an input below which torch's dense product takes no time worth saving."""


def may_be_ours(layer: nn.Module, x: Tensor, weight: Tensor) -> bool:
    """Whether nobody must see torch's own call, and the input is large, plain and on the CPU."""
    if x.numel() < SMALLEST or x.dtype not in (torch.float32, torch.float64):
        return False
    if weight.dtype != x.dtype or not x.device.type == weight.device.type == "cpu":
        return False
    return not (traced((x, weight)) or _watched(layer) or torch.is_autocast_enabled("cpu"))


def _watched(layer: nn.Module) -> bool:
    """Whether hooks, function transforms or forward-mode gradients must see torch's own call."""
    if layer._forward_hooks or layer._forward_pre_hooks:
        return True
    if layer._backward_hooks or layer._backward_pre_hooks:
        return True
    torch_c: Any = torch._C
    transformed = torch_c._functorch.peek_interpreter_stack() is not None
    return transformed or torch.autograd.forward_ad._current_level >= 0
