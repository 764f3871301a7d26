"""A thousand simple neurons with random connections, which find rhythms of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from spikeloom.compile.graph import Node
from spikeloom.compile.methods import Flow, with_noise
from spikeloom.equations import (
    Cell,
    Expr,
    Input,
    Noise,
    Param,
    Post,
    State,
    Synapse,
    impulse,
    noise,
    sqrt,
    state,
)  # fmt: skip
from spikeloom.equations.units import ms, mV
from spikeloom.equations.values import uniform
from spikeloom.models import Izhikevich
from spikeloom.network.library.example import RHYTHM, Band, Built, Example, Setup, settled
from spikeloom.network.receptors import Impulse
from spikeloom.network.result import Result
from spikeloom.network.rules import AllToAll


@dataclass(frozen=True)
class ScriptStep:
    """The step of the paper's script: v in two halves, then u from the new v, then the rest.

    What arrives stands in `kick_i`. By Euler with a time constant of one step it acts for just that
    step, and starts the next with what noise gives.
    """

    def step(self, flow: Flow, start: Mapping[str, Node]) -> dict[str, Node]:
        """One step, state by state."""
        g, now, rates = flow.graph, dict(start), with_noise(flow, "ito")
        half = g.mul(flow.dt, g.const(0.5))
        for name, length in (("v", half), ("v", half), ("u", flow.dt), ("kick_i", flow.dt)):
            now[name] = g.add(now[name], g.mul(length, rates(now)[name]))
        return now


class Pulse(Synapse):
    """A current that lasts for the step after a spike, and noise that is drawn anew each step.

    Source: Izhikevich 2003, IEEE Trans. Neural Netw. 14:1569, the script.
    """

    sigma: Param = 5 * mV / ms
    """Standard deviation of the noise, for steps of 1 ms."""
    i: State = state(mV / ms)
    w: Input = impulse(mV / ms)
    xi: Noise = noise()

    def flow(self, d: Self) -> None:
        d.i = -self.i / (1 * ms) + self.sigma / sqrt(1 * ms) * self.xi

    def receive(self, after: Self) -> None:
        after.i = self.i + self.w

    def gives(self, post: Post) -> Expr:
        return self.i


def thalamic(neuron: Izhikevich, sigma: float) -> Cell:
    """A neuron whose input is called ``kick``."""
    return Cell(neuron, kick=Pulse(sigma=sigma * mV / ms))


def izhikevich_2003(setup: Setup) -> Built:
    """800 excitatory cells from regular spiking to chattering, 200 inhibitory of mixed speed.

    The step is the millisecond of the paper's script, with its order of things.
    """
    net = setup.network()
    rng = np.random.Generator(np.random.Philox(key=np.array([setup.seed, 2003], np.uint64)))
    n_exc, n_inh = setup.of(800), setup.of(200)
    r, s = rng.random(n_exc), rng.random(n_inh)
    rest, b = -65 * mV, (0.25 - 0.05 * s) / ms
    regular = thalamic(Izhikevich(c=(-65 + 15 * r**2) * mV, d=(8 - 6 * r**2) * mV / ms), 5)
    fast = thalamic(Izhikevich(a=(0.02 + 0.08 * s) / ms, b=b, d=2 * mV / ms), 2)
    method = ScriptStep()
    exc = net.population(n_exc, regular, name="exc", method=method, v=rest, u=-13 * mV / ms)
    inh = net.population(n_inh, fast, name="inh", method=method, v=rest, u=b * rest)
    share = 1 / setup.scale
    everyone = AllToAll(autapses=True)
    for source, low, high in ((exc, 0.0, 0.5 * share), (inh, -1.0 * share, 0.0)):
        net.connect(
            source, exc + inh, Impulse("kick"), everyone, weight=uniform(low, high) * mV / ms
        )
    return Built(net, net.record(exc + inh, "spikes"), net.record(exc[:3], "v"))


def rates(built: Built, result: Result, settle: float) -> dict[str, float]:
    """Rate of each population and the strongest rhythm."""
    trains = settled(result.spikes[built.spikes], settle)
    found = {f"rate of {name} (Hz)": part.rate() for name, part in trains.by_part().items()}
    return {**found, RHYTHM: trains.peak_frequency(bin=1.0, smooth=2.0)}


IZHIKEVICH_2003 = Example(
    name="izhikevich-2003",
    title="Pulse-coupled network of simple neurons",
    source="Izhikevich 2003, IEEE Trans. Neural Netw. 14:1569, figure 3",
    build=lambda setup: izhikevich_2003(replace(setup, dt=1 * ms)),
    bands=(Band("rate of exc (Hz)", 7.0, 8.3), Band("rate of inh (Hz)", 6.5, 8.0)),
    settle=0.0,
    duration=1000.0,
    measure=rates,
)
