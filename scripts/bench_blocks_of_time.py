"""Time of a layer step by step and in blocks of time side by side, once both give the same bits."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from spikeloom import ms
from spikeloom.nn import Spiking
from spikeloom.nn.neurons import short
from spikeloom.nn.neurons.pieces import block_steps


def best(run: Callable[..., object], layer: Spiking, x: torch.Tensor, rounds: int) -> float:
    """Shortest of several processor times of one thread, in microseconds."""
    times = []
    for _ in range(rounds + 1):
        start = time.thread_time()
        run(layer, x)
        times.append(time.thread_time() - start)
    return 1e6 * min(times[1:])


def forward(layer: Spiking, x: torch.Tensor) -> torch.Tensor:
    """Spikes."""
    with torch.no_grad():
        return layer(x)[0]


def both_ways(layer: Spiking, x: torch.Tensor) -> torch.Tensor:
    """Gradient of the input."""
    x = x.detach().requires_grad_()
    y, state = layer(x)
    (y.square().sum() + state["v"].sum()).backward()
    return torch.empty(0) if x.grad is None else x.grad


def main() -> None:
    """Print a table over sizes."""
    torch.set_num_threads(1)
    print("steps neurons block | forward, us: step by step, blocks | and backward, us")
    layers = [short.LIF(tau=10 * ms, parallel=p) for p in (False, True)]
    for steps in (4096, 65536, 262144):
        for neurons in (1, 4, 16):
            torch.manual_seed(0)
            x = 2.2 * torch.rand(steps, 1, neurons)
            if not torch.equal(*(both_ways(layer, x) for layer in layers)):
                raise SystemExit("the gradients differ: nothing to report")
            if not torch.equal(*(forward(layer, x) for layer in layers)):
                raise SystemExit("the spikes differ: nothing to report")
            once = [best(forward, layer, x, 5) for layer in layers]
            back = [best(both_ways, layer, x, 3) for layer in layers]
            block = block_steps(True, steps, neurons)
            print(
                f"{steps:6d} {neurons:7d} {block:5d} | {once[0]:8.0f} {once[1]:8.0f}"
                f" | {back[0]:8.0f} {back[1]:8.0f}"
            )


if __name__ == "__main__":
    main()
