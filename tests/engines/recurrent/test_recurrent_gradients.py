"""Gradients of joined neurons against an independent sum, and against differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from tests.engines.recurrent.situation import REFERENCE, random_grads, situation, truth

from spikeloom.engines.cpu import CPU, recurrent
from spikeloom.engines.recurrence import Recurrence
from spikeloom.errors import EngineError, ShapeError
from spikeloom.models import LIF

H = 1e-5


def test_a_loop_in_torch_has_the_same_gradients() -> None:
    """LIF written by hand with torch's automatic differentiation, delays from source to source."""
    s = situation(LIF(), 40, depth=3, batch=2)
    weight = torch.tensor(s.recurrence.weight, requires_grad=True)
    x = torch.tensor(s.inputs["I"], requires_grad=True)
    past = torch.tensor(s.past, requires_grad=True)
    start = torch.tensor(s.state, requires_grad=True)
    decay = float(np.exp(-1.0 / 20.0))

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, u: torch.Tensor) -> torch.Tensor:
            ctx.save_for_backward(u)
            return (u >= 0).double()

        @staticmethod
        def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
            (u,) = ctx.saved_tensors
            return grad / (1 + (torch.pi * u) ** 2)

    delays = s.recurrence.delays
    spikes, v = list(past), start[0]
    for t in range(s.steps):
        rows = [spikes[len(past) + t - int(d)][:, j] for j, d in enumerate(delays)]
        current = x[t] + torch.stack(rows, 1) @ weight
        h = -65 + (v + 65) * decay + 100 * current * (1 - decay)
        fired = Spike.apply((h + 50) / 15)
        v = h + fired * (-65 - h)
        spikes.append(fired)
    ahead = s.forward(REFERENCE, truth)
    out = torch.stack(spikes[len(past) :])
    np.testing.assert_array_equal(out.detach().numpy(), ahead.out)
    grads = random_grads(s)
    ours = s.backward(REFERENCE, truth, ahead, grads)
    ((out * torch.tensor(grads[0])).sum() + (v * torch.tensor(grads[1][0])).sum()).backward()
    slope = ours.inputs["I"].sum() / x.grad.sum().item()
    assert slope == pytest.approx(1.0, abs=1e-9)
    for found, leaf in (
        (ours.inputs["I"], x), (ours.weight, weight), (ours.past, past), (ours.state, start),
    ):  # fmt: skip
        assert leaf.grad is not None
        np.testing.assert_allclose(found, leaf.grad.numpy(), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("functions", [truth, recurrent], ids=["reference", "cpu"])
def test_differences_where_no_spike_changes(functions: Any) -> None:
    """With the past spikes alone as drive the last potential is linear in the weights."""
    s = situation(size=5, steps=4, batch=2, drive=0.01, gain=0.05)
    engine = REFERENCE if functions is truth else CPU("float64")
    ahead = s.forward(engine, functions)
    assert ahead.out.sum() == 0
    weights = random_grads(s)
    back = s.backward(engine, functions, ahead, (np.zeros_like(weights[0]), weights[1]))
    assert back.weight is not None
    for place in [(0, 0), (1, 3), (4, 2)]:
        ends = []
        for sign in (1, -1):
            weight = s.recurrence.weight.copy()
            weight[place] += sign * H
            joined = Recurrence(weight, "I", s.recurrence.delays)
            moved = type(s)(s.program, s.coefs, s.inputs, s.state, s.past, joined, s.steps).forward(
                engine, functions
            )
            ends.append(float((moved.state * weights[1]).sum()))
        expected = (ends[0] - ends[1]) / (2 * H)
        assert back.weight[place] == pytest.approx(expected, rel=1e-5, abs=1e-9)


def test_a_wrong_recurrence_is_refused() -> None:
    s = situation(size=4)
    for bad, kind, words in (
        (Recurrence(np.zeros((3, 4)), "I", np.ones(4, int)), ShapeError, "recurrent weights"),
        (Recurrence(np.zeros((4, 4)), "J", np.ones(4, int)), EngineError, "no input 'J'"),
        (Recurrence(np.zeros((4, 4)), "I", np.zeros(4, int)), EngineError, "whole steps"),
    ):
        for engine, functions in ((CPU(), recurrent), (REFERENCE, truth)):
            with pytest.raises(kind, match=words):
                type(s)(s.program, s.coefs, s.inputs, s.state, s.past, bad, 3).forward(
                    engine, functions
                )
