"""Train a small network, alone or as one of several processes; write what came out."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

from spikeloom.equations.units import Hz, ms
from spikeloom.nn import LIF, LeakyIntegrator, Sequential, scale_to_rate
from spikeloom.nn.encode import Rate
from spikeloom.nn.loss import CrossEntropy
from spikeloom.nn.readout import MembraneMean
from spikeloom.train import fit
from spikeloom.train.loop.processes import Processes


def trained(folder: Path, *, bad: bool = False, **options: Any) -> dict[str, Any]:
    """Three epochs; 53 samples in batches of 10, so that parts and batches are uneven."""
    chance = torch.Generator().manual_seed(1)
    inputs = torch.rand(53, 6, generator=chance)
    targets = inputs[:, :3].argmax(1)
    rank = Processes.here().rank
    torch.manual_seed(7 + rank)  # the first process says where all of them start
    net = Sequential(nn.Linear(6, 16), LIF(), nn.Linear(16, 3), LeakyIntegrator()).double()
    scale_to_rate(net, inputs.expand(8, -1, -1).double(), 150 * Hz, 1 * ms)
    if bad and rank == 1:
        inputs = inputs[:, :5]
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.02)
    settings: dict[str, Any] = {
        "loss": CrossEntropy(MembraneMean()),
        "encode": Rate(steps=8),
        "epochs": 3,
        "batch_size": 10,
        "validation": 0.2,
        "clip": 1.0,
        "out": folder,
        "show": "quiet",
    }
    history = fit(net, (inputs, targets), optimizer=optimizer, **(settings | options))
    return {
        "rank": Processes.here().rank,
        "losses": [e.loss for e in history.epochs],
        "accuracies": [e.accuracy for e in history.epochs],
        "validation": [e.validation_loss for e in history.epochs],
        "weights": [w.flatten().tolist() for w in net.parameters()],
    }


if __name__ == "__main__":
    place = Path(sys.argv[1])
    dist.init_process_group("gloo", timeout=timedelta(seconds=120))
    found = trained(place / "run", bad=len(sys.argv) > 2)
    (place / f"found-{found['rank']}.json").write_text(json.dumps(found))
    dist.destroy_process_group()
