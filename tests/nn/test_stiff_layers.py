"""Layers of stiff neurons: an implicit step with a reason, and its exact gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from spikeloom.compile import RK4
from spikeloom.equations.units import ms, nS
from spikeloom.errors import NumericsError
from spikeloom.models import AdEx, HodgkinHuxley, Izhikevich
from spikeloom.nn import Recurrent, Spiking

LEAKY = AdEx(g=30_000 * nS)
"""A membrane time constant of a hundredth of a millisecond."""


def layer(**more: Any) -> Spiking:
    return Spiking(LEAKY, dt=0.1 * ms, through_reset=False, **more)


def test_a_stiff_layer_goes_over_to_an_implicit_step_and_says_why() -> None:
    made = layer()
    assert "method=LinearlyImplicitEuler()" in repr(made)
    assert "the equations are stiff: at dt = 0.1 ms" in made.explain()
    assert "needs at most 0.025 ms" in made.program.reason
    assert Spiking(LEAKY, dt=0.01 * ms).program.method == "RK4()"
    assert Spiking(Izhikevich(), dt=0.5 * ms).method is None


def test_a_named_method_is_refused() -> None:
    with pytest.raises(NumericsError, match="too large for RK4") as error:
        layer(method=RK4())
    assert "leave method=None" in str(error.value.hint)


@pytest.mark.parametrize("engine", ["auto", "reference"])
def test_the_gradient_is_that_of_the_implicit_step(engine: Any) -> None:
    """Central differences of the last potential over currents, states and a parameter."""
    made = layer(engine=engine)
    x = torch.full((12, 1, 2), 4e4, dtype=torch.float64, requires_grad=True)
    _, state = made(x)
    state["v"].sum().backward()
    assert x.grad is not None

    def v(given: torch.Tensor) -> float:
        with torch.no_grad():
            return float(made(given)[1]["v"].sum())

    for step in (11, 10, 8):
        moved = torch.zeros_like(x)
        moved[step, 0, 1] = 1.0
        there = (v(x.detach() + moved) - v(x.detach() - moved)) / 2
        assert float(x.grad[step, 0, 1]) == pytest.approx(there, rel=1e-5, abs=1e-12)


def test_samples_of_different_length_take_the_same_step() -> None:
    made, x = layer(), torch.full((8, 2, 3), 4e4, dtype=torch.float64)
    _, short = made(x[:5])
    _, ended = made(x, lengths=torch.tensor([5, 8]))
    _, whole = made(x)
    np.testing.assert_allclose(ended["v"][0], short["v"][0], rtol=1e-12)
    np.testing.assert_allclose(ended["v"][1], whole["v"][1], rtol=1e-12)


def test_recurrent_layers_do_so_too() -> None:
    made = Recurrent(LEAKY, features=3, dt=0.1 * ms)
    assert made.neurons.program.method == "LinearlyImplicitEuler()"
    _, state = made(torch.full((4, 2, 3), 4e4, dtype=torch.float32))
    assert bool(torch.isfinite(next(iter(state.values()))).all())


def test_a_stiff_step_of_hodgkin_and_huxley_stays_exponential() -> None:
    assert Spiking(HodgkinHuxley(), dt=0.1 * ms).program.method == "ExponentialEuler()"
