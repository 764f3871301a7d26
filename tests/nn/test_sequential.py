from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn import Sequential, is_stateful
from spikeloom.nn.encode import ConstantCurrent


@pytest.fixture
def net(stand_in):
    torch.manual_seed(0)
    return Sequential(nn.Linear(4, 5), stand_in(), nn.Linear(5, 3), stand_in(spikes=False))


def test_names_and_statefulness(net):
    assert net.names == ("linear1", "standin1", "linear2", "standin2")
    assert is_stateful(net) and not is_stateful(nn.ReLU())
    assert list(net.state_dict()) == [
        "linear1.weight",
        "linear1.bias",
        "linear2.weight",
        "linear2.bias",
    ]


@given(
    steps=st.integers(2, 7), cut=st.integers(1, 6), batch=st.integers(0, 4), seed=st.integers(0, 9)
)
def test_two_halves_with_the_state_handed_on_equal_one_run(stand_in, steps, cut, batch, seed):
    torch.manual_seed(seed)
    net = Sequential(nn.Linear(4, 5), stand_in(), nn.Linear(5, 3), stand_in(spikes=False))
    cut = min(cut, steps - 1)
    x = torch.rand(steps, batch, 4)
    whole, end = net(x)
    first, state = net(x[:cut])
    second, last = net(x[cut:], state)
    assert whole.shape == (steps, batch, 3)
    torch.testing.assert_close(torch.cat([first, second]), whole)
    torch.testing.assert_close(last["standin2"]["v"], end["standin2"]["v"])


def test_nothing_is_remembered(net):
    x = torch.rand(5, 2, 4)
    assert torch.equal(net(x)[0], net(x)[0])
    assert torch.equal(copy.deepcopy(net)(x)[0], net(x)[0])


def test_folding_makes_no_copy_and_equals_a_loop_over_time(net):
    x = torch.rand(6, 2, 4)
    assert x.flatten(0, 1).data_ptr() == x.data_ptr()
    _, _, kept = net.trace(x)
    for step in range(6):
        torch.testing.assert_close(kept["linear1"][step], net.linear1(x[step]))


def test_a_constant_input_goes_through_the_first_layer_once(net):
    x = ConstantCurrent(steps=6)(torch.rand(2, 4))
    _, _, kept = net.trace(x)
    assert kept["linear1"].stride(0) == 0
    torch.testing.assert_close(net(x)[0], net(x.contiguous())[0])
    net(x)[0].sum().backward()
    once = net.linear1.weight.grad.clone()
    net.zero_grad()
    net(x.contiguous())[0].sum().backward()
    torch.testing.assert_close(once, net.linear1.weight.grad)


def test_chance_and_batch_statistics_see_every_step_of_a_constant_input():
    x = ConstantCurrent(steps=50)(torch.ones(1, 4))
    y, _ = Sequential(nn.Dropout(0.5))(x)
    assert len({tuple(row) for row in y[:, 0].tolist()}) > 1
    norm = nn.BatchNorm1d(4)
    Sequential(norm)(x)
    assert int(norm.num_batches_tracked) == 1


def test_batch_norm_of_a_constant_input_is_that_of_all_its_steps():
    torch.manual_seed(0)
    x = ConstantCurrent(steps=3)(torch.rand(5, 4, 6, 6))
    once, every = nn.BatchNorm2d(4), nn.BatchNorm2d(4)
    y, _ = Sequential(once)(x)
    z, _ = Sequential(every)(x.contiguous())
    assert y.stride(0) == 0 and torch.allclose(y, z, atol=1e-5)
    assert torch.allclose(once.running_mean, every.running_mean)
    assert torch.allclose(once.running_var, every.running_var, rtol=1e-2)


def test_convolutions_fold(stand_in):
    net = Sequential(nn.Conv2d(1, 2, 3), stand_in(), nn.Flatten(), nn.Linear(8, 3))
    assert net(torch.rand(5, 2, 1, 4, 4))[0].shape == (5, 2, 3)


def test_nested_networks_carry_a_nested_state(stand_in):
    inner = Sequential(nn.Linear(4, 5), stand_in())
    outer = Sequential(inner, nn.Linear(5, 2), names=("inner", "out"))
    y, state = outer(torch.rand(3, 1, 4))
    assert y.shape == (3, 1, 2)
    assert set(state["inner"]["standin1"]) == {"v"}


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        ((2, 4), "encoder"),
        ((4, 2, 7), "axes in another order"),
        ((5, 2, 7), "another number of features"),
        ((5, 2, 2, 2), "Flatten"),
    ],
)
def test_wrong_shapes_say_what_to_do(net, shape, hint):
    with pytest.raises(ShapeError, match=r"linear1|Sequential") as caught:
        net(torch.rand(shape))
    assert hint in str(caught.value)
    assert str(tuple(shape)) in str(caught.value)


def test_wrong_channels_of_a_convolution_are_named(stand_in):
    with pytest.raises(ShapeError, match=r"\(time, batch, 1, height, width\)"):
        Sequential(nn.Conv2d(1, 2, 3))(torch.rand(5, 2, 3, 4, 4))


def test_a_foreign_state_is_refused_with_the_near_name(net):
    with pytest.raises(ParameterError, match="standin1"):
        net(torch.rand(2, 1, 4), {"standin_1": {}})


def test_wrong_layers_and_names():
    with pytest.raises(ParameterError, match="encode="):
        Sequential(ConstantCurrent(3))  # type: ignore[arg-type]
    for names in (["a"], ["a", "a"], ["a", "train"], ["a", "b.c"]):
        with pytest.raises(ParameterError):
            Sequential(nn.ReLU(), nn.ReLU(), names=names)


def test_the_real_layer_runs_in_it():
    from spikeloom.equations.units import MOhm, ms, mV
    from spikeloom.models import LIF
    from spikeloom.nn.neurons.spiking import Spiking

    layer = Spiking(LIF(R=20 * MOhm, E=0 * mV, theta=1 * mV), dt=1 * ms)
    net = Sequential(nn.Linear(4, 5), layer, names=("weights", "cells"))
    y, state = net(ConstantCurrent(steps=8)(torch.ones(2, 4)))
    assert y.shape == (8, 2, 5) and set(state["cells"]) == {"v"}


def test_torch_compiles_it_whole():
    from spikeloom.nn import LIF

    net = Sequential(nn.Linear(4, 5), LIF())
    x = torch.rand(6, 3, 4) * 9
    y, state = torch.compile(net, backend="eager", fullgraph=True)(x)
    expected, after = net(x)
    assert torch.equal(y, expected)
    assert torch.equal(state["spiking1"]["v"], after["spiking1"]["v"])
