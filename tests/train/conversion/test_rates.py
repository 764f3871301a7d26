"""Rates of neurons that lose no charge, against closed forms, and the QCFS activation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from spikeloom.equations.units import ms, mV, pF
from spikeloom.errors import ParameterError
from spikeloom.models import SubtractiveIF
from spikeloom.nn import Spiking
from spikeloom.train import QCFSActivation


def rates(z: torch.Tensor, steps: int, theta: float, start: float, engine: str) -> torch.Tensor:
    neuron = SubtractiveIF(C=1 * pF, theta=theta * mV, v_start=start * theta * mV)
    layer = Spiking(neuron, dt=1 * ms, engine=engine)  # type: ignore[arg-type]
    return layer(z.expand(steps, 1, *z.shape))[0].mean((0, 1))


@pytest.mark.parametrize("engine", ["auto", "reference"])
@pytest.mark.parametrize("steps", [10, 100, 1000])
def test_the_rate_is_the_input_to_one_part_in_the_steps(steps: int, engine: str) -> None:
    # Rueckauer et al. 2017: r(T) = a - V(T) / (T theta), with 0 <= V(T) < theta.
    a = torch.linspace(0, 0.999999, 200, dtype=torch.float64)
    error = a - rates(a, steps, 1.0, 0.0, engine)
    assert float(error.min()) >= -1e-9
    assert 0.9 / steps < float(error.max()) <= 1 / steps + 1e-9


def test_half_a_threshold_at_the_start_takes_the_bias_away() -> None:
    # Without it the mean error is 1 / (2 T): 0.0625, 0.03125 for 8 and 16 steps.
    a = torch.linspace(0, 1, 40_001, dtype=torch.float64)[:-1] + 1e-6
    for steps in (8, 16):
        bias = [float((rates(a, steps, 1.0, start, "auto") - a).mean()) for start in (0.0, 0.5)]
        assert bias[0] == pytest.approx(-0.5 / steps, abs=1e-4)
        assert bias[1] == pytest.approx(0.0, abs=1e-4)


def test_an_excess_over_the_threshold_is_kept_and_a_debt_too() -> None:
    neuron = SubtractiveIF(C=1 * pF, theta=1 * mV, v_start=0 * mV)
    layer = Spiking(neuron, dt=1 * ms)
    drive = torch.tensor([2.5, 0.0, 0.0, -1.0, 1.0], dtype=torch.float64)
    y, state = layer(drive.view(5, 1, 1))
    assert y.flatten().tolist() == [1, 1, 0, 0, 0]
    assert float(state["v"]) == 0.5


@pytest.mark.parametrize("levels", [1, 4, 8, 16])
def test_as_many_steps_as_levels_give_the_activation_exactly(levels: int) -> None:
    generator = torch.Generator().manual_seed(levels)
    z = 3 * torch.randn(100_000, generator=generator, dtype=torch.float64)
    for top in (0.7, 2.0):
        activation = QCFSActivation(levels, top).double()
        theta = float(activation.threshold.detach())
        wanted = activation(z).detach() / theta
        found = rates(z, levels, theta, 0.5, "auto")
        assert torch.equal((wanted * levels).round(), (found * levels).round())
        assert float((wanted - found).abs().max()) < 1e-12


@given(st.integers(1, 32), st.floats(0.01, 100), st.floats(-300, 300))
@settings(max_examples=200, deadline=None)
def test_the_activation_is_what_numpy_says(levels: int, top: float, z: float) -> None:
    layer = QCFSActivation(levels, top).double()
    level = float(layer.threshold.detach())
    wanted = level * np.clip(np.floor(z * levels / level + 0.5) / levels, 0, 1)
    got = float(layer(torch.tensor(z, dtype=torch.float64)).detach())
    # The quotient may round to either side of a step's edge.
    step = level / levels
    assert min(abs(got - wanted), abs(abs(got - wanted) - step)) < 1e-6 * level


def test_the_gradient_passes_the_steps_and_stops_at_both_ends() -> None:
    layer = QCFSActivation(4, 2.0).double()
    z = torch.tensor([-1.0, 0.3, 1.2, 5.0], dtype=torch.float64, requires_grad=True)
    layer(z).sum().backward()
    assert z.grad is not None
    assert torch.allclose(z.grad, torch.tensor([0.0, 1.0, 1.0, 0.0], dtype=torch.float64))
    # By hand: d a / d lambda is 0 below, (a - z) / lambda on the steps, 1 above.
    wanted = (0.5 - 0.3) / 2 + (1.0 - 1.2) / 2 + 1.0
    gradient = layer.log_threshold.grad
    assert gradient is not None
    assert float(gradient) / 2 == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("bad", [{"levels": 0}, {"levels": 2.5}, {"threshold": 0.0}])
def test_an_activation_without_sense_is_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ParameterError):
        QCFSActivation(**bad)  # type: ignore[arg-type]


def test_the_activation_keeps_its_state() -> None:
    one, other = QCFSActivation(8, 3.0), QCFSActivation(8, 1.0)
    other.load_state_dict(one.state_dict())
    assert float(other.threshold.detach()) == pytest.approx(3.0)
    assert isinstance(one, nn.Module) and "levels=8, threshold=3" in repr(one)
