from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from spikeloom.nn import Sequential


@pytest.fixture(scope="session")
def stand_in() -> type[nn.Module]:
    """The neuron layer in plain torch that the tests of nn use."""
    path = Path(__file__).parents[1] / "nn" / "standin.py"
    spec = importlib.util.spec_from_file_location("standin", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.StandIn


@pytest.fixture
def make_net(stand_in: type[nn.Module]) -> Callable[[], Sequential]:
    """Always the same small spiking network, with dropout so that chance matters."""

    def make() -> Sequential:
        with torch.random.fork_rng():
            torch.manual_seed(3)
            net = Sequential(
                nn.Linear(6, 12),
                stand_in(),
                nn.Dropout(0.2),
                nn.Linear(12, 3),
                stand_in(spikes=False),
                names=("weights1", "hidden1", "dropout", "weights2", "output"),
            )
            with torch.no_grad():
                net.get_submodule("weights1").weight.mul_(4)
        return net

    return make


@pytest.fixture
def data() -> tuple[Tensor, Tensor]:
    """Sixty samples of three classes that can be told apart."""
    generator = torch.Generator().manual_seed(0)
    targets = torch.arange(60) % 3
    inputs = 0.3 * torch.rand(60, 6, generator=generator)
    inputs[torch.arange(60), targets] += 0.6
    return inputs, targets
