"""Chips' neurons in pictures: what is tried of an input without a sign is never negative."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeloom.models import LoihiNeuron, TrueNorthNeuron
from spikeloom.show.firing import firing
from spikeloom.show.trial import trial


@pytest.mark.parametrize(
    ("neuron", "fires"),
    [
        (TrueNorthNeuron(lam=3, alpha=10, gamma=1), True),
        (TrueNorthNeuron(s=(-3, 0, 0, 0), alpha=4, beta=2, R=-5), False),
        (LoihiNeuron(), True),
    ],
    ids=["by itself", "never", "driven"],
)
def test_rates_over_what_can_arrive(neuron: Any, fires: bool) -> None:
    tried = trial(neuron)
    curve = firing(neuron, tried)
    assert (curve.currents == np.rint(curve.currents)).all() and curve.currents.min() >= 0
    assert bool(curve.counts.any()) == fires
