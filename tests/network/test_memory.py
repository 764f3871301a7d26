"""What a network will take is told beforehand, and is true."""

from __future__ import annotations

from typing import Any

import pytest

from spikeloom import (
    ConductanceLIF,
    Delta,
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    Network,
    lognormal,
    ms,
    mV,
    normal,
)
from spikeloom.engines.cpu.network.projection import PackedProjection


def network(weight: Any, delay: Any, rule: Any = FixedProbability(0.2), **more: Any) -> Network:
    """A thousand neurons, a fifth of all pairs connected."""
    net = Network(dt=0.1 * ms, seed=1, threads=1)
    a = net.population(1000, ConductanceLIF(), name="a")
    net.connect(a, a, Delta(), rule, weight=weight, delay=delay, **more)
    return net


@pytest.mark.parametrize(
    ("weight", "delay", "each"),
    [
        (0.1 * mV, 1 * ms, 2.2),
        (normal(0.1, 0.01) * mV, normal(1.5, 0.75) * ms, 5.7),
        (lognormal(0.1, 0.1) * mV, 1 * ms, 6.2),
    ],
)
def test_the_estimate_is_true(weight: Any, delay: Any, each: float) -> None:
    net = network(weight, delay)
    told = net.memory()
    plan = net.build()
    bare = network(weight, delay, FixedProbability(0.0)).memory()
    (p,) = plan.projections
    assert isinstance(p, PackedProjection)
    assert told.synapses == pytest.approx(p.count, rel=0.02)
    expected = (told.running - bare.running) / told.synapses
    assert p.packed.nbytes / p.count < each
    assert expected == pytest.approx(p.packed.nbytes / p.count, rel=0.1)
    assert told.building > told.running


def test_what_is_drawn_takes_nothing() -> None:
    told = network(0.1 * mV, 1 * ms, FixedOutDegree(900), stored=False).memory()
    assert (told.synapses, told.drawn) == (0, 900_000)
    assert told.running < 1e6
    assert "drawn at each spike" in repr(told)


def test_nothing_is_built_to_tell() -> None:
    net = Network()
    many = net.population(10**6, ConductanceLIF(), name="many")
    net.connect(many, many, Delta(), FixedInDegree(100_000), weight=0.1 * mV)
    assert net.memory().building > 1e11
    assert Network().memory().running == 0
