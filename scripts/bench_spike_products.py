"""Products of spikes beside torch's dense ones, forward and for the weights; compared first.

Processor time of one thread in milliseconds, ours / torch, the fastest of some calls. Ours counts
the packing of the spikes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from spikeloom.nn.chain.convolve import convolution
from spikeloom.nn.chain.sparse import linear

CALLS = 9
SHARES = (0.05, 0.1, 0.2)


def fastest(work: Callable[[], object]) -> float:
    """Milliseconds."""
    work()
    took: list[float] = []
    for _ in range(CALLS):
        start = time.process_time()
        work()
        took.append(time.process_time() - start)
    return 1e3 * min(took)


def compare(
    name: str, layer: nn.Module, ours: Callable[[Tensor], Tensor | None], x: Tensor
) -> None:
    """Forward and the gradient of the weights, of torch and ours."""
    weight: Tensor = layer.weight  # pyright: ignore[reportAssignmentType]
    theirs, mine = layer(x), ours(x)
    if mine is None:
        print(f"{name}: left to torch")
        return
    grad = torch.randn_like(theirs)
    found = [torch.autograd.grad(y, weight, grad, retain_graph=True)[0] for y in (theirs, mine)]
    torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(
        found[1], found[0], rtol=1e-3, atol=1e-3 * float(found[0].abs().max())
    )
    words = [f"{name:38s}"]
    for what, calls in {
        "forward": (lambda: ours(x), lambda: layer(x)),
        "weights": tuple(
            lambda y=y: torch.autograd.grad(y, weight, grad, retain_graph=True)
            for y in (mine, theirs)
        ),
    }.items():
        words.append(f"{what} {fastest(calls[0]):6.2f} / {fastest(calls[1]):6.2f}")
    print("   ".join(words))


def main() -> None:
    """Print a line for each layer and share of spikes, ours / torch."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    for share in SHARES:
        for images, channels, side, outputs in ((512, 16, 14, 32), (512, 32, 7, 64)):
            layer: Any = nn.Conv2d(channels, outputs, 3, padding=1, bias=False)
            layer = layer.to(memory_format=torch.channels_last)
            x = (torch.rand(images, channels, side, side) < share).float()
            x = x.contiguous(memory_format=torch.channels_last)
            name = f"conv {channels} x {side} x {side} to {outputs}, {share:.0%}"
            compare(name, layer, lambda v, layer=layer: convolution(layer, v), x)
        for rows, inputs, outputs in ((12800, 700, 256), (12800, 256, 20)):
            dense = nn.Linear(inputs, outputs)
            x = (torch.rand(rows, inputs) < share).float()
            name = f"linear {rows} x {inputs} to {outputs}, {share:.0%}"
            compare(name, dense, lambda v, layer=dense: linear(layer, v), x)


if __name__ == "__main__":
    main()
