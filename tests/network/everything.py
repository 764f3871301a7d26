"""A network with everything in it that a network can have."""

from __future__ import annotations

from typing import Any

import numpy as np

import spikeloom as sl


def everything(
    engine: Any = "cpu", threads: int | None = 2, *, gaps: bool = False, **more: Any
) -> sl.Network:
    """Small, noisy and busy; what a plan can hold, this plan holds.

    A new kind of part belongs in here: the tests of checkpoints, forks, batches and ranks then
    cover it, and fail until it is here.
    """
    net = sl.Network(0.1 * sl.ms, seed=5, dtype="float64", engine=engine, threads=threads, **more)
    neuron = sl.Refractory(sl.ConductanceLIF(E_L=-49 * sl.mV), 1 * sl.ms)
    noisy = sl.Cell(neuron, back=sl.OUCurrent(sigma=30 * sl.pA))
    exc = net.population(70, noisy, name="exc", v=sl.uniform(-60, -50) * sl.mV)
    tau = sl.normal(20, 2) * sl.ms
    inh = net.population(21, sl.EscapeLIF(tau=tau), name="inh", v=-55 * sl.mV, I=0.16 * sl.nA)
    one = net.population(1, sl.LIF(), name="one", I=0.5 * sl.nA)
    excite, inhibit = sl.ExponentialCurrent(), sl.AlphaCurrent()
    some = sl.FixedProbability(0.2)
    net.connect(
        exc, exc + inh, excite, some, weight=sl.normal(30, 5) * sl.pA, receptor="exc",
        delay=sl.uniform(0.3, 2) * sl.ms,
    )  # fmt: skip
    net.connect(
        inh, exc, inhibit, sl.FixedInDegree(4), weight=sl.normal(-40, 5) * sl.pA,
        delay=0.7 * sl.ms, receptor="inh",
    )  # fmt: skip
    net.connect(one, exc[10:60], excite, sl.AllToAll(), weight=40 * sl.pA, delay=1.5 * sl.ms)
    net.connect(
        exc[::2], inh, excite, sl.FixedTotal(90, multapses=True), weight=sl.normal(30, 5) * sl.pA,
        delay=0.5 * sl.ms,
    )  # fmt: skip
    net.connect(
        exc, exc, excite, sl.FixedOutDegree(3), weight=sl.lognormal(20, 5) * sl.pA,
        delay=sl.normal(1, 0.2, low=0.3) * sl.ms, axonal=0.2 * sl.ms,
        learning=sl.DopamineSTDP(every=1 * sl.ms, base=1000 * sl.Hz, scale=50 * sl.pA),
    )  # fmt: skip
    noisy = net.population(33, sl.DiffusionLIF(), name="noisy", v=-55 * sl.mV)
    thalamus = net.source(sl.PoissonSpikes(40 * sl.Hz), size=40, name="thalamus")
    cue = net.source(sl.GivenSpikes([[0.1, 3] * sl.ms, [2.2, 9] * sl.ms]), name="cue")
    beat = net.source(sl.RegularSpikes(7 * sl.ms), size=3, name="beat")
    net.connect(
        thalamus + cue + beat, exc[:30] + noisy, excite, some, weight=60 * sl.pA,
        delay=0.4 * sl.ms,
    )  # fmt: skip
    net.connect(noisy, exc, excite, some, weight=10 * sl.pA, delay=0.9 * sl.ms)
    net.inject(inh[3:17], sl.Sine(0.05 * sl.nA, 100 * sl.Hz))
    net.inject(inh, sl.Step(0.02 * sl.nA))
    net.inject(exc, lambda t: np.outer(np.cos(t.to(sl.ms)), np.arange(70) / 4) * sl.pA)
    net.inject(exc[1::2] + inh[4:], sl.OrnsteinUhlenbeck(0 * sl.pA, 20 * sl.pA, 2 * sl.ms))
    net.inject(exc + inh, sl.OrnsteinUhlenbeck(5 * sl.pA, 9 * sl.pA, 3 * sl.ms, shared=True))
    net.poisson(noisy, excite, rate=sl.Step(300 * sl.Hz), weight=9 * sl.pA)
    net.connect(
        exc, exc, excite, sl.FixedProbability(0.1), weight=sl.uniform(10, 20) * sl.pA,
        delay=sl.uniform(0.6, 1.2) * sl.ms, axonal=0.3 * sl.ms,
        learning=sl.PairSTDP(A_plus=0.1, scale=40 * sl.pA), name="learning",
    )  # fmt: skip
    net.connect(
        inh, noisy, inhibit, sl.FixedProbability(0.1), weight=sl.normal(-20, 5) * sl.pA,
        delay=sl.uniform(0.5, 3) * sl.ms, stored=False,
    )  # fmt: skip
    if gaps:  # with these every step is a block of its own, and all neurons are in one process
        net.gap_junctions(inh, inh, sl.FixedProbability(0.2), conductance=0.1 * sl.nS)
    net.poisson(exc, excite, rate=200 * sl.Hz, weight=30 * sl.pA, n=3)
    rates = [100.0 * (1 + k % 3) for k in range(21)] * sl.Hz
    net.poisson(inh, excite, rate=rates, weight=30 * sl.pA)
    return net
