"""A plain torch neuron layer with the call shape of `Spiking`: for tests that need no engine."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class _Run(torch.autograd.Function):
    """LIF over a block of time, arctan surrogate, gradient through the reset left out."""

    @staticmethod
    def forward(ctx, x, v0, decay, gain, spikes):
        steps = x.shape[0]
        out = torch.empty_like(x, memory_format=torch.contiguous_format)
        before = torch.empty_like(out)
        v = v0.clone()
        for t in range(steps):
            v.mul_(decay).add_(x[t], alpha=gain)
            before[t].copy_(v)
            if spikes:
                torch.ge(v, 15.0, out=out[t])
                v.mul_(1.0 - out[t])
            else:
                out[t].copy_(v)
        ctx.save_for_backward(before, out)
        ctx.numbers = (decay, gain, spikes)
        return out, v

    @staticmethod
    def backward(ctx, *grads):
        before, out = ctx.saved_tensors
        decay, gain, spikes = ctx.numbers
        grad_out, grad_v = grads
        g = grad_v.clone()
        gx = torch.empty_like(grad_out, memory_format=torch.contiguous_format)
        for t in range(out.shape[0] - 1, -1, -1):
            if spikes:
                u = (before[t] - 15.0) / 15.0
                g.mul_(1.0 - out[t])
                g.addcdiv_(grad_out[t], (u * math.pi).square_().add_(1.0).mul_(15.0))
            else:
                g.add_(grad_out[t])
            gx[t].copy_(g).mul_(gain)
            g.mul_(decay)
        return gx, g, None, None, None


class StandIn(nn.Module):
    """tau v' = -v + R I with R = 100 MOhm, threshold 15 mV, exact step; x in nA."""

    is_stateful = True

    def __init__(self, tau_ms: float = 20.0, dt_ms: float = 1.0, spikes: bool = True) -> None:
        super().__init__()
        self.decay = math.exp(-dt_ms / tau_ms)
        self.spikes = spikes

    def forward(self, x: Tensor, state=None):
        v0 = torch.zeros_like(x[0]) if state is None else state["v"]
        y, v = _Run.apply(x, v0, self.decay, 100.0 * (1 - self.decay), self.spikes)
        return y, {"v": v}
