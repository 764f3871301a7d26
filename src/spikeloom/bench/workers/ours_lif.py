# pyright: reportMissingImports=false
"""Our LIF layer, forward and backward, for `spikeloom.bench.neuron`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import loop
import numpy as np
import torch

import spikeloom as sl
from spikeloom.equations import Expr, Surrogate
from spikeloom.equations.units import MOhm, ms, mV
from spikeloom.models.neurons.lif import LIF

SPEC = loop.config()
torch.set_num_threads(SPEC["threads"])  # our layer takes torch's number of threads
DRIVE = torch.from_numpy(np.load(SPEC["drive"]))
UPSTREAM = torch.from_numpy(np.load(SPEC["upstream"]))


class Cusp(Surrogate):
    """Zenke and Ganguli (2018), as all four peers have it: the slope is 1 / (1 + |u|)^2."""

    def soft(self, u: Expr) -> Expr:
        return u / (1 + abs(u))


def layer() -> Callable[[torch.Tensor], torch.Tensor]:
    # R makes the exact step v' = decay * v + x: the peers add their input as it is.
    cell = LIF(
        tau=SPEC["tau_ms"] * ms,
        R=1 / (1 - SPEC["decay"]) * MOhm,
        E=0 * mV,
        theta=1 * mV,
    )
    spiking = sl.nn.Spiking(
        cell,
        surrogate=Cusp(),
        dt=1 * ms,
        width=1 * mV,
        through_reset=False,
    )
    return lambda x: spiking(x)[0]


LAYER = layer()


def run(drive: torch.Tensor, upstream: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    drive = drive.detach().requires_grad_()
    spikes = LAYER(drive)
    spikes.backward(upstream)
    if drive.grad is None:
        raise RuntimeError("no gradient came back")
    return spikes.detach(), drive.grad


def prepare() -> None:
    """Compile the kernels on a few steps."""
    run(DRIVE[:2], UPSTREAM[:2])


def prove(to: str) -> float:
    (spikes, gradient), peak = loop.peak_mb(lambda: run(DRIVE, UPSTREAM))
    np.savez(to, output=spikes.numpy(), input_gradient=gradient.numpy())
    return peak


def copy() -> float:
    """Seconds to copy as many bytes as the two kernels must move.

    Forward reads the input and writes the output, 8 bytes for each element; backward reads the
    input and a gradient and writes a gradient, 12 bytes. Copying 10 bytes moves 20.
    """
    if not FLOOR:
        size = DRIVE.numel() * 10
        FLOOR.append((torch.ones(size, dtype=torch.uint8), torch.ones(size, dtype=torch.uint8)))
    source, target = FLOOR[0]
    return loop.steady(lambda: target.copy_(source))


FLOOR: list[tuple[torch.Tensor, torch.Tensor]] = []

ANSWERS: dict[str, Callable[..., Any]] = {
    "prepare": prepare,
    "prove": prove,
    "time": lambda: loop.steady(lambda: run(DRIVE, UPSTREAM)),
    "copy": copy,
}

if __name__ == "__main__":
    loop.serve(ANSWERS)
