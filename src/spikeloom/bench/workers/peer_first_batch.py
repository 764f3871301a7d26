# pyright: reportMissingImports=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
"""From the start of the process to the first trained batch: snnTorch, with the same numbers."""

from __future__ import annotations

import time

import loop

SPEC = loop.config()
MARKS: dict[str, float] = {}

import snntorch  # noqa: E402  (importing is part of what is timed)
import torch  # noqa: E402
from snntorch import surrogate  # noqa: E402

MARKS["imported"] = time.monotonic()
torch.set_num_threads(SPEC["threads"])


def layer() -> torch.nn.Module:
    slope = surrogate.fast_sigmoid(1.0)
    return snntorch.Leaky(beta=SPEC["decay"], reset_mechanism="zero", spike_grad=slope)


torch.manual_seed(0)
first, second = torch.nn.Linear(64, 100), torch.nn.Linear(100, 10)
x = torch.rand(SPEC["steps"], SPEC["batch"], 64)
labels = torch.randint(0, 10, (SPEC["batch"],))
hidden, output = layer(), layer()
optimiser = torch.optim.Adam([*first.parameters(), *second.parameters()])

state_1, state_2 = torch.zeros(SPEC["batch"], 100), torch.zeros(SPEC["batch"], 10)
total = torch.zeros(SPEC["batch"], 10)
for now in x:
    spikes, state_1 = hidden(first(now), state_1)
    spikes, state_2 = output(second(spikes), state_2)
    total = total + spikes
loss = torch.nn.functional.cross_entropy(total, labels)
loss.backward()
optimiser.step()
MARKS["done"] = time.monotonic()
MARKS["loss"] = loss.item()
MARKS["gradient"] = 0.0 if first.weight.grad is None else first.weight.grad.norm().item()

if __name__ == "__main__":
    loop.serve({"marks": lambda: MARKS})
