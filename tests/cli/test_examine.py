"""Rates of neurons over recordings of different length."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from spikeloom import ms
from spikeloom.cli.examine import neuron_rates
from spikeloom.data import Dataset
from spikeloom.nn import LIF, Sequential
from spikeloom.nn.encode import Frames


def test_rates_count_the_valid_steps_of_each_recording():
    torch.manual_seed(0)
    net = Sequential(nn.Linear(3, 5), LIF(tau=3 * ms))
    inputs = np.random.default_rng(0).random((4, 10, 3)).astype(np.float32)
    lengths = np.array([10, 4, 7, 1])
    data = Dataset("r", inputs, np.array([0, 1, 0, 1]), ("a", "b"), "", "", lengths=lengths)
    with torch.no_grad():
        net.get_submodule("linear1").weight.mul_(9.0)
        fired = sum(
            net(torch.from_numpy(inputs[i, :n])[:, None])[0].sum((0, 1))
            for i, n in enumerate(lengths)
        )
    (rates,) = neuron_rates(net, Frames(), data, dt_ms=1.0, batch=3).values()
    np.testing.assert_allclose(rates, fired.numpy() / (lengths.sum() / 1000), rtol=1e-6)
    assert rates.sum() > 0
