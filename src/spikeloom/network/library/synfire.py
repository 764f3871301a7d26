"""The synfire chain: a packet of spikes runs through groups of neurons, or dies out."""

from __future__ import annotations

from functools import partial
from typing import Self

import numpy as np

from spikeloom.compile import EulerMaruyama
from spikeloom.equations import (
    Condition,
    Input,
    Neuron,
    Noise,
    Param,
    Refractory,
    State,
    impulse,
    noise,
    sqrt,
    state,
)  # fmt: skip
from spikeloom.equations.units import ms, mV
from spikeloom.equations.values import uniform
from spikeloom.errors import ParameterError
from spikeloom.network.library.example import Band, Built, Example, Setup
from spikeloom.network.receptors import Impulse
from spikeloom.network.result import Result
from spikeloom.network.rules import AllToAll
from spikeloom.network.sources import GivenSpikes

GROUPS, SIZE, START, WINDOW = 10, 100, 50.0, 5.0
LAST, SPREAD, ARRIVAL = "spikes of the last packet", "its spread (ms)", "its arrival (ms)"


class ChainCell(Neuron):
    """Leaky integrator of alpha-shaped potentials, with the noise of many further inputs.

    Source: Diesmann, Gewaltig & Aertsen 1999, Nature 402:529.
    """

    tau: Param = 10 * ms
    tau_psp: Param = 0.325 * ms
    E: Param = -70 * mV
    theta: Param = -55 * mV
    mean: Param = 8.21275 * mV
    """Of the drive y that the background gives."""
    sigma: Param = 15.818 * mV
    """Its standard deviation."""

    v: State = state(mV, start="E")
    x: State = state(mV)
    y: State = state(mV)
    spike: Input = impulse(mV)
    xi: Noise = noise()

    def flow(self, d: Self) -> None:
        d.v = (self.E - self.v + self.x) / self.tau
        d.x = (self.y - self.x) / self.tau_psp
        d.y = (self.mean - self.y) / self.tau_psp + self.sigma * sqrt(2 / self.tau_psp) * self.xi

    def receive(self, after: Self) -> None:
        after.y = self.y + self.spike

    def fires(self) -> Condition:
        return self.v >= self.theta

    def reset(self, after: Self) -> None:
        after.v = self.E


def synfire(setup: Setup, *, spikes: int = 85, spread: float = 1.0) -> Built:
    """Ten groups of a hundred neurons; each neuron excites the whole next group.

    The survival of a packet that is known was found with Euler's method at dt = 0.1 ms, which the
    short rise of a potential feels; so that is the method here.

    Arguments:
        setup: What may be chosen. The size of a group stays 100; a scale is refused.
        spikes: Spikes a of the packet that is sent into the first group, at most 100.
        spread: Standard deviation sigma of their times in ms, around 50 ms.

    Raises:
        ParameterError: More spikes than neurons, a negative spread, or a scale.
    """
    if setup.scale != 1.0 or not 0 <= spikes <= SIZE or not 0 <= spread <= 10:
        raise ParameterError(
            f"synfire: scale {setup.scale:g}, {spikes} spikes with a spread of {spread:g} ms.",
            hint="scale 1, 0 to 100 spikes and a spread of 0 to 10 ms",
        )
    net = setup.network()
    rng = np.random.Generator(np.random.Philox(key=np.array([setup.seed, 1999], np.uint64)))
    times = START + spread * rng.standard_normal(SIZE)
    packet = net.source(
        GivenSpikes(times[:spikes] * ms, ids=np.arange(spikes), size=SIZE), name="in"
    )
    cell, rest, mean = Refractory(ChainCell(), 1 * ms), uniform(-70, -55) * mV, 8.21275 * mV
    groups = [
        net.population(
            SIZE, cell, name=f"group {k + 1}", method=EulerMaruyama(), v=rest, x=mean, y=mean
        )
        for k in range(GROUPS)
    ]
    for before, after in zip([packet, *groups], groups, strict=False):
        net.connect(before, after, Impulse("spike"), AllToAll(), weight=4.86 * mV)
    whole = groups[0].all
    for group in groups[1:]:
        whole = whole + group
    return Built(net, net.record(whole, "spikes"), net.record(groups[0][:3], "v"))


def packet(built: Built, result: Result, settle: float) -> dict[str, float]:
    """The most spikes of the last group within 5 ms, how wide and when they are."""
    del settle
    trains = result.spikes[built.spikes].by_part()[f"group {GROUPS}"]
    times = trains.times[trains.times > START]
    after = np.searchsorted(times, times + WINDOW, side="right") - np.arange(times.size)
    if not after.size:
        return {LAST: 0.0, SPREAD: float("nan"), ARRIVAL: float("nan")}
    first = int(np.argmax(after))
    found = times[first : first + after[first]]
    return {
        LAST: float(found.size),
        SPREAD: float(found.std()),
        ARRIVAL: float(np.median(found) - START),
    }


SURVIVES = 80
"""Spikes in the last group from which on a packet has arrived."""
SYNFIRE = Example(
    name="synfire",
    title="Synfire chain",
    source="Diesmann, Gewaltig & Aertsen 1999, Nature 402:529, figure 1",
    build=partial(synfire, spikes=85, spread=1.0),
    bands=(Band(LAST, SURVIVES, 120),),
    settle=0.0,
    duration=140.0,
    measure=packet,
)
