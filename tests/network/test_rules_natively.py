"""Every learning rule of the library, compiled, against the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import spikeloom as sl
from spikeloom import models
from spikeloom.equations import LearningRule

RULES = [
    rule
    for name in dir(models)
    if isinstance(rule := getattr(models, name), type)
    and issubclass(rule, LearningRule)
    and rule is not LearningRule
]


def network(rule: type[LearningRule], engine: Any) -> tuple[sl.Network, Any]:
    """Neurons that drive others, and each other, with delays of their own."""
    net = sl.Network(dt=0.1 * sl.ms, seed=4, engine=engine, dtype="float64")
    a = net.population(12, sl.LIF(), name="a", v=sl.uniform(-65, -50) * sl.mV)
    b = net.population(9, sl.LIF(), name="b", v=sl.uniform(-65, -50) * sl.mV)
    net.poisson(a + b, sl.ExponentialCurrent(), rate=900 * sl.Hz, weight=110 * sl.pA)
    scale = {} if str(rule.definition.weight) else {"scale": 60 * sl.pA}
    synapses = net.connect(
        a, a + b, sl.ExponentialCurrent(), sl.FixedProbability(0.6),
        weight=sl.uniform(10, 50) * sl.pA, delay=sl.uniform(0.3, 2) * sl.ms,
        learning=rule(**scale), axonal=0.2 * sl.ms,
    )  # fmt: skip
    return net, synapses


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_learns_like_the_reference(rule: type[LearningRule]) -> None:
    found = []
    for engine in ("cpu", "reference"):
        net, synapses = network(rule, engine)
        spikes = [net.record(p, "spikes") for p in net.populations]
        result = net.run(60 * sl.ms)
        if rule.definition.on_reward:
            synapses.reward(0.5)
            result = net.run(20 * sl.ms)
        traces = [t.name for t in rule.definition.traces if not t.driven]
        seen = [np.asarray(synapses.trace(name).value) for name in traces]
        found.append(([result.spikes[s] for s in spikes], synapses.weights.value, seen))
    (ours, w, seen), (theirs, expected, right) = found
    assert sum(s.times.size for s in theirs) > 50
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a.times, b.times)
        np.testing.assert_array_equal(a.ids, b.ids)
    np.testing.assert_allclose(w, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())
    for a, b in zip(seen, right, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
