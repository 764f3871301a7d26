"""Runs in the peers' environment: NeuroBench's own figures beside ours, as JSON on standard output.

python neurobench_side.py
"""

from __future__ import annotations

import json

import torch
from torch import nn

from spikeloom import ms
from spikeloom.nn import LIF, LeakyIntegrator, Sequential, neurobench_metrics


def chain() -> tuple[Sequential, torch.Tensor]:
    net = Sequential(
        nn.Linear(12, 20), LIF(tau=10 * ms, engine="reference"),
        nn.Linear(20, 5), LeakyIntegrator(tau=10 * ms, engine="reference"),
    )  # fmt: skip
    return net, torch.rand(7, 6, 12) * 4


def image() -> tuple[Sequential, torch.Tensor]:
    net = Sequential(
        nn.Conv2d(2, 4, 3, padding=1, stride=2), LIF(tau=5 * ms, engine="reference"),
        nn.AvgPool2d(2, ceil_mode=True), nn.Conv2d(4, 3, 2, bias=False),
        LIF(tau=5 * ms, engine="reference"),
        nn.Flatten(), nn.Linear(3, 2), LIF(engine="reference"),
    )  # fmt: skip
    with torch.no_grad():
        for layer in net.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                layer.weight.mul_(6.0)
                layer.weight[torch.rand_like(layer.weight) < 0.3] = 0.0
    return net, (torch.rand(5, 3, 2, 8, 8) < 0.3).float()


def theirs(net: Sequential, x: torch.Tensor) -> dict[str, float]:
    """Figures of the package."""
    from neurobench.benchmarks import Benchmark
    from neurobench.metrics.static import ConnectionSparsity, Footprint
    from neurobench.metrics.workload import ActivationSparsity, MembraneUpdates, SynapticOperations
    from torch.utils.data import DataLoader, TensorDataset

    from spikeloom.nn.energy.neurobench import SpikeloomModel

    data = TensorDataset(x.transpose(0, 1), torch.zeros(x.shape[1]))
    found = Benchmark(
        SpikeloomModel(net), DataLoader(data, batch_size=x.shape[1]), [], [],
        [
            [Footprint, ConnectionSparsity],
            [ActivationSparsity, SynapticOperations, MembraneUpdates],
        ],
    ).run(quiet=True)  # fmt: skip
    operations = found["SynapticOperations"]
    return {
        "footprint": found["Footprint"],
        "connection_sparsity": found["ConnectionSparsity"],
        "activation_sparsity": found["ActivationSparsity"],
        "dense": operations["Dense"],
        "effective_macs": operations["Effective_MACs"],
        "effective_acs": operations["Effective_ACs"],
        "membrane_updates": found["MembraneUpdates"],
    }


if __name__ == "__main__":
    told = {}
    for make in (chain, image):
        torch.manual_seed(0)
        net, x = make()
        told[make.__name__] = {"ours": vars(neurobench_metrics(net, x)), "theirs": theirs(net, x)}
    print(json.dumps(told))
