"""A constant current is led back as one step: the gradient is that of the expanded block."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from spikeloom.engines.cpu import CPU
from spikeloom.engines.reference import Reference
from spikeloom.equations.units import ms
from spikeloom.models import LIF, AdEx, ATan
from spikeloom.nn import Sequential, Spiking
from spikeloom.nn.neurons.held import held, hold
from spikeloom.testing.cases import cases


def grads(net: nn.Module, x: torch.Tensor) -> list[torch.Tensor]:
    net.zero_grad()
    y, _ = net(x)
    (y * torch.arange(y.numel()).reshape(y.shape).cos()).sum().backward()
    return [y.detach(), *(p.grad.clone() for p in net.parameters() if p.grad is not None)]


@pytest.mark.parametrize("engine", ["auto", "reference"])
@pytest.mark.parametrize("steps", [1, 2, 7, 40])
def test_weights_before_the_neurons(steps: int, engine):
    torch.manual_seed(0)
    layers = nn.Linear(5, 13), Spiking(LIF(tau=5 * ms), engine=engine), nn.Linear(13, 3)
    net = Sequential(*layers).double()
    x = 2 * torch.rand(4, 5, dtype=torch.float64)
    once = grads(net, x.expand(steps, -1, -1))
    each = grads(net, x.expand(steps, -1, -1).contiguous())
    for a, b in zip(once, each, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)
    assert once[0].any() or steps < 3


def test_convolution_pool_and_norm_before_the_neurons():
    torch.manual_seed(1)
    layers = nn.Conv2d(1, 3, 3), nn.MaxPool2d(2), nn.BatchNorm2d(3), Spiking(AdEx(), ATan())
    net = Sequential(*layers).double().to(memory_format=torch.channels_last)
    x = torch.rand(4, 1, 8, 8, dtype=torch.float64)
    for a, b in zip(
        grads(net, x.expand(6, *x.shape)),
        grads(net, x.expand(6, *x.shape).contiguous()),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


def test_a_step_has_many_users():
    y = torch.rand(2, 3, requires_grad=True)
    x = hold(y * 2, 5)
    (x[1:].sum() + held(x).sum() + x.reshape(5, 6).mul(3).sum()).backward()
    assert torch.equal(y.grad, torch.full((2, 3), 2.0 * (4 + 1 + 15)))


def test_only_the_whole_block_is_held():
    y = torch.rand(2, 3, requires_grad=True)
    x = hold(y, 5)
    assert held(x) is y
    assert held(x[1:]) is None and held(x * 1) is None and held(y) is None
    assert held(hold(y.detach(), 5)) is None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", cases()[::7], ids=lambda case: case.name)
def test_the_kernel_sums_as_the_reference_does(case, dtype):
    bound, state, inputs = case.bound(ATan()), None, case.inputs()
    state = case.state(bound)
    engine = CPU(dtype, threads=1)
    typed = {n: x.astype(dtype) for n, x in inputs.items()}
    run = engine.forward(
        bound.program, bound.coefs, typed, state.astype(dtype), case.steps, checkpoint_every=4
    )
    told = bound.program, bound.coefs, typed, run.checkpoints, 4, None, run.state * 0 + 1
    names = bound.program.inputs
    ours = engine.backward(*told, want_inputs=names, constant=names, steps=case.steps)
    each = engine.backward(*told, want_inputs=names, steps=case.steps)
    for name in names:
        assert ours.inputs[name].shape == (1, *run.out.shape[1:])
        total = each.inputs[name].astype("float64").sum(0, keepdims=True)
        size = abs(each.inputs[name]).sum(0, keepdims=True)
        error = abs(ours.inputs[name] - total)
        close = error <= 1e-30 + size * (1e-5 if dtype == "float32" else 1e-13)
        assert (close | ~(total == total) | (abs(total) == float("inf"))).all()
    if dtype == "float64" and case.steps:
        truth = Reference().backward(
            *told[:2], inputs, *told[3:], want_inputs=names, constant=names
        )
        for name in names:
            assert truth.inputs[name].shape == ours.inputs[name].shape
