"""A network small enough for the reference engine."""

from __future__ import annotations

from typing import Any

import spikeloom as sl


def small(seed: int = 1, **options: Any) -> tuple[sl.Network, sl.Population, sl.Population]:
    """40 + 10 neurons that are driven above threshold and connected both ways."""
    net = sl.Network(0.1 * sl.ms, seed=seed, **{"engine": "reference", **options})
    neuron = sl.Refractory(sl.ConductanceLIF(E_L=-49 * sl.mV), 2 * sl.ms)
    exc = net.population(40, neuron, name="exc", v=sl.uniform(-60, -50) * sl.mV)
    inh = net.population(10, neuron, name="inh", v=sl.uniform(-60, -50) * sl.mV)
    excite, inhibit = sl.ExponentialCurrent(), sl.ExponentialCurrent(tau=10 * sl.ms)
    rule = sl.FixedProbability(0.2)
    net.connect(exc, exc + inh, excite, rule, weight=20 * sl.pA, receptor="exc")
    net.connect(
        inh, exc + inh, inhibit, rule, weight=-60 * sl.pA, delay=0.5 * sl.ms, receptor="inh"
    )
    net.poisson(exc, excite, rate=100 * sl.Hz, weight=30 * sl.pA, n=3)
    return net, exc, inh
