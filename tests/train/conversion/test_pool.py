"""Max-pooling of spike trains, alone and inside converted networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from spikeloom.data import load_digits
from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn import Sequential
from spikeloom.train import CountingMaxPool, ThresholdBalance, WeightNorm, convert
from spikeloom.train.conversion.pool import SignedMaxPool
from spikeloom.train.conversion.stretches import stretches_of

POOLS: list[tuple[Callable[[], nn.Module], tuple[int, ...]]] = [
    (lambda: nn.MaxPool1d(2), (8,)),
    (lambda: nn.MaxPool2d(3, stride=2, padding=1), (7, 6)),
    (lambda: nn.MaxPool2d(2, ceil_mode=True), (5, 5)),
    (lambda: nn.MaxPool3d((1, 2, 2)), (3, 4, 4)),
]


@pytest.mark.parametrize(("make", "space"), POOLS)
def test_of_currents_that_stay_it_is_the_pool(make: Any, space: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    pool, x = make(), torch.randn(2, 3, *space)
    for block in (x.expand(5, *x.shape), x.repeat(5, *[1] * x.dim())):
        y, state = CountingMaxPool(pool)(block)
        assert torch.allclose(y, pool(x).expand(5, *pool(x).shape), atol=1e-6)
        assert torch.allclose(state["sum"], 5 * x, rtol=1e-6)


def test_of_spikes_come_spikes_as_many_as_of_the_busiest() -> None:
    torch.manual_seed(1)
    x = (torch.rand(30, 2, 3, 8) < torch.rand(8)).float()
    y, _ = CountingMaxPool(nn.MaxPool1d(2))(x)
    assert set(y.unique().tolist()) == {0.0, 1.0}
    for t in range(1, 31):
        assert torch.equal(y[:t].sum(0), x[:t].sum(0).unflatten(2, (4, 2)).amax(3))


def test_of_changing_currents_the_mean_is_the_largest_mean() -> None:
    torch.manual_seed(2)
    x = torch.randn(50, 2, 3, 6, 6, dtype=torch.float64)
    pool = nn.MaxPool2d(2)
    for chosen in (pool, SignedMaxPool(pool, torch.tensor([1.0, -1.0, 1.0]))):
        y, _ = CountingMaxPool(chosen)(x)
        assert torch.allclose(y.mean(0), chosen(x.mean(0)))


def test_in_pieces_the_same_and_without_steps_nothing() -> None:
    torch.manual_seed(2)
    net, x = Sequential(CountingMaxPool(nn.MaxPool2d(2))), torch.rand(9, 2, 1, 4, 4).double()
    whole, state = net(x)
    first, middle = net(x[:4])
    empty, middle = net(x[:0], middle)
    rest, end = net(x[4:], middle)
    assert empty.shape == (0, 2, 1, 2, 2)
    assert torch.allclose(torch.cat([first, rest]), whole)
    assert torch.allclose(end["countingmaxpool1"]["sum"], state["countingmaxpool1"]["sum"])


def test_bad_input() -> None:
    with pytest.raises(ParameterError):
        CountingMaxPool(nn.AvgPool2d(2))
    pool = CountingMaxPool(nn.MaxPool2d(2))
    with pytest.raises(ShapeError):
        pool(torch.zeros(3, 2, 4, 4))
    with pytest.raises(ShapeError):
        pool(torch.zeros(3, 2, 1, 4, 4), {"sum": torch.zeros(1, 1, 4, 4)})


def test_norms_behind_a_pool_with_factors_of_both_signs() -> None:
    torch.manual_seed(3)
    net = nn.Sequential(
        nn.Unflatten(1, (1, 8)),
        *(nn.Conv2d(1, 6, 3, padding=1, bias=False), nn.MaxPool2d(2), nn.BatchNorm2d(6), nn.ReLU()),
        *(nn.Conv2d(6, 8, 3, bias=False), nn.MaxPool2d(2), nn.BatchNorm2d(8), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(8, 10)),
    )
    for place in (3, 7):
        norm = net[place]
        with torch.no_grad():
            norm.weight.uniform_(-1, 1)
            norm.bias.uniform_(0.2, 0.5)
    for _ in range(3):
        net(torch.rand(32, 8, 8))
    net.eval()
    x = torch.rand(40, 8, 8)
    folded, _ = stretches_of(net)
    assert any(isinstance(layer, SignedMaxPool) for layer in folded)
    with torch.no_grad():
        assert float((folded(x) - net(x)).abs().max()) < 1e-5
        both = (x, net(x).argmax(1))
        for method in (WeightNorm(100), ThresholdBalance(100)):
            made = convert(net, both, method=method, steps=400)
            y, _ = made.net(made.encode(x))
            scores = made.readout(y)
            if isinstance(method, ThresholdBalance):
                scores = scores * made.report.levels[-1]
            assert float((scores - net(x)).abs().max()) < 0.1 * float(net(x).std())


def test_a_max_pool_behind_neurons() -> None:
    data = load_digits()
    torch.manual_seed(4)
    net = nn.Sequential(
        *(nn.Unflatten(1, (1, 8)), nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(36, 10)),
    )
    made = convert(net, data.train, method=WeightNorm(100), steps=200, test=data.test)
    x = torch.as_tensor(data.test.inputs[:50])
    with torch.no_grad():
        y, _, kept = made.net.trace(made.encode(x))
        error = (made.readout(y) - net(x)).abs().max()
        assert float(error) < 0.1 * float(net(x).std())
    (pooled,) = (
        kept[name] for name, layer in made.net.layers if isinstance(layer, CountingMaxPool)
    )
    assert set(pooled.unique().tolist()) <= {0.0, 1.0}
    assert made.report.synaptic_events > 0
