"""The cortical microcircuit: eight populations under one square millimetre of surface."""

from __future__ import annotations

from math import log, log1p, sqrt

from spikeloom.equations import Refractory, normal
from spikeloom.equations.units import Hz, ms, mV, nS, pA, pF
from spikeloom.models import ConductanceLIF, ExponentialCurrent
from spikeloom.network.library.example import (
    CV,
    Band,
    Built,
    Example,
    Setup,
    settled,
)
from spikeloom.network.result import Result
from spikeloom.network.rules import FixedTotal

NAMES = ("L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I")
SIZES = (20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948)
EXTERNAL = (1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100)
"""Inputs to each neuron from outside, each of 8 Hz."""
CHANCE = (
    (0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0, 0.0076, 0),
    (0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0, 0.0042, 0),
    (0.0077, 0.0059, 0.0497, 0.1350, 0.0067, 0.0003, 0.0453, 0),
    (0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0, 0.1057, 0),
    (0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0),
    (0.0548, 0.0269, 0.0257, 0.0022, 0.0600, 0.3158, 0.0086, 0),
    (0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252),
    (0.0364, 0.0010, 0.0034, 0.0005, 0.0277, 0.0080, 0.0658, 0.1443),
)
"""Chance that a pair is connected; rows are targets, columns sources."""
RATES = (0.971, 2.868, 4.746, 5.396, 8.142, 9.078, 0.991, 7.523)
"""Mean rates in Hz at full size, which say what a smaller network lacks."""
STARTS = (
    (-68.28, 5.36), (-63.16, 4.57), (-63.33, 4.74), (-63.45, 4.94),
    (-63.11, 4.94), (-61.66, 4.55), (-66.72, 5.46), (-61.43, 4.48),
)  # fmt: skip
"""Mean and standard deviation of the potentials from which little transient follows, in mV."""
WEIGHT, TAU = 87.81, 0.5
"""Current of an excitatory synapse in pA (0.15 mV at its peak), and its time constant in ms."""


def synapses(target: int, source: int) -> float:
    """How many synapses a projection has at full size.

    With K synapses thrown at random on N M pairs, a pair is hit with the given chance:
    K = ln(1 - chance) / ln(1 - 1 / (N M)).

    >>> sum(round(synapses(t, s)) for t in range(8) for s in range(8))
    298880970
    """
    pairs = SIZES[target] * SIZES[source]
    return log(1 - CHANCE[target][source]) / log1p(-1 / pairs)


def weight(target: int, source: int) -> float:
    """Mean weight in pA: inhibition is four times as strong, layer 4 to 2/3 twice."""
    return WEIGHT * (-4.0 if source % 2 else 2.0 if (target, source) == (0, 2) else 1.0)


def longer(source: int) -> float:
    """Mean delay in ms: excitatory spikes take twice as long."""
    return 0.75 if source % 2 else 1.5


def lacking(target: int, scale: float) -> float:
    """The constant current in pA that gives the mean input of the full size."""
    inside = sum(
        synapses(target, s) / SIZES[target] * weight(target, s) * RATES[s] for s in range(8)
    )
    outside = EXTERNAL[target] * WEIGHT * 8.0
    return (1 - sqrt(scale)) * (inside + outside) * TAU / 1000


def microcircuit(setup: Setup) -> Built:
    """Neurons and inputs of each shrink with the scale; the rates stay near those of full size.

    Weights grow by 1 / sqrt(scale), and a constant current gives the mean input that is missing,
    so that mean and variance of the input stay what they are.

    Source: Potjans & Diesmann 2014, Cereb. Cortex 24:785; van Albada et al. 2015, PLoS Comput.
    Biol. 11:e1004490 (down-scaling).
    """
    net, scale = setup.network(), setup.scale
    cell = ConductanceLIF(C=250 * pF, g_L=25 * nS, E_L=-65 * mV, theta=-50 * mV, v_reset=-65 * mV)
    layers = [
        net.population(
            setup.of(SIZES[k]), Refractory(cell, 2 * ms), name=NAMES[k],
            v=normal(*STARTS[k]) * mV, I=lacking(k, scale) * pA,
        )
        for k in range(8)
    ]  # fmt: skip
    synapse, stronger = ExponentialCurrent(tau=TAU * ms), 1 / sqrt(scale)
    for t, target in enumerate(layers):
        for s, source in enumerate(layers):
            if CHANCE[t][s] == 0:
                continue
            mean = weight(t, s) * stronger
            net.connect(
                source, target, synapse,
                FixedTotal(round(synapses(t, s) * scale**2), autapses=True, multapses=True),
                weight=normal(mean, 0.1 * abs(mean), **({"high": 0} if s % 2 else {"low": 0})) * pA,
                delay=normal(longer(s), longer(s) / 2, low=0.1) * ms,
            )  # fmt: skip
        inputs = round(EXTERNAL[t] * scale)
        net.poisson(target, synapse, rate=8 * Hz, weight=WEIGHT * stronger * pA, n=inputs)
    whole = layers[0].all
    for layer in layers[1:]:
        whole = whole + layer
    return Built(net, net.record(whole, "spikes"), net.record(layers[2][:3], "v"))


def rates(built: Built, result: Result, settle: float) -> dict[str, float]:
    """Rate of each population, and the mean coefficient of variation of its intervals."""
    parts = settled(result.spikes[built.spikes], settle).by_part()
    found = {f"rate of {name} (Hz)": part.rate() for name, part in parts.items()}
    return found | {f"{CV} of {name}": part.cv() for name, part in parts.items()}


def _band(name: str, one: float, other: float) -> Band:
    """15 % around what two published implementations give, and 0.2 Hz where the rate is low."""
    low, high = min(one, other), max(one, other)
    slack = 0.2 if high < 1.2 else 0.0
    return Band(
        f"rate of {name} (Hz)", min(0.85 * low, low - slack), max(1.15 * high, high + slack)
    )


NEWER = (0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829)
"""Rates in Hz of one run of a later implementation."""
MICROCIRCUIT = Example(
    name="microcircuit",
    title="Cortical microcircuit",
    source="Potjans & Diesmann 2014, Cereb. Cortex 24:785",
    build=microcircuit,
    bands=(*(_band(*each) for each in zip(NAMES, RATES, NEWER, strict=True)),),
    settle=1000.0,
    duration=11000.0,
    measure=rates,
)
