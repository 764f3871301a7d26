# pyright: reportMissingImports=false
"""From the start of the process to the first trained batch: our side."""

from __future__ import annotations

import time

import loop

SPEC = loop.config()
MARKS: dict[str, float] = {}

import torch  # noqa: E402  (importing is part of what is timed)

import spikeloom as sl  # noqa: E402
from spikeloom.equations import Expr, Surrogate  # noqa: E402

MARKS["imported"] = time.monotonic()
torch.set_num_threads(SPEC["threads"])


class Cusp(Surrogate):
    """The slope 1 / (1 + |u|)^2, as the peer has it."""

    def soft(self, u: Expr) -> Expr:
        return u / (1 + abs(u))


def layer() -> torch.nn.Module:
    cell = sl.LIF(
        tau=SPEC["tau_ms"] * sl.ms,
        R=1 / (1 - SPEC["decay"]) * sl.MOhm,
        E=0 * sl.mV,
        theta=1 * sl.mV,
    )
    return sl.nn.Spiking(cell, surrogate=Cusp(), dt=1 * sl.ms, through_reset=False)


torch.manual_seed(0)
first, second = torch.nn.Linear(64, 100), torch.nn.Linear(100, 10)
x = torch.rand(SPEC["steps"], SPEC["batch"], 64)
labels = torch.randint(0, 10, (SPEC["batch"],))
network = sl.nn.Sequential(first, layer(), second, layer())
optimiser = torch.optim.Adam(network.parameters())

spikes, _ = network(x)
loss = torch.nn.functional.cross_entropy(spikes.sum(0), labels)
loss.backward()
optimiser.step()
MARKS["done"] = time.monotonic()
MARKS["loss"] = loss.item()
MARKS["gradient"] = 0.0 if first.weight.grad is None else first.weight.grad.norm().item()

if __name__ == "__main__":
    loop.serve({"marks": lambda: MARKS})
