"""Running a block in segments gives the outputs, states and gradients of running it in one."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from spikeloom import ms
from spikeloom.errors import ParameterError
from spikeloom.nn import LIF, LeakyIntegrator, Saves, Sequential


def network(dropout: float = 0.0) -> Sequential:
    torch.manual_seed(0)
    return Sequential(
        nn.Linear(12, 30), LIF(tau=4 * ms, dt=1 * ms), nn.Dropout(dropout), nn.Linear(30, 5),
        LeakyIntegrator(tau=9 * ms, dt=1 * ms),
    ).double()  # fmt: skip


def gradients(
    net: Sequential, x: Tensor, how: Saves, state: object = None
) -> tuple[Tensor, list[Tensor]]:
    net = copy.deepcopy(net)
    net.saves = how
    x = x.detach().clone().requires_grad_()
    torch.manual_seed(3)
    y, after = net(x, state)
    weights = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).reshape(y.shape)
    last = after["leakyintegrator1" if "leakyintegrator1" in after else net.names[-1]]["v"]
    ((y * weights).sum() + last.square().sum()).backward()
    assert x.grad is not None
    return y.detach(), [x.grad, *(p.grad for p in net.parameters() if p.grad is not None)]


@pytest.mark.parametrize("segment", [1, 4, 19, 20, 50])
def test_outputs_are_the_same_and_gradients_as_exact(segment: int) -> None:
    net, x = network(), 3 * torch.rand(20, 6, 12, dtype=torch.float64)
    y, whole = gradients(net, x, Saves())
    again, cut = gradients(net, x, Saves(segment=segment))
    assert float(y.abs().sum()) > 0 and torch.equal(y, again)
    for a, b in zip(whole, cut, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-13)


def test_chance_is_the_same_in_the_second_run() -> None:
    net, x = network(dropout=0.4), 3 * torch.rand(8, 6, 12, dtype=torch.float64)
    _, first = gradients(net, x, Saves(segment=3))
    _, second = gradients(net, x, Saves(segment=3))
    assert all(map(torch.equal, first, second))
    net.saves = Saves(segment=3)
    torch.manual_seed(3)
    y, _ = net(x)
    (slope,) = torch.autograd.grad(y.sum(), net.layers[3][1].weight)
    torch.manual_seed(3)
    pieces, state = [], None
    net.saves = Saves()
    for piece in x.split(3):
        part, state = net(piece, state)
        pieces.append(part)
    joined = torch.cat(pieces)
    assert torch.equal(joined, y)
    (expected,) = torch.autograd.grad(joined.sum(), net.layers[3][1].weight)
    torch.testing.assert_close(slope, expected, rtol=1e-12, atol=1e-13)


def test_a_state_goes_in_and_its_gradient_comes_out() -> None:
    net, x = network(), 3 * torch.rand(9, 6, 12, dtype=torch.float64)
    with torch.no_grad():
        _, state = net(x)
    found = []
    for how in (Saves(), Saves(segment=4)):
        given = {n: {k: v.clone().requires_grad_() for k, v in s.items()} for n, s in state.items()}
        net.saves = how
        y, after = net(x, given)
        leaves = [v for s in given.values() for v in s.values()]
        found.append(torch.autograd.grad(y.sum(), leaves))
        assert after.keys() == state.keys()
    for a, b in zip(*found, strict=True):
        assert float(a.abs().sum()) > 0
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-13)


def test_frozen_weights_and_no_gradient_at_all() -> None:
    net, x = network(), 3 * torch.rand(9, 6, 12, dtype=torch.float64)
    net.layers[0][1].requires_grad_(False)
    _, whole = gradients(net, x, Saves())
    _, cut = gradients(net, x, Saves(segment=4))
    assert len(whole) == len(cut) == 3
    net.saves = Saves(segment=4)
    with torch.no_grad():
        assert not net(x)[0].requires_grad
    for p in net.parameters():
        p.requires_grad_(False)
    assert not net(x)[0].requires_grad


def test_statistics_over_all_steps_cannot_be_cut() -> None:
    net = Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), LIF(dt=1 * ms))
    net.saves = Saves(segment=2)
    x = torch.rand(5, 3, 4)
    with pytest.raises(ParameterError, match="batchnorm1d1"):
        net(x)
    net.eval()
    assert net(x)[0].shape == x.shape
