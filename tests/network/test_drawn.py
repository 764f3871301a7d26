"""Connections that are drawn at each spike: the graph and the bits of those in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.network.team import play

from spikeloom import (
    AllToAll,
    ConductanceLIF,
    Delta,
    ExponentialCurrent,
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    Network,
    OneToOne,
    kHz,
    lognormal,
    ms,
    mV,
    normal,
    pA,
    uniform,
)
from spikeloom.engines.network_plan import AnyProjection, NetworkPlan
from spikeloom.errors import ParameterError

RULES = [
    FixedProbability(0.15),
    FixedProbability(0.9, autapses=True),
    FixedOutDegree(12),
    FixedOutDegree(30, multapses=True),
    FixedOutDegree(100),
    AllToAll(),
]
WEIGHTS = [3.0 * pA, normal(3, 1) * pA, lognormal(3, 2) * pA]
DELAYS = [0 * ms, 0.7 * ms, normal(1.5, 0.8) * ms, uniform(0.1, 0.4) * ms]


def network(
    *,
    stored: bool,
    rules: Any = RULES[0],
    weight: Any = WEIGHTS[0],
    delay: Any = DELAYS[1],
    threads: int = 1,
    dtype: Any = "float32",
    engine: Any = "auto",
    ranks: Any = None,
) -> Network:
    """Two populations that drive each other, with a stored connection between the drawn ones."""
    net = Network(dt=0.1 * ms, seed=5, threads=threads, dtype=dtype, engine=engine, ranks=ranks)
    a = net.population(150, ConductanceLIF(), name="a", v=uniform(-60, -50) * mV)
    b = net.population(90, ConductanceLIF(), name="b", v=uniform(-60, -50) * mV)
    synapse = ExponentialCurrent()
    net.poisson(a + b, synapse, rate=9 * kHz, weight=20 * pA)
    net.connect(a, a + b, synapse, rules, weight=weight, delay=delay, stored=stored)
    net.connect(a, b, synapse, FixedProbability(0.1), weight=1 * pA, delay=0.3 * ms)
    net.connect(
        b[10:70], a[20:] + b[:30], synapse, rules, weight=weight, delay=delay, stored=stored
    )
    net.connect(a, b[::2], Delta(), FixedProbability(0.1), weight=0.1 * mV)
    net.record(a + b, "spikes")
    return net


def bits(net: Network, steps: Any = 40 * ms) -> list[bytes]:
    """Spikes and last states."""
    trains = next(iter(net.run(steps, progress=False).spikes.values()))
    engine = net.engine()
    states = [engine.state(k).tobytes() for k in range(2)]
    return [trains.times.tobytes(), trains.ids.tobytes(), *states]


def test_the_network_speaks() -> None:
    net = network(stored=True)
    assert len(bits(net)[0]) > 8 * 50


@settings(max_examples=25)
@given(
    st.sampled_from(RULES), st.sampled_from(WEIGHTS), st.sampled_from(DELAYS),
    st.sampled_from([1, 2, 4]), st.sampled_from(["float32", "float64"]),
)  # fmt: skip
def test_the_bits_of_the_stored_network(
    rule: Any, weight: Any, delay: Any, threads: int, dtype: Any
) -> None:
    kind: Any = {"rules": rule, "weight": weight, "delay": delay, "dtype": dtype}
    assert bits(network(stored=False, threads=threads, **kind)) == bits(
        network(stored=True, **kind)
    )


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_the_graph_of_the_stored_network(rule: Any) -> None:
    kind: Any = {"rules": rule, "weight": WEIGHTS[1], "delay": DELAYS[2]}
    stored = network(stored=True, engine="reference", **kind).build()
    drawn = network(stored=False, **kind).build()
    assert _same(drawn, stored)
    assert not _same(
        network(stored=False, **{**kind, "rules": FixedProbability(0.2)}).build(), stored
    )


def _same(one: NetworkPlan, other: NetworkPlan) -> bool:
    def arrays(p: AnyProjection) -> list[list[Any]]:
        w = p.whole
        return [np.asarray(x).tolist() for x in (w.indptr, w.targets, w.weights, w.delays)]

    pairs = zip(one.projections, other.projections, strict=True)
    return all(p.count == q.count and arrays(p) == arrays(q) for p, q in pairs)


def test_the_reference_runs_it_too() -> None:
    kind: Any = {"weight": WEIGHTS[1], "delay": DELAYS[2], "dtype": "float64"}
    native, truth = network(stored=False, **kind), network(stored=False, engine="reference", **kind)
    assert bits(native)[:2] == bits(truth)[:2]


@pytest.mark.parametrize("engine", ["cpu", "reference"])
def test_several_processes(engine: Any) -> None:
    kind: Any = {"weight": WEIGHTS[1], "delay": DELAYS[2], "dtype": "float64", "engine": engine}
    expected = bits(network(stored=True, **kind), 10 * ms)[:2]
    for found in play(3, lambda team: bits(network(stored=False, ranks=team, **kind), 10 * ms)[:2]):
        assert found == expected


def test_what_is_drawn_cannot_be_changed() -> None:
    net = network(stored=False)
    with pytest.raises(ParameterError, match="cannot be changed"):
        net.projections[0].set_weights(2 * pA)
    with pytest.raises(ParameterError, match="True or False"):
        network(stored="no")  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore")
def test_no_synapses_at_all() -> None:
    nothing = FixedProbability(0.0)
    assert bits(network(stored=False, rules=nothing)) == bits(network(stored=True, rules=nothing))


def test_one_to_one() -> None:
    def relay(stored: bool) -> list[bytes]:
        net = Network(dt=0.1 * ms, seed=1)
        a = net.population(64, ConductanceLIF(), name="a", v=uniform(-60, -50) * mV)
        b = net.population(64, ConductanceLIF(), name="b", v=-52 * mV)
        net.poisson(a, Delta(), rate=9 * kHz, weight=1 * mV)
        net.connect(a, b, Delta(), OneToOne(), weight=normal(4, 1) * mV, stored=stored)
        net.record(a + b, "spikes")
        return bits(net)

    assert relay(True) == relay(False)


def test_pieces_and_checkpoints(tmp_path: Path) -> None:
    kind: Any = {"weight": WEIGHTS[1], "delay": DELAYS[2]}
    whole = network(stored=False, **kind)
    whole.run(17 * ms, progress=False)
    rest = bits(whole, 20 * ms)
    net = network(stored=False, threads=2, **kind)
    for piece in (0.1, 6.9, 10.0):
        net.run(piece * ms, progress=False)
    path = net.checkpoint(tmp_path / "state")
    other = network(stored=False, **kind)
    other.restore(path)
    assert bits(other, 20 * ms) == rest
    assert bits(net.fork(), 20 * ms) == rest


def test_a_projection_of_a_billion_synapses_takes_no_memory() -> None:
    net = Network(dt=0.1 * ms, seed=1)
    a = net.population(100_000, ConductanceLIF(), name="a")
    made = net.connect(
        a, a, Delta(), FixedOutDegree(10_000), weight=0.1 * mV, delay=1 * ms, stored=False
    )
    net.run(0.2 * ms, progress=False)
    assert len(made) == 10**9


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rule": FixedInDegree(5)}, "each source chooses by itself"),
        ({"weight": np.ones(10) * mV}, "as weight"),
        ({"delay": np.ones(10) * ms}, "as delay"),
        ({"target": slice(None, None, 2)}, "ranges"),
        ({"target": slice(5, None), "autapses": False, "source": slice(0, 9)}, None),
    ],
)
def test_what_cannot_be_drawn_is_refused(changes: dict[str, Any], words: str | None) -> None:
    net = Network(dt=0.1 * ms)
    a = net.population(40, ConductanceLIF(), name="a")

    def connect() -> None:
        net.connect(
            a[changes.get("source", slice(None))],
            a[changes.get("target", slice(None))],
            Delta(),
            changes.get("rule", FixedProbability(0.1)),
            weight=changes.get("weight", 1 * mV),
            delay=changes.get("delay", 1 * ms),
            stored=False,
        )

    if words is None:
        connect()
        net.run(1 * ms, progress=False)
        return
    with pytest.raises(ParameterError, match=words):
        connect()
