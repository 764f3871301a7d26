"""A ring attractor: the place of a cue is remembered by a bump of activity."""

from __future__ import annotations

from dataclasses import replace
from math import erf, pi, sqrt
from typing import Self

import numpy as np

from spikeloom.equations import (
    Expr,
    Input,
    LearningRule,
    Param,
    Post,
    Refractory,
    State,
    Synapse,
    Trace,
    exp,
    impulse,
    minimum,
    pair,
    pre,
    state,
)  # fmt: skip
from spikeloom.equations.units import Hz, ms, mV, nA, nS, pF, um
from spikeloom.models import ConductanceLIF, ExponentialConductance
from spikeloom.network.library.example import Band, Built, Example, Setup
from spikeloom.network.result import Result
from spikeloom.network.rules import AllToAll
from spikeloom.network.waveforms import Step

WIDTH, PEAK = 20.0, 1.6
"""Width sigma of the excitatory footprint in degrees, and its height J+ relative to the mean."""
CUE, ON, OFF = 180.0, 250.0, 450.0
"""Where and when the cue is, in degrees and ms."""


class Gate(LearningRule):
    """Receptors that saturate: a spike opens a part of those that are still closed.

    The weight stays; what a spike sends is w times the part of the channels that it opens. With
    transmitter that decays within 2 ms and opens channels at 0.5 / ms that part is 1 - 1/e.

    Source: Wang 1999, J. Neurosci. 19:9587; Compte et al. 2000, Cereb. Cortex 10:910.
    """

    tau: Param = 100 * ms
    part: Param = 0.632
    s: Trace = pre()

    def flow(self, d: Self) -> None:
        d.s = -self.s / self.tau

    def on_pre(self, after: Self) -> None:
        after.s = self.s + self.part * (1 - self.s)

    def sends(self, after: Self) -> Expr:
        return self.w * (after.s - self.s)


class SlowExcitation(Synapse):
    """NMDA receptors whose opening is counted where spikes are sent; magnesium blocks them.

    Source: Jahr & Stevens 1990, J. Neurosci. 10:3178.
    """

    tau: Param = 100 * ms
    g: State = state(nS)
    w: Input = impulse(nS)

    def flow(self, d: Self) -> None:
        d.g = -self.g / self.tau

    def receive(self, after: Self) -> None:
        after.g = self.g + self.w

    def gives(self, post: Post) -> Expr:
        return self.g / (1 + exp(-0.062 / mV * post.v) / 3.57) * (0 * mV - post.v)


def least(peak: float = PEAK, width: float = WIDTH) -> float:
    """The weight J- far away, for which the mean over the ring is 1.

    >>> round(least(), 6), round(least(1.62, 14.4), 6)
    (0.902928, 0.930908)
    """
    share = sqrt(2 * pi) * width * erf(180 / (sqrt(2) * width)) / 360
    return (1 - peak * share) / (1 - share)


def footprint() -> Expr:
    """J- + (J+ - J-) exp(-d^2 / 2 sigma^2), d the way around the ring; 1 um is one degree."""
    straight = abs(pair.target.x - pair.source.x)
    around = minimum(straight, 360 * um - straight)
    return least() + (PEAK - least()) * exp(-0.5 * (around / (WIDTH * um)) ** 2)


def ring(setup: Setup, *, cue: bool = True) -> Built:
    """2048 pyramidal cells that each prefer a direction, and 512 interneurons.

    Excitation is slow (NMDA) and strongest between neighbours; inhibition reaches everybody.

    Arguments:
        setup: What may be chosen. At another scale the conductances keep their sums.
        cue: Whether a current excites the cells around 180 degrees from 250 to 450 ms.
    """
    net, share = setup.network(), 1 / setup.scale
    n_exc, n_inh = setup.of(2048), setup.of(512)
    angles = np.arange(n_exc) * (360 / n_exc)
    rest: dict[str, object] = {"E_L": -70 * mV, "theta": -50 * mV, "v_reset": -60 * mV}
    pyramidal = ConductanceLIF(C=500 * pF, g_L=25 * nS, **rest)
    inter = ConductanceLIF(C=200 * pF, g_L=20 * nS, **rest)
    exc = net.population(n_exc, Refractory(pyramidal, 2 * ms), name="exc", positions=angles * um)
    inh = net.population(n_inh, Refractory(inter, 1 * ms), name="inh")
    outside = ExponentialConductance(tau=2 * ms, E=0 * mV)
    net.poisson(exc, outside, rate=1800 * Hz, weight=3.1 * nS)
    net.poisson(inh, outside, rate=1800 * Hz, weight=2.38 * nS)
    slow, gate, everyone = SlowExcitation(), Gate(), AllToAll()
    net.connect(exc, exc, slow, everyone, weight=0.381 * share * nS * footprint(), learning=gate)
    net.connect(exc, inh, slow, everyone, weight=0.292 * share * nS, learning=gate)
    inhibit = ExponentialConductance(tau=10 * ms, E=-70 * mV)
    net.connect(inh, exc, inhibit, everyone, weight=1.336 * share * nS)
    net.connect(inh, inh, inhibit, everyone, weight=1.024 * share * nS)
    if cue:
        near = np.flatnonzero(np.abs(angles - CUE) <= 18)
        net.inject(exc[near], Step(0.2 * nA, start=ON * ms, stop=OFF * ms))
    return Built(net, net.record(exc, "spikes"), net.record(exc[n_exc // 2], "v"))


DRIFT, SHAPE, TOP = "distance from the cue (deg)", "sharpness", "rate at its place (Hz)"


def memory(built: Built, result: Result, settle: float) -> dict[str, float]:
    """Direction and sharpness (length of the mean vector) of the activity at the end."""
    del settle
    late = result.spikes[built.spikes].between(max(result.stop - 300.0, result.start))
    rates = late.rates()
    angles = np.arange(late.size) * (360 / late.size)
    vector = np.sum(rates * np.exp(1j * np.deg2rad(angles))) / max(float(np.sum(rates)), 1e-9)
    place = float(np.rad2deg(np.angle(vector)) % 360)
    around = np.abs((angles - place + 180) % 360 - 180) <= WIDTH
    return {
        DRIFT: abs((place - CUE + 180) % 360 - 180),
        SHAPE: float(np.abs(vector)),
        TOP: float(np.mean(rates[around])),
    }


RING = Example(
    name="ring",
    title="Ring attractor",
    source="Compte, Brunel, Goldman-Rakic & Wang 2000, Cereb. Cortex 10:910",
    build=lambda setup: ring(replace(setup, dt=0.05 * ms)),
    bands=(Band(DRIFT, 0, 20), Band(SHAPE, 0.5, 1.0)),
    settle=0.0,
    duration=1450.0,
    measure=memory,
)
