"""The recurrent layer: against a loop over the feed-forward layer, its state, its refusals."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from spikeloom.equations import Cell, Refractory, learn, normal
from spikeloom.equations.units import Hz, MOhm, ms
from spikeloom.errors import EngineError, ParameterError, ShapeError, UnitError
from spikeloom.models import ALIF, LIF, CubaLIF, EscapeLIF, ExponentialCurrent, LeakyIntegrator
from spikeloom.nn import (
    Following,
    Recurrent,
    Saves,
    Sequential,
    Spiking,
    ann_twin,
    plain_work,
    scale_to_rate,
    spiking_work,
)
from spikeloom.nn.recurrent.op import recur, recur_backward


def drive(*shape: int, dtype: torch.dtype = torch.float32, grad: bool = False) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    x = 0.4 * torch.randn(*shape, generator=generator, dtype=torch.float64) + 0.15
    return x.to(dtype).requires_grad_(grad)


def layer(features: Any = 6, neuron: Any = None, **options: Any) -> Recurrent:
    torch.manual_seed(1)
    return Recurrent(neuron or LIF(tau=5 * ms), features=features, **options)


def looped(layer: Recurrent, x: Tensor) -> Tensor:
    """The definition: the feed-forward layer step by step, its spikes sent back by hand."""
    spikes: list[Tensor] = []
    state = None
    shape = x.shape[1:]
    for t in range(len(x)):
        sent = [
            spikes[t - int(d)].flatten(1)[:, j] if t >= d else x.new_zeros(shape[0])
            for j, d in enumerate(layer.delays)
        ]
        weight = layer.weight if layer.mask is None else layer.weight * layer.mask
        back = (torch.stack(sent, 1) @ weight).reshape(shape)
        now = x[t] + back + (0 if layer.bias is None else layer.bias)
        y, state = layer.neurons(now[None], state)
        spikes.append(y[0])
    return torch.stack(spikes)


OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "bias": {"bias": True},
    "mask": {"mask": ~torch.eye(6, dtype=torch.bool)},
    "delay": {"delay": 3},
    "delays": {"delay": [1, 4, 2, 2, 3, 1]},
    "time": {"delay": 1 * ms, "dt": 0.5 * ms},
    "learnt": {"neuron": LIF(tau=learn([4.0, 5, 6, 7, 8, 9] * ms), R=learn(100 * MOhm))},
    "drawn": {"neuron": LIF(tau=normal(6 * ms, 1 * ms))},
    "two states": {"neuron": CubaLIF()},
    "planes": {"features": (2, 3)},
    "no way through the reset": {"through_reset": False},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_it_is_the_loop(name: str) -> None:
    recurrent = layer(**OPTIONS[name]).double()
    nn.init.normal_(recurrent.weight, 0.05, 0.2)
    x = drive(25, 3, *recurrent.features, dtype=torch.float64, grad=True)
    weights = torch.cos(torch.arange(x.numel(), dtype=torch.float64)).reshape(x.shape)
    leaves = [x, *(p for p in recurrent.parameters())]
    answers = []
    for y in (recurrent(x)[0], looped(recurrent, x)):
        answers.append((y, *torch.autograd.grad((y * weights).sum(), leaves)))
    assert answers[0][0].sum() > 10
    for ours, expected in zip(*answers, strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("options", [{}, {"delay": 4}], ids=["one step", "four steps"])
@pytest.mark.parametrize("cuts", [(21,), (1, 2, 30), (0, 49)])
def test_chunks_are_the_whole(options: dict[str, Any], cuts: tuple[int, ...]) -> None:
    recurrent, x = layer(37, **options), drive(50, 2, 37, grad=True)
    weights = torch.cos(torch.arange(x.numel())).reshape(x.shape)
    whole, end = recurrent(x)
    expected = torch.autograd.grad((whole * weights).sum(), [x, recurrent.weight])
    parts, state = [], None
    for part in torch.tensor_split(x, cuts):
        y, state = recurrent(part, state)
        parts.append(y)
    assert torch.equal(torch.cat(parts), whole)
    assert state is not None
    assert all(torch.equal(state[n], end[n]) for n in end)
    found = torch.autograd.grad((torch.cat(parts) * weights).sum(), [x, recurrent.weight])
    for ours, true in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, true, rtol=1e-4, atol=1e-4)


@given(st.integers(0, 4), st.integers(0, 3), st.integers(0, 70), st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_any_size(steps: int, batch: int, count: int, delay: int) -> None:
    recurrent = layer(count, delay=delay)
    x = drive(steps, batch, count, grad=True)
    y, state = recurrent(x)
    again, _ = recurrent(x, state)
    assert y.shape == again.shape == x.shape
    (again.sum() + y.sum()).backward()
    assert x.grad is not None
    assert recurrent.weight.grad is not None
    assert recurrent.weight.grad.isfinite().all()


@pytest.mark.parametrize("delay", [1, 3])
def test_samples_of_different_length(delay: int) -> None:
    """Each sample as if it were alone; its state is that of its end."""
    recurrent, x = layer(20, delay=delay), drive(12, 4, 20, grad=True)
    lengths = torch.tensor([12, 5, 0, 1])
    y, state = recurrent(x, lengths=lengths)
    weights = torch.cos(torch.arange(x.numel())).reshape(x.shape)
    grads = torch.autograd.grad((y * weights).sum(), [x, recurrent.weight])
    alone, total = [], torch.zeros_like(recurrent.weight)
    for b, length in enumerate(lengths.tolist()):
        single = x.detach()[:length, b : b + 1].requires_grad_()
        out, last = recurrent(single)
        assert torch.equal(y[:length, b], out[:, 0])
        assert not y[length:, b].any()
        assert all(torch.equal(state[n][b], last[n][0]) for n in state)
        loss = (out * weights[:length, b : b + 1]).sum()
        to_x, to_weight = torch.autograd.grad(loss, [single, recurrent.weight])
        alone.append(torch.cat([to_x[:, 0], torch.zeros(12 - length, 20)]))
        total += to_weight
    torch.testing.assert_close(grads[0], torch.stack(alone, 1))
    torch.testing.assert_close(grads[1], total, rtol=1e-4, atol=1e-4)


def test_a_constant_input_is_not_copied_and_means_the_same() -> None:
    recurrent, x = layer(9), drive(1, 2, 9)
    assert torch.equal(recurrent(x.expand(20, 2, 9))[0], recurrent(x.repeat(20, 1, 1))[0])


def test_the_recurrent_current_goes_into_a_chosen_input() -> None:
    """The neurons of a cell excite themselves through its synapses; the drive is its current."""
    cell = Cell(LIF(tau=5 * ms), exc=ExponentialCurrent())
    names = tuple(i.name for i in cell.definition.inputs)
    recurrent = layer(5, cell, into=names[1]).double()
    assert recurrent.into == names[1] != names[0]
    x, extra = drive(20, 2, 5, dtype=torch.float64), 0.1 * torch.rand(20, 2, 5).double()
    spikes, state = [], None
    for t in range(20):
        back = spikes[-1] @ recurrent.weight if spikes else 0.0
        y, state = recurrent.neurons(x[t : t + 1], state, **{names[1]: (extra[t] + back)[None]})
        spikes.append(y[0])
    y, _ = recurrent(x, **{names[1]: extra})
    assert y.sum() > 5
    assert torch.equal(y, torch.stack(spikes))
    without, _ = recurrent(x)
    assert torch.equal(without, recurrent(x, **{names[1]: torch.zeros_like(x)})[0])


def test_noise_comes_from_torch() -> None:
    recurrent, x = layer(8, Refractory(EscapeLIF(), 2 * ms)), drive(40, 2, 8)
    runs = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        runs.append(recurrent(x)[0])
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


@pytest.mark.parametrize("delay", [1, 3])
def test_saved_and_copied(delay: int) -> None:
    first, x = layer(7, delay=delay, bias=True), drive(20, 2, 7)
    other = layer(7, delay=2, bias=True)
    other.load_state_dict(first.state_dict())
    for twin in (copy.deepcopy(first), other):
        assert torch.equal(twin(x)[0], first(x)[0])


def test_in_a_network_with_segments_and_rates() -> None:
    torch.manual_seed(0)
    net = Sequential(nn.Linear(10, 40), layer(40), nn.Linear(40, 4), Spiking(LeakyIntegrator()))
    x = torch.rand(50, 8, 10)
    (report,) = scale_to_rate(net, x, 40 * Hz, 1 * ms)
    assert report.reached
    y, state = net(x)
    assert state["recurrent1"]["spikes"].shape == (8, 40)
    y.sum().backward()
    whole = {n: p.grad.clone() for n, p in net.named_parameters() if p.grad is not None}
    assert whole["recurrent1.weight"].abs().sum() > 0
    net.saves = Saves(segment=13)
    net.zero_grad()
    again, _ = net(x)
    again.sum().backward()
    assert torch.equal(again, y)
    for name, p in net.named_parameters():
        assert p.grad is not None
        torch.testing.assert_close(p.grad, whole[name], rtol=1e-4, atol=1e-5)
    work = spiking_work(net, x, net.trace(x)[2])
    spikes = float(net.trace(x)[2]["recurrent1"].detach().sum()) / 8
    assert work.synaptic_events == pytest.approx(spikes * (40 + 4))
    twin = ann_twin(net)
    assert twin(torch.rand(3, 10)).shape == (3, 4)
    assert torch.equal(twin[1](torch.rand(0, 40)), torch.rand(0, 40))
    weights = 10 * 40 + 40 + 40 * 40 + 40 * 4 + 4
    assert sum(p.numel() for p in twin.parameters()) == weights
    assert plain_work(twin, torch.rand(1, 10)).multiply_accumulates == 400 + 8 * 1600 + 160


@pytest.mark.parametrize(
    ("model", "grad", "delay"),
    [(LIF(), False, 1), (LIF(), True, 1), (Refractory(ALIF(), 2 * ms), True, 3)],
)
def test_opcheck(model: Any, grad: bool, delay: int) -> None:
    recurrent = layer(5, model, delay=delay)
    neurons, x = recurrent.neurons, drive(6, 2, 5, grad=grad)
    values = neurons._values((5,))
    state = neurons._state(None, x.detach(), values).requires_grad_(grad)
    coefs = [values[f"coef:{n}"].clone().requires_grad_(grad) for n in neurons.program.coefs]
    past = torch.zeros(delay, 2, 5, requires_grad=grad)
    weight = recurrent.weight.detach().clone().requires_grad_(grad)
    every = 4 if grad else 0
    name = recurrent.into
    torch.library.opcheck(recur, (
        [x], state, past, weight, coefs, recurrent.delays, neurons._text, name, name, "cpu", every,
    ))  # fmt: skip
    if grad:
        x, state, past, weight = (t.detach() for t in (x, state, past, weight))
        coefs = [c.detach() for c in coefs]
        _, _, kept, bits = recur(
            [x], state, past, weight, coefs, recurrent.delays, neurons._text, name, name, "cpu", 4
        )
        torch.library.opcheck(recur_backward, (
            [x], kept, bits, weight, coefs, recurrent.delays, torch.ones_like(x),
            torch.ones_like(state), delay, neurons._text, name, name, "cpu", 4, True,
            [True] * len(coefs), True,
        ))  # fmt: skip


def test_torch_compile() -> None:
    recurrent = layer(5, LIF(tau=learn(6 * ms)))
    x = drive(12, 2, 5, grad=True)
    run = torch.compile(lambda x: recurrent(x)[0].mean(0), fullgraph=True)
    y = run(x)
    y.square().sum().backward()
    grads = [p.grad.clone() for p in (x, *recurrent.parameters())]
    for p in (x, *recurrent.parameters()):
        p.grad = None
    expected = recurrent(x)[0].mean(0)
    expected.square().sum().backward()
    assert torch.equal(y, expected)
    for found, p in zip(grads, (x, *recurrent.parameters()), strict=True):
        torch.testing.assert_close(found, p.grad)


def test_reference_engine_and_repr() -> None:
    fast, slow = layer(5, CubaLIF(), delay=2), layer(5, CubaLIF(), delay=2, engine="reference")
    x = drive(20, 2, 5, dtype=torch.float64)
    assert torch.equal(fast.double()(x)[0], slow.double()(x)[0])
    assert "features=5" in repr(fast)
    assert "synapses=25" in repr(fast)
    assert "delay=2" in repr(fast)
    assert "weight[j" in fast.explain()


WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"features": -1}, ParameterError, "whole number"),
    ({"features": 2.5}, ParameterError, "whole number"),
    ({"neuron": LeakyIntegrator()}, ParameterError, "never fires"),
    ({"into": "J"}, ParameterError, "no input 'J'"),
    ({"delay": 0}, ParameterError, "1 to"),
    ({"delay": 1.5}, ParameterError, "whole steps"),
    ({"delay": 1.5 * ms}, ParameterError, "whole number of steps"),
    ({"delay": 1 * MOhm}, UnitError, "a time"),
    ({"delay": [1, 2]}, ShapeError, "features"),
    ({"delay": 10**6}, ParameterError, "1 to"),
    ({"mask": "all"}, ParameterError, "truth values"),
    ({"init": 3}, ParameterError, "init cannot be 3"),
    ({"bias": torch.ones(6)}, ParameterError, "bias cannot be"),
    ({"mask": torch.ones(2, 2)}, ShapeError, "mask"),
    ({"mask": torch.full((6, 6), 0.5)}, ParameterError, "truth values"),
]


@pytest.mark.parametrize(("options", "kind", "words"), WRONG, ids=[str(w[0]) for w in WRONG])
def test_refused_when_made(options: dict[str, Any], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        layer(**options)


def test_refused_when_called() -> None:
    recurrent, x = layer(6), drive(5, 2, 6)
    _, state = recurrent(x)
    calls: list[tuple[Any, Any, type[Exception], str]] = [
        (drive(5, 2, 7), None, ShapeError, "features"),
        (x.double(), None, ShapeError, "float64"),
        (x, {"v": state["v"]}, ParameterError, "spikes"),
        (x, {**state, "spikes": torch.zeros(3, 6)}, ShapeError, "one batch"),
        (x, {**state, "w": state["v"]}, ParameterError, "state must hold"),
        (x, {**state, "spikes": torch.full((2, 6), 0.5)}, ParameterError, "0 and 1 only"),
        (x, 3, ParameterError, "state must hold"),
    ]
    for given_x, given_state, kind, words in calls:
        with pytest.raises(kind, match=words):
            recurrent(given_x, given_state)


def test_the_twin_over_time_follows_as_torch_does() -> None:
    net = Sequential(nn.Linear(3, 6), layer(6, bias=True), nn.Linear(6, 2))
    twin = ann_twin(net, over_time=True)
    following = twin.layers[1][1]
    assert isinstance(following, Following)
    plain = nn.RNN(6, 6, nonlinearity="relu")
    x = drive(9, 2, 6)
    with torch.no_grad():
        following.bias.normal_()
        plain.weight_ih_l0.copy_(torch.eye(6))
        plain.weight_hh_l0.copy_(following.weight.T)
        plain.bias_ih_l0.copy_(following.bias)
        plain.bias_hh_l0.zero_()
    y, state = following(x)
    torch.testing.assert_close(y, plain(x)[0])
    first, middle = following(x[:4])
    assert torch.equal(torch.cat([first, following(x[4:], middle)[0]]), y)
    assert torch.equal(state["h"], y[-1])


def test_no_second_derivative() -> None:
    recurrent, x = layer(4), drive(5, 2, 4, grad=True)
    (grad,) = torch.autograd.grad(recurrent(x)[0].sum(), x, create_graph=True)
    with pytest.raises(EngineError, match="second derivative"):
        grad.sum().backward()
