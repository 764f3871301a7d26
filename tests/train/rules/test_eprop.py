"""e-prop against back-propagation where both must agree, and on the paper's task."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.train.rules.nets import Soft, assert_same, grads_of, net_of, objective_of, samples

from spikeloom.equations.units import Hz, MOhm, ms, mV
from spikeloom.models import LIF, CubaLIF
from spikeloom.nn import Sequential, Spiking
from spikeloom.nn.loss import RateBand
from spikeloom.train import BPTT, EProp

HARD = LIF(tau=20 * ms, R=20 * MOhm, E=0 * mV, theta=1 * mV)
NEURONS: dict[str, Any] = {
    "soft": Soft(),
    "hard": HARD,
    "two_states": CubaLIF(),
}


@pytest.mark.parametrize("name", NEURONS)
def test_one_hidden_layer_has_the_gradient_of_bptt(name: str) -> None:
    """Without recurrence nothing is left out: symmetric feedback is the gradient itself."""
    neuron = NEURONS[name]
    net = net_of(neuron, sizes=(6, 10, 3))
    if name == "two_states":
        with torch.no_grad():
            net.get_submodule("linear1").weight.mul_(20)
    objective = objective_of(net)
    x, targets = samples()
    exact, local = (grads_of(r, objective, x, targets) for r in (BPTT(), EProp()))
    assert_same(local, exact, 1e-10)


def test_outputs_without_neurons_and_spiking_outputs() -> None:
    x, targets = samples()
    bare = Sequential(*[layer for _, layer in net_of(Soft(), sizes=(6, 10, 3)).layers][:-1])
    firing = net_of(Soft(), sizes=(6, 10, 3), last=Spiking(Soft(), through_reset=False))
    for net in (bare, firing):
        objective = objective_of(net)
        exact, local = (grads_of(r, objective, x, targets) for r in (BPTT(), EProp()))
        assert_same(local, exact, 1e-10)


def test_the_rate_regulariser_is_a_local_signal() -> None:
    band = RateBand(20 * Hz, 20 * Hz, 1 * ms, weight=50.0)
    objective = objective_of(net_of(Soft(), sizes=(6, 10, 3)), regularisers=(band,))
    x, targets = samples()
    exact, local = (grads_of(r, objective, x, targets) for r in (BPTT(), EProp()))
    assert_same(local, exact, 1e-10)
    without = grads_of(BPTT(), objective_of(objective.net), x, targets)
    assert not torch.allclose(without["linear1.weight"], exact["linear1.weight"], rtol=1e-2)
