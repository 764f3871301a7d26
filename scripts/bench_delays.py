"""Time of a layer with synaptic delays: native code, torch's convolution, and no delays at all."""

from __future__ import annotations

import time
from collections.abc import Callable
from unittest.mock import patch

import torch
from torch import Tensor, nn

from spikeloom import ms
from spikeloom.nn import Interpolated, SynapticDelay
from spikeloom.nn.delay import synaptic


def best(run: Callable[..., Tensor], layer: nn.Module, x: Tensor, rounds: int = 5) -> float:
    """Shortest of several processor times of one thread, in milliseconds."""
    times = []
    for _ in range(rounds + 1):
        start = time.thread_time()
        run(layer, x)
        times.append(time.thread_time() - start)
    return 1e3 * min(times[1:])


def forward(layer: nn.Module, x: Tensor) -> Tensor:
    """Output without gradients."""
    with torch.no_grad():
        y = layer(x)
    return y[0] if isinstance(y, tuple) else y


def both_ways(layer: nn.Module, x: Tensor) -> Tensor:
    """Gradient of the input."""
    x = x.detach().requires_grad_()
    layer.zero_grad()
    y = layer(x)
    (y[0] if isinstance(y, tuple) else y).square().sum().backward()
    return torch.empty(0) if x.grad is None else x.grad


def main() -> None:
    """Print a table over batch sizes and layers."""
    torch.set_num_threads(1)
    print("steps batch  in out largest | forward, ms: linear conv native | and backward, ms")
    for steps, batch, sources, targets, largest in (
        (100, 1, 140, 256, 25), (100, 2, 140, 256, 25), (100, 8, 140, 256, 25),
        (100, 32, 140, 256, 25), (100, 64, 256, 256, 25), (200, 32, 256, 256, 60),
        (50, 32, 40, 40, 5), (1, 1, 140, 256, 25), (1, 32, 140, 256, 25),
    ):  # fmt: skip
        torch.manual_seed(0)
        x = (torch.rand(steps, batch, sources) < 0.05).float()
        layer = SynapticDelay(sources, targets, max_delay=largest * ms, spread=Interpolated())
        linear = nn.Linear(sources, targets)
        rows = [[best(f, linear, x)] for f in (forward, both_ways)]
        answers = []
        for native in (False, True):  # without gradients native is spike by spike up to 4 samples
            with patch.object(synaptic, "fits", lambda *_, native=native: native):
                answers += [(forward(layer, x), both_ways(layer, x))]
                for row, run in zip(rows, (forward, both_ways), strict=True):
                    row.append(best(run, layer, x))
        for a, b in zip(*answers, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
        text = " | ".join(" ".join(f"{v:7.2f}" for v in row) for row in rows)
        print(f"{steps:5d} {batch:5d} {sources:3d} {targets:3d} {largest:7d} | {text}", flush=True)


if __name__ == "__main__":
    main()
