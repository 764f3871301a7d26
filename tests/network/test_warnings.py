"""What can be run but looks like a mistake is said once, before the first run."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest

import spikeloom as sl
from spikeloom import ms, mV, nS, pA

current, conductance = sl.ExponentialCurrent(), sl.ExponentialConductance()
shunt = sl.ExponentialConductance(E=-80 * mV)

ODD: dict[str, tuple[Callable[[Any, Any, Any], Any], str]] = {
    "alone": (lambda n, e, i: n.population(2, sl.LIF(), name="alone"), "connected to nothing"),
    "nobody": (
        lambda n, e, i: _to(n, e, e, rule=sl.FixedProbability(0.0)),
        r"FixedProbability\(.*gives no synapse at all",
    ),
    "delay": (lambda n, e, i: _to(n, e, e, delay=0.04 * ms), "0.04 ms is shorter than dt"),
    "one delay": (lambda n, e, i: _to(n, e, e, delay=[0.5, 0.04] * ms), "rounded to 0 ms"),
    "delays": (
        lambda n, e, i: _to(n, e, e, delay=sl.uniform(0.01, 0.12) * ms),
        "of the delays.*shorter than dt",
    ),
    "inhibits": (lambda n, e, i: _to(n, e, e, weight=-1 * pA), "'exc' sounds as if it excites"),
    "excites": (lambda n, e, i: _to(n, i, e, weight=1 * pA), "'inh' sounds as if it inhibits"),
    "drawn": (
        lambda n, e, i: _to(n, i, e, weight=sl.normal(20, 5) * pA),
        "'inh' sounds as if it inhibits, but the weight is 20 ± 5 pA",
    ),
    "receptor": (
        lambda n, e, i: _to(n, e, e, weight=1 * pA, receptor="gaba"),
        "'gaba' sounds as if it inhibits",
    ),
    "conductance": (
        lambda n, e, i: _to(n, i, e, conductance, weight=-1 * nS),
        "never negative",
    ),
    "reversal": (
        lambda n, e, i: _to(n, e, e, shunt, weight=1 * nS, receptor="exc"),
        "has E = -80 mV, which inhibits",
    ),
    "source": (
        lambda n, e, i: n.poisson(e, current, rate=10 * sl.Hz, weight=-1 * pA, receptor="exc"),
        "poisson -> exc: 'exc' sounds as if it excites",
    ),
    "source of conductance": (
        lambda n, e, i: n.poisson(e, conductance, rate=10 * sl.Hz, weight=-1 * nS),
        "never negative",
    ),
}


def _to(net: Any, a: Any, b: Any, synapse: Any = current, **more: Any) -> None:
    given = {"weight": 1 * pA, "rule": sl.AllToAll(), **more}
    rule = given.pop("rule")
    net.connect(a, b, synapse, rule, **given)


def network() -> tuple[sl.Network, sl.Population, sl.Population]:
    net = sl.Network(0.1 * ms, engine="reference")
    exc = net.population(2, sl.ConductanceLIF(), name="exc")
    inh = net.population(2, sl.ConductanceLIF(), name="inh")
    _to(net, exc, inh)
    return net, exc, inh


@pytest.mark.parametrize("what", ODD)
def test_an_oddity_is_told_once(what: str) -> None:
    net, exc, inh = network()
    do, words = ODD[what]
    do(net, exc, inh)
    with pytest.warns(sl.NetworkWarning, match=words) as caught:
        net.run(0.1 * ms)
    assert all(w.filename == __file__ for w in caught)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.run(0.1 * ms)


def test_nothing_odd_is_not_told() -> None:
    net, exc, inh = network()
    _to(net, exc, exc, weight=sl.normal(20, 15) * pA, delay=sl.uniform(0.05, 3) * ms)
    _to(net, inh, exc, weight=sl.uniform(-30, -10) * pA, delay=0 * ms)
    _to(net, inh, exc, shunt, weight=3 * nS, receptor="gaba")
    net.poisson(inh, current, rate=10 * sl.Hz, weight=5 * pA)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.run(0.1 * ms)
