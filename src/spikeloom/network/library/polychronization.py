"""A thousand neurons with delays and spike-timing plasticity, in which groups of neurons lock."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

import numpy as np

from spikeloom.equations import (
    LearningRule,
    Param,
    Trace,
    clip,
    post,
    pre,
    synaptic,
)  # fmt: skip
from spikeloom.equations.units import Hz, ms, mV
from spikeloom.models import Izhikevich
from spikeloom.network.library.example import RHYTHM, Band, Built, Example, Setup, settled
from spikeloom.network.library.izhikevich_2003 import ScriptStep, rates, thalamic
from spikeloom.network.receptors import Impulse
from spikeloom.network.result import Result
from spikeloom.network.rules import FixedOutDegree

MOST, LONGEST = 10.0, 20
"""Strongest weight in mV/ms, and longest delay in ms."""


class SlowSTDP(LearningRule):
    """Pairs of nearest spikes change the drift of a weight, which follows it once a second.

    A spike sets its trace to 0.1; from then on it is multiplied by 0.95 each millisecond.

    Source: Izhikevich 2006, Neural Comput. 18:245, and its script.
    """

    tau: Param = 1 / -float(np.log(0.95)) * ms
    depression: Param = 1.2
    growth: Param = 0.01
    """What every weight gains in a second."""
    w_max: Param = MOST
    every: Param = 1000 * ms

    x: Trace = pre()
    y: Trace = post()
    drift: Trace = synaptic()

    def flow(self, d: Self) -> None:
        d.x = -self.x / self.tau
        d.y = -self.y / self.tau
        d.drift = 0 * self.drift / self.tau

    def on_pre(self, after: Self) -> None:
        after.drift = self.drift - self.depression * self.y
        after.x = 0.1

    def on_post(self, after: Self) -> None:
        after.drift = self.drift + self.x
        after.y = 0.1

    def on_tick(self, after: Self) -> None:
        after.w = clip(self.w + self.growth + self.drift, 0, self.w_max)
        after.drift = 0.9 * self.drift


def polychronization(setup: Setup) -> Built:
    """800 excitatory and 200 inhibitory neurons with 100 outgoing synapses each.

    An excitatory neuron has five synapses of each delay from 1 to 20 ms, which learn; an inhibitory
    one reaches excitatory neurons within a millisecond. The thalamus excites one neuron each
    millisecond, here on average. Slow waves of 2 to 4 Hz come first; after about two minutes of the
    network's time gamma rhythms of 30 Hz replace them, and most weights lie at a bound.
    """
    net = setup.network()
    cell, fast = thalamic(Izhikevich(), 0), thalamic(Izhikevich(a=0.1 / ms, d=2 * mV / ms), 0)
    exc = net.population(setup.of(800), cell, name="exc", method=ScriptStep())
    inh = net.population(setup.of(200), fast, name="inh", method=ScriptStep())
    everyone, kick = exc + inh, Impulse("kick")
    rule = SlowSTDP(scale=1 * mV / ms)
    for d in range(1, LONGEST + 1):
        # A step of 1 ms passes anyhow from a spike to the spike that it sets off.
        later = (d - 1) * ms
        net.connect(
            exc, everyone, kick, FixedOutDegree(5, multapses=True), weight=6 * mV / ms,
            delay=later, axonal=later, learning=rule, name=f"after {d} ms",
        )  # fmt: skip
    net.connect(
        inh, exc, kick, FixedOutDegree(100, multapses=True), weight=-5 * mV / ms, name="inhibition"
    )
    net.poisson(everyone, kick, rate=1 * Hz, weight=20 * mV / ms)
    return Built(net, net.record(everyone, "spikes"), net.record(exc[:3], "v"))


def learnt(built: Built, result: Result, settle: float) -> dict[str, float]:
    """Rates and rhythm, and what has become of the weights."""
    weights = np.concatenate(
        [np.asarray(p.weights.to(mV / ms)) for p in built.net.projections if p.learning]
    )
    return {
        **rates(built, result, settle),
        RHYTHM: settled(result.spikes[built.spikes], settle).peak_frequency(low=1, smooth=1),
        "weakest weight": float(weights.min()),
        "strongest weight": float(weights.max()),
        "weights at a bound (%)": 100 * float(np.mean((weights < 0.5) | (weights > MOST - 0.5))),
    }


POLYCHRONIZATION = Example(
    name="polychronization",
    title="Spikes lock with delays and plasticity",
    source="Izhikevich 2006, Neural Comput. 18:245",
    build=lambda setup: polychronization(replace(setup, dt=1 * ms)),
    bands=(
        Band("rate of exc (Hz)", 1, 8),
        Band(RHYTHM, 2, 4.5),
        Band("weakest weight", 0, MOST),
        Band("strongest weight", 0, MOST),
    ),
    settle=1000.0,
    duration=10_000.0,
    measure=learnt,
)
