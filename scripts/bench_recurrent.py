"""A recurrent LIF layer, forward and backward, beside a loop over time in torch.

Both get the same weights, input and gradient; spikes must be equal and gradients close, or no time
is shown. Processor time of one thread, the least of several rounds, one side after the other.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

import spikeloom as sl
from spikeloom.equations import Expr, Surrogate
from spikeloom.equations.units import MOhm, ms, mV

DECAY = 0.95
Run = Callable[[Tensor, Tensor], Tensor]


class Cusp(Surrogate):
    """The slope 1 / (1 + |u|)^2."""

    def soft(self, u: Expr) -> Expr:
        return u / (1 + abs(u))


class Spike(torch.autograd.Function):
    """The same by hand."""

    @staticmethod
    def forward(ctx: Any, u: Tensor) -> Tensor:
        ctx.save_for_backward(u)
        return (u >= 0).to(u.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (u,) = ctx.saved_tensors
        return grad / (1 + u.abs()) ** 2


def in_torch(x: Tensor, weight: Tensor) -> Tensor:
    v = spikes = torch.zeros_like(x[0])
    out: list[Tensor] = []
    for now in x.unbind(0):
        h = DECAY * v + now + spikes @ weight
        spikes = Spike.apply(h - 1)
        v = h * (1 - spikes.detach())
        out.append(spikes)
    return torch.stack(out)


def ours(features: int) -> Run:
    neuron = sl.LIF(tau=-1 / np.log(DECAY) * ms, R=1 / (1 - DECAY) * MOhm, E=0 * mV, theta=1 * mV)
    layer = sl.nn.Recurrent(
        neuron, Cusp(), features=features, dt=1 * ms, width=1 * mV, through_reset=False
    )

    def run(x: Tensor, weight: Tensor) -> Tensor:
        return torch.func.functional_call(layer, {"weight": weight}, (x,))[0]

    return run


def once(run: Run, data: tuple[Tensor, Tensor, Tensor]) -> tuple[float, list[Tensor]]:
    x, weight = (t.clone().requires_grad_() for t in data[:2])
    begin = time.process_time()
    y = run(x, weight)
    y.backward(data[2])
    took = time.process_time() - begin
    return took, [y.detach(), *(t.grad for t in (x, weight) if t.grad is not None)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=int, nargs="+", default=[128, 256, 512])
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    torch.set_num_threads(1)
    for count in given.features:
        torch.manual_seed(0)
        shape = (100, 128, count)
        data = (
            0.25 * torch.randn(shape) + 0.04,
            0.3 / count**0.5 * torch.randn(count, count),
            torch.randn(shape),
        )
        sides = {"ours": ours(count), "torch": in_torch}
        found = {name: once(run, data)[1] for name, run in sides.items()}
        differ = int((found["ours"][0] != found["torch"][0]).sum())
        for a, b in zip(found["ours"][1:], found["torch"][1:], strict=True):
            torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4 * float(b.abs().max()))
        if differ:
            raise SystemExit(f"{differ} spikes differ")
        best = dict.fromkeys(sides, float("inf"))
        for _ in range(given.rounds):
            for name, run in sides.items():
                best[name] = min(best[name], once(run, data)[0])
        product = float("inf")
        for _ in range(given.rounds):
            begin = time.process_time()
            for _ in range(10):
                data[2][0] @ data[1]
            product = min(product, (time.process_time() - begin) * shape[0] / 10)
        rate = float(found["ours"][0].mean())
        print(
            f"{count} neurons, {100 * rate:.1f} % spikes: ours {1e3 * best['ours']:.1f} ms, torch"
            f" {1e3 * best['torch']:.1f} ms, {best['torch'] / best['ours']:.1f} times; one dense"
            f" product a step alone {1e3 * product:.1f} ms"
        )


if __name__ == "__main__":
    main()
