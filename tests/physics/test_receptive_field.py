"""The voltage rule makes a receptive field: of 500 inputs one contiguous group is left."""

from __future__ import annotations

import numpy as np
from tests.models.rules.aeif import SpikingAEIF

import spikeloom as sl
from spikeloom.compile import Euler

INPUTS, EPOCHS, EPOCH = 500, 1000, 100


def trains() -> sl.GivenSpikes:
    """Ten Gaussian profiles of rates around a ring, one for 100 ms at a time, drawn at random."""
    rng = np.random.default_rng(0)
    away = np.arange(INPUTS) - INPUTS / 2
    profile = 1e-4 + 0.015 * np.exp(-(away**2) / (2 * 10**2))
    at, who = [], []
    for epoch, shown in enumerate(rng.integers(0, 10, EPOCHS)):
        spikes = rng.random((EPOCH, INPUTS)) < np.roll(profile, 50 * shown)
        steps, ids = np.nonzero(spikes)
        at.append(steps + epoch * EPOCH)
        who.append(ids)
    steps, ids = np.concatenate(at), np.concatenate(who)
    return sl.GivenSpikes([(steps[ids == k] + 1) * sl.ms for k in range(INPUTS)])


def test_one_contiguous_field_is_left() -> None:
    """100 s with amplitudes ten times those of slices, as in the authors' script RFdevelop.m."""
    net = sl.Network(dt=1 * sl.ms, seed=1, dtype="float64")
    cell = net.population(1, SpikingAEIF(), name="cell", method=Euler())
    inputs = net.source(trains(), name="inputs")
    rule = sl.HomeostaticClopathSTDP(
        A_LTD=14e-4 / sl.mV, A_LTP=8e-4 / sl.mV**2, w_max=3, lag=1e-9 * sl.ms,
        scale=4 * 281 * sl.pA,
    )  # fmt: skip
    synapses = net.connect(
        inputs, cell, sl.Impulse("push"), sl.AllToAll(), weight=sl.uniform(562, 2248) * sl.pA,
        learning=rule,
    )  # fmt: skip
    net.run(EPOCHS * EPOCH * sl.ms, progress=False)
    strong = np.asarray(synapses.weights.to(sl.pA)) / (4 * 281) > 0.8 * 3
    assert 5 <= strong.sum() <= 100
    # Around the ring there is one beginning of a run of strong inputs, up to gaps of a few.
    wide = np.convolve(np.concatenate([strong, strong, strong]), np.ones(9), "same")[500:1000] > 0
    assert np.sum(wide & ~np.roll(wide, 1)) == 1
