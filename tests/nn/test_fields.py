"""Numbers told by a population: which neuron gets what, and once for all steps."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn import Fields, Sequential, ann_twin
from spikeloom.train import convert
from spikeloom.train.recipes import Conv, build, recipe_of


def test_the_neuron_that_prefers_a_value_gets_most_and_outside_is_the_edge():
    layer = Fields(channels=2, count=8)
    x = torch.rand(5, 3, 4) * 3 - 0.5
    y = layer(x)
    assert y.shape == (5, 3 + 16, 4) and torch.equal(y[:, :3], x)
    centres = torch.linspace(0.4, 1.8, 8)
    for channel in (0, 1):
        told = y[:, 3 + 8 * channel : 11 + 8 * channel]
        value = x[:, 1 + channel].clamp(0.4, 1.8)
        nearest = (value.unsqueeze(1) - centres.view(-1, 1)).abs().argmin(1)
        assert torch.equal(told.argmax(1), nearest)
        assert told.max() <= 1 and told.amax(1).min() > 0.88  # half way: exp(-1/8)


def test_a_value_that_stays_is_told_once():
    x = torch.rand(2, 3, 4)
    net = Sequential(Fields(1, 4), names=["fields"])
    y, _ = net(x.expand(6, *x.shape))
    assert y.stride(0) == 0 and torch.equal(y[5], Fields(1, 4)(x))


def test_both_networks_of_a_recipe_have_the_fields():
    recipe = recipe_of("mitbih")
    net = build(recipe, (128, 4), 4, seed=0)
    twin = ann_twin(net, seed=0)
    assert any(isinstance(layer, Fields) for layer in twin.modules())
    assert net.get_parameter("conv1.weight").shape[1] == 4 + 16
    assert twin(torch.rand(3, 128, 4)).shape == (3, 4)


def test_they_convert_where_the_samples_come_in_and_only_there():
    x, labels = torch.rand(40, 3, 16), torch.arange(40) % 2
    layers = Fields(1, 4), nn.Conv1d(7, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 14, 2)
    torch.manual_seed(0)
    ann = nn.Sequential(*layers)
    spiking = convert(ann, (x, labels), steps=256).net
    y, _ = spiking(x.expand(256, *x.shape))
    assert torch.allclose(y.mean(0), ann(x), atol=0.05)
    late = nn.Sequential(
        nn.Conv1d(3, 3, 3), nn.ReLU(), Fields(1, 4), nn.Flatten(), nn.Linear(98, 2)
    )
    with pytest.raises(ParameterError, match="Fields stands behind"):
        convert(late, (x, labels))


@pytest.mark.parametrize("wrong", [{"channels": 0}, {"count": 1}, {"low": 2.0}, {"count": True}])
def test_bad_numbers_are_named(wrong):
    with pytest.raises(ParameterError, match="Fields"):
        Fields(**({"channels": 1, "count": 4} | wrong))


def test_fields_need_a_signal_with_enough_channels():
    with pytest.raises(ShapeError, match="2 channels"):
        Fields(2, 4)(torch.rand(3, 1, 5))
    for wrong in ({"fields": (2, 8)}, {"fields": (2,), "axes": 1}):
        with pytest.raises(ParameterError, match="fields"):
            Conv(channels=(4,), kernels=(3,), pools=(2,), **wrong)
    with pytest.raises(ShapeError, match="no signal"):
        build(recipe_of("mitbih"), (128, 2), 4, seed=0)
