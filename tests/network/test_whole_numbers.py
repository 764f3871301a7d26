"""Networks of whole numbers: against a dense oracle, in both engines, and what they refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeloom import (
    LIF,
    Delta,
    FixedProbability,
    Impulse,
    LoihiNeuron,
    Network,
    PairSTDP,
    TrueNorthNeuron,
    kHz,
    ms,
    mV,
)
from spikeloom.errors import EngineError, ModelError, NumericsError, ParameterError
from spikeloom.network import EdgeList

N = 24


def graph() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Who is connected to whom, weights, and delays of 1 to 15 ticks."""
    rng = np.random.default_rng(3)
    matrix = rng.random((N, N)) < 0.3
    return matrix, rng.integers(-3, 6, (N, N)), rng.integers(1, 16, (N, N))


def oracle(steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Loihi's equations and a ring of delays in plain Python integers."""
    matrix, weights, delays = graph()
    u, v = [0] * N, [k * 300 for k in range(N)]
    coming = np.zeros((steps + 20, N), int)
    spikes = np.zeros((steps, N), bool)
    for t in range(steps):
        for k in range(N):
            sign = (u[k] > 0) - (u[k] < 0)
            u[k] = sign * (abs(u[k]) * (4096 - 410) // 4096) + 64 * int(coming[t, k])
            sign = (v[k] > 0) - (v[k] < 0)
            v[k] = sign * (abs(v[k]) * (4096 - 128) // 4096) + u[k] + 500
            spikes[t, k] = v[k] > 6400
            v[k] = 0 if spikes[t, k] else v[k]
        for a, b in zip(*np.nonzero(matrix), strict=True):
            if spikes[t, a]:
                coming[t + delays[a, b], b] += weights[a, b]
    return spikes, np.array(v)


def loihi(engine: Any) -> tuple[Network, Any, Any]:
    matrix, weights, delays = graph()
    source, target = np.nonzero(matrix)
    net = Network(dt=1 * ms, engine=engine)
    cells = net.population(N, LoihiNeuron(bias=500), name="l", v=np.arange(N) * 300)
    # A spike takes one tick by itself, so a delay of d ticks on the chip is d - 1 here.
    net.connect(cells, cells, Impulse("a"), EdgeList(source, target),
                weight=weights[matrix], delay=(delays[matrix] - 1) * ms)  # fmt: skip
    return net, cells, net.record(cells)


@pytest.mark.parametrize("engine", ["reference", "fixed", "auto"])
def test_a_network_with_delays_against_plain_integers(engine: Any) -> None:
    net, cells, recorded = loihi(engine)
    result = net.run(60 * ms)
    spikes, v = oracle(60)
    assert spikes.sum() > 100
    got = np.zeros_like(spikes)
    train = result[recorded]
    got[np.rint(train.times).astype(int) - 1, train.ids] = True
    assert np.array_equal(got, spikes)
    assert np.array_equal(np.asarray(net.get(cells, "v").value), v)


def chance(engine: Any, weight: Any = 1) -> tuple[Network, Any]:
    net = Network(dt=1 * ms, seed=5, engine=engine)
    neuron = TrueNorthNeuron(s=(90, -2, 20, 0), b=(1, 0, 0, 0), lam=51, c=1, alpha=12, TM=3,
                             beta=60, gamma=1, kap=1)  # fmt: skip
    cells = net.population(60, neuron, name="a")
    sends = net.population(10, LIF(E=-49 * mV), name="real")
    net.connect(cells, cells, Impulse("a0"), FixedProbability(0.2), weight=weight, delay=14 * ms)
    net.connect(sends, cells, Impulse("a1"), FixedProbability(0.5), weight=1)
    net.connect(cells, sends, Delta(), FixedProbability(0.2), weight=-0.5 * mV)
    net.poisson(cells, Impulse("a2"), rate=0.1 * kHz, weight=2)
    return net, net.record(cells)


def test_random_numbers_poisson_and_neurons_of_real_numbers_beside(tmp_path: Path) -> None:
    """The same bits in NumPy and in native code, in one run and in two, and after a checkpoint."""
    runs = []
    for engine in ("reference", "auto"):
        net, spikes = chance(engine)
        train = net.run(80 * ms)[spikes]
        runs.append((train.times, train.ids))
    assert runs[0][0].size > 100
    for a, b in zip(*runs, strict=True):
        assert np.array_equal(a, b)
    net, _ = chance("auto")
    net.run(30 * ms)
    net.checkpoint(tmp_path / "half")
    again, spikes = chance("auto")
    again.restore(tmp_path / "half")
    late = again.run(50 * ms)[spikes]
    assert np.array_equal(late.times, runs[0][0][runs[0][0] > 30])


def test_what_is_refused() -> None:
    with pytest.raises(ParameterError, match="weights that reach them must be whole"):
        chance("auto", 0.5)[0].run(1 * ms)
    net, cells, _ = loihi("auto")
    net.connect(cells, cells, Impulse("a"), FixedProbability(0.5), weight=1, learning=PairSTDP())
    with pytest.raises(ParameterError, match="weights that learn are real"):
        net.run(1 * ms)
    with pytest.raises(EngineError, match="whole numbers"):
        chance("gpu")[0].run(1 * ms)
    with pytest.raises(NumericsError, match=r"a, tick \d+: input 'a0'.*uint9"):
        chance("auto", 100)[0].run(80 * ms)
    net = Network(dt=1 * ms)
    cells = net.population(3, LoihiNeuron(), name="l")
    with pytest.raises(ModelError, match="whole numbers"):
        net.connect(cells, cells, Delta(), FixedProbability(0.5), weight=1 * mV)
    with pytest.raises(ParameterError, match="no impulse input 'b'"):
        net.connect(cells, cells, Impulse("b"), FixedProbability(0.5), weight=1)
