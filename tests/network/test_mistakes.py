"""Every mistake ends in a sentence that says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import spikeloom as sl
from spikeloom.errors import SpikeloomError

exponential = sl.ExponentialCurrent()
all_to_all = sl.AllToAll()

MISTAKES: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "size": (lambda n, a: n.population(0, sl.LIF()), "above 0"),
    "class": (lambda n, a: n.population(1, sl.LIF), "neuron is needed"),
    "name": (lambda n, a: n.population(1, sl.LIF(), name="a"), "already"),
    "state": (lambda n, a: n.population(1, sl.LIF(), w=1), "no state or inflow 'w'"),
    "unit": (lambda n, a: n.population(1, sl.LIF(), v=1 * sl.ms), "voltage"),
    "length": (lambda n, a: _built(n, n.population(3, sl.LIF(), v=[1.0, 2.0] * sl.mV)), "3 of"),
    "index": (lambda n, a: a[5], "no number 5"),
    "empty": (lambda n, a: a[7:], "names no neuron"),
    "twice": (lambda n, a: a + a[:1], "twice"),
    "members": (lambda n, a: n.record("a"), "a population"),
    "unknown": (lambda n, a: n.record(a, "u"), "no state 'u'"),
    "every": (lambda n, a: n.record(a, "v", every=0.05 * sl.ms), "whole number of steps"),
    "rule": (lambda n, a: _to(n, a, exponential, sl.AllToAll), "a rule is needed"),
    "synapse": (lambda n, a: _to(n, a, "exc"), "expected a synapse"),
    "impulse": (lambda n, a: _to(n, a, sl.Impulse("x")), "no impulse input 'x'"),
    "weight": (lambda n, a: _to(n, a, weight=1 * sl.mV), "current"),
    "nan": (lambda n, a: _to(n, a, weight=float("nan") * sl.pA), "finite"),
    "delay": (lambda n, a: _to(n, a, delay=-1 * sl.ms), "negative"),
    "delay unit": (lambda n, a: _to(n, a, delay=1 * sl.mV), "time"),
    "rate": (lambda n, a: _poisson(n, a, -1 * sl.Hz), "negative"),
    "rate unit": (lambda n, a: _poisson(n, a, 1 * sl.ms), "rate"),
    "dt": (lambda n, a: sl.Network(0 * sl.ms), "above 0"),
    "dt unit": (lambda n, a: sl.Network(1 * sl.mV), "must be a time"),
    "engine": (lambda n, a: _engine(), "no engine"),
    "duration": (lambda n, a: n.run(0.05 * sl.ms), "whole number of steps"),
    "stranger": (lambda n, a: sl.Network().record(a), "another network"),
    "nobody": (lambda n, a: sl.Network().run(1 * sl.ms), "no populations"),
    "not recorded": (lambda n, a: n.run(0 * sl.ms).spikes[a], "no spikes of 'a'"),
    "late": (lambda n, a: (n.build(), n.population(1, sl.LIF(), name="a")), "already"),
    "seed": (lambda n, a: type(n)(seed=0.5), "seed must be a whole number"),
    "fork": (lambda n, a: n.fork(seed="one"), "seed must be a whole number"),
    "checkpoint": (lambda n, a: n.checkpoint(3), "name of a file is needed"),
    "restore": (lambda n, a: n.restore(None), "name of a file is needed"),
    "other engine": (lambda n, a: _other_engine(n), "reference engine computes in float64"),
    "set": (lambda n, a: n.set(a, u=1), "no state, inflow or parameter 'u'"),
    "set nan": (lambda n, a: n.set(a, tau=float("nan") * sl.ms), "finite"),
    "set zero": (lambda n, a: n.set(a, tau=0 * sl.ms), "above 0"),
    "set unit": (lambda n, a: n.set(a, tau=1 * sl.mV), "time"),
    "set many": (lambda n, a: (n.set(a, tau=[1.0, 2.0] * sl.ms), n.build()), "one number or 3"),
    "get": (lambda n, a: n.get(a, "taau"), "did you mean 'tau'"),
}


def _to(net: Any, a: Any, synapse: Any = exponential, rule: Any = all_to_all, **more: Any) -> None:
    net.connect(a, a, synapse, rule, **{"weight": 1 * sl.pA, **more})


def _poisson(net: Any, a: Any, rate: Any) -> None:
    net.poisson(a, exponential, rate=rate, weight=1 * sl.pA)


def _built(net: Any, _: Any) -> None:
    net.build()


def _other_engine(net: Any) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = net.checkpoint(f"{folder}/state")
        compiled = sl.Network(engine="cpu")
        compiled.population(3, sl.LIF(), name="a")
        compiled.restore(path)


def _engine() -> None:
    net = sl.Network(engine="quantum")  # pyright: ignore[reportArgumentType]
    net.population(1, sl.LIF())
    net.build()


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_told(what: str) -> None:
    net = sl.Network(engine="reference")
    a = net.population(3, sl.LIF(), name="a")
    do, words = MISTAKES[what]
    with pytest.raises(SpikeloomError, match=words):
        do(net, a)


def test_a_refused_connection_leaves_nothing_behind() -> None:
    net = sl.Network(engine="reference")
    a = net.population(3, sl.LIF(), name="a")
    for _ in range(2):
        with pytest.raises(SpikeloomError):
            _to(net, a, weight=1 * sl.mV)
    _to(net, a)
    assert net.build().populations[0].channels == ("syn1",)
