"""What a neuron layer says to what it cannot use; nothing wrong passes in silence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from spikeloom.equations import learn, normal
from spikeloom.equations.units import Hz, ms, mV, pF
from spikeloom.errors import EngineError, ParameterError, ShapeError, SpikeloomError, UnitError
from spikeloom.models import LIF, AdEx, ATan
from spikeloom.nn import Sequential
from spikeloom.nn.encode import Rate
from spikeloom.nn.init import scale_to_rate
from spikeloom.nn.neurons import short
from spikeloom.nn.neurons.spiking import Spiking

X = torch.full((5, 2, 3), 0.6)


@pytest.mark.parametrize("neuron", [LIF, "LIF", None, 5, ATan(), short.LIF()], ids=repr)
def test_a_layer_is_made_of_a_neuron(neuron: Any) -> None:
    with pytest.raises(ParameterError, match="neuron"):
        Spiking(neuron)


@pytest.mark.parametrize(
    "options, word",
    [
        ({"surrogate": ATan}, "surrogate"),
        ({"surrogate": LIF()}, "surrogate"),
        ({"method": "euler"}, "method"),
        ({"width": 3}, "width"),
        ({"width": 3 * ms}, "must be a voltage"),
        ({"width": 0 * mV}, "width"),
        ({"width": -1 * mV}, "width"),
        ({"width": float("nan") * mV}, "width"),
        ({"dt": 0 * ms}, "0 ms"),
        ({"dt": -1 * ms}, "-1 ms"),
        ({"dt": float("nan") * ms}, "nan ms"),
        ({"dt": np.array([1.0, 2.0]) * ms}, "one positive"),
        ({"dt": 1 * mV}, "must be a time"),
    ],
    ids=str,
)
def test_options_that_make_no_sense(options: dict[str, Any], word: str) -> None:
    with pytest.raises(SpikeloomError, match=word):
        Spiking(LIF(), **options)


def test_a_unit_alone_is_one_of_it() -> None:
    assert torch.equal(Spiking(LIF(), dt=ms)(X)[0], Spiking(LIF(), dt=1 * ms)(X)[0])  # pyright: ignore[reportArgumentType]


def test_the_message_names_the_step_that_was_given() -> None:
    with pytest.raises(ParameterError, match="dt = 1 ms"):
        Spiking(AdEx(C=0 * pF))


def test_no_neurons_need_no_parameters() -> None:
    layer = Spiking(LIF(tau=np.array([]) * ms))
    assert layer(X[..., :0])[0].shape == (5, 2, 0)


def test_a_shape_of_draws_is_a_shape() -> None:
    for size in (-3, (2, -1), "x", 1.5):
        with pytest.raises(ParameterError, match="size"):
            Spiking(LIF(tau=normal(10, 1) * ms), size=size)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "x, error",
    [
        (X.numpy(), ParameterError),
        ([[[1.0]]], ParameterError),
        (None, ParameterError),
        (X.to_sparse(), EngineError),
        (X.to("meta"), EngineError),
        (X.long(), ShapeError),
        (X[0], ShapeError),
    ],
    ids=["array", "list", "none", "sparse", "meta", "long", "rank 2"],
)
def test_inputs_that_no_engine_can_run(x: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        short.LIF()(x)


@pytest.mark.parametrize(
    "state",
    [torch.zeros(2, 3), ({"v": torch.zeros(2, 3)},), {"v": np.zeros((2, 3))}, {"v": None}, {}],
    ids=["tensor", "tuple", "array", "none", "empty"],
)
def test_a_state_is_what_the_layer_gave(state: Any) -> None:
    with pytest.raises(ParameterError, match="state"):
        short.LIF()(X, state)


@pytest.mark.parametrize("through", ["out", "state"])
def test_second_derivatives_are_refused(through: str) -> None:
    x = X.clone().requires_grad_()
    y, state = short.LIF(tau=learn(10 * ms))(x)
    end = y.sum() if through == "out" else (state["v"] ** 2).sum()
    (first,) = torch.autograd.grad(end, x, create_graph=True)
    with pytest.raises(EngineError, match="second derivative"):
        ((first**2).sum() + x.sum()).backward()


def test_made_and_first_called_in_inference_mode() -> None:
    with torch.inference_mode():
        layer = short.LIF(tau=10 * ms)
        layer(X)
    x = X.clone().requires_grad_()
    layer(x)[0].sum().backward()
    assert x.grad is not None and x.grad.abs().sum() > 0


def test_a_parameter_changed_behind_torchs_back_counts() -> None:
    layer = Spiking(LIF(tau=10 * ms))
    assert layer(X)[0].sum() > 0
    layer.params["tau"].get_buffer("fixed").data.fill_(1e6)
    assert layer(X)[0].sum() == 0


def test_a_time_is_asked_for_where_a_time_is_needed() -> None:
    with pytest.raises(UnitError, match="5 \\* ms"):
        (3 * mV).to(ms)


NET = Sequential(nn.Linear(3, 2), short.LIF(), names=("weights", "hidden"))


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: NET(X.numpy()), "torch tensor"),
        (lambda: NET(X.double()), "float64"),
        (lambda: NET(X.long()), "int64"),
        (lambda: NET(X, [1]), "state"),
        (lambda: Sequential(nn.ReLU(), names=(3,)), "name"),
        (lambda: Sequential(nn.LSTM(3, 2))(X), "one tensor"),
        (lambda: Rate(steps=3)(X.numpy()), "torch tensor"),
        (lambda: Rate(steps=3, peak="x"), "peak"),
        (lambda: scale_to_rate(NET, X, 50, 1 * ms), "target"),
        (lambda: scale_to_rate(NET, X, 50 * Hz, 1), "dt"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_networks_and_encoders(call: Any, words: str) -> None:
    with pytest.raises(SpikeloomError, match=words):
        call()
