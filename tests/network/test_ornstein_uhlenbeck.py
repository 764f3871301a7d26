"""Fluctuating currents: their moments and correlations against closed forms, and the same bits.

Statistics are compared within 5 standard errors: one of them alarms falsely once in 1.7 million
seeds, and the seeds are fixed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spikeloom as sl
from spikeloom.errors import ParameterError, ShapeError, UnitError

ENGINES = ("reference", "cpu")
MS, PA = sl.ms, sl.pA


def currents(
    process: Any, size: int, steps: int, dt: float = 0.1, engine: Any = "cpu", **options: Any
) -> np.ndarray[Any, Any]:
    """What flowed in each step, (steps, neurons), in pA: capacitors of 1 pF forget nothing."""
    net = sl.Network(dt * MS, engine=engine, dtype="float64", **options)
    neuron = sl.PerfectIF(C=1 * sl.pF, theta=1e9 * sl.mV)
    cells = net.population(size, neuron, name="cells", v=0 * sl.mV)
    net.inject(cells, process)
    volts = net.record(cells, "v")
    return np.diff(net.run(steps * dt * MS).states[volts].values, axis=0, prepend=0) / dt


@pytest.mark.parametrize("dt", [0.1, 2.0])
def test_it_is_stationary_and_forgets_exponentially(dt: float) -> None:
    """At the first step as at the last, and at any dt: the update is exact."""
    size, steps, tau = 4000, 60, 5.0
    found = currents(sl.OrnsteinUhlenbeck(100 * PA, 20 * PA, tau * MS), size, steps, dt, seed=3)
    for row in (found[0], found[-1]):
        assert abs(row.mean() - 100) < 5 * 20 / np.sqrt(size)
        assert abs(row.std() / 20 - 1) < 5 / np.sqrt(2 * size)
    centred = (found - 100) / 20
    for lag in (1, 7, 40):
        expected = np.exp(-lag * dt / tau)
        pairs = centred[:-lag] * centred[lag:]
        # Neurons are independent: the spread over them is that of the mean over time.
        own = pairs.mean(axis=0)
        assert abs(own.mean() - expected) < 5 * own.std() / np.sqrt(size)


def test_each_neuron_has_its_own_and_is_normal() -> None:
    found = (currents(sl.OrnsteinUhlenbeck(0 * PA, 1 * PA, 1 * MS), 5000, 3, seed=1))[2]
    assert abs(np.mean(found**4) - 3) < 5 * np.sqrt(96 / 5000)
    assert abs(np.mean(found**3)) < 5 * np.sqrt(15 / 5000)
    assert abs(np.mean(found[1:] * found[:-1])) < 5 / np.sqrt(5000)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_membrane_follows_with_the_exact_variance(engine: Any) -> None:
    """v' = a v + (1 - a) R x with x of correlation r: a formula for the grid itself."""
    net = sl.Network(0.5 * MS, dtype="float64", engine=engine, seed=5)
    size = 2000
    neuron = sl.LIF(tau=10 * MS, R=100 * sl.MOhm, E=-65 * sl.mV, theta=1e6 * sl.mV)
    cells = net.population(size, neuron, name="cells")
    net.inject(cells, sl.OrnsteinUhlenbeck(0.1 * sl.nA, 0.05 * sl.nA, 5 * MS))
    net.run(120 * MS)
    v = np.asarray(net.get(cells, "v").value)
    a, r = np.exp(-0.5 / 10), np.exp(-0.5 / 5)
    variance = (100 * 0.05) ** 2 * (1 - a) ** 2 / (1 - a**2) * (1 + a * r) / (1 - a * r)
    assert abs(v.mean() - (-65 + 10)) < 5 * np.sqrt(variance / size) + 10 * np.exp(-12)
    assert abs(v.var() / variance - 1) < 5 * np.sqrt(2 / size)


@pytest.mark.parametrize("engine", ENGINES)
def test_shared_by_all_or_some(engine: Any) -> None:
    shared = sl.OrnsteinUhlenbeck([0, 10, 20] * PA, [1, 2, 0] * PA, 3 * MS, shared=True)
    found = currents(shared, 3, 200, engine=engine)
    np.testing.assert_allclose(found[:, 1], 10 + 2 * found[:, 0], atol=1e-9)
    np.testing.assert_allclose(found[:, 2], 20, atol=1e-9)
    net = sl.Network(0.1 * MS, dtype="float64", engine=engine)
    neuron = sl.PerfectIF(C=1 * sl.pF, theta=1e9 * sl.mV)
    a = net.population(4, neuron, name="a", v=0 * sl.mV)
    b = net.population(3, neuron, name="b", v=0 * sl.mV)
    net.inject(a[::2] + b[1:], sl.OrnsteinUhlenbeck(0 * PA, 1 * PA, 3 * MS, shared=True))
    net.inject(a[1:] + b[1:], sl.OrnsteinUhlenbeck(0 * PA, 1 * PA, 3 * MS))
    va, vb = net.record(a, "v"), net.record(b, "v")
    states = net.run(10 * MS).states
    one, two = states[va].values[-1], states[vb].values[-1]
    assert two[0] == 0  # it was not named
    values = [one[0], one[1], one[2], one[3], two[1], two[2]]
    assert len({round(v, 9) for v in values}) == 6


def test_values_may_be_drawn() -> None:
    process = sl.OrnsteinUhlenbeck(sl.uniform(50, 150) * PA, 0 * PA, sl.uniform(1, 9) * MS)
    found = currents(process, 200, 2)[1]
    assert 50 < found.min() < 60 and 140 < found.max() < 150


def noisy(engine: Any, **options: Any) -> tuple[sl.Network, Any]:
    net = sl.Network(0.1 * MS, engine=engine, dtype="float64", **{"seed": 4, **options})
    cells = net.population(130, sl.LIF(), name="cells")
    net.inject(cells, sl.OrnsteinUhlenbeck(0.15 * sl.nA, 0.1 * sl.nA, 5 * MS))
    net.inject(cells[3:99:2], sl.OrnsteinUhlenbeck(0 * sl.nA, 0.1 * sl.nA, [2.0] * 48 * MS))
    net.inject(cells, sl.OrnsteinUhlenbeck(0 * sl.nA, 0.05 * sl.nA, 20 * MS, shared=True))
    return net, net.record(cells, "v", every=0.5 * MS)


def test_bits_do_not_depend_on_pieces_threads_or_a_checkpoint(tmp_path: Path) -> None:
    net, volts = noisy("cpu", threads=1)
    whole = net.run(100 * MS).states[volts].values
    for threads in (1, 2):
        net, volts = noisy("cpu", threads=threads)
        values = [net.run(d * MS).states[volts].values for d in (0.1, 30.2, 9.7)]
        file = net.checkpoint(tmp_path / "state")
        twin, other = net.fork(), net.fork(seed=9)
        fresh, again = noisy("cpu", threads=threads)
        fresh.restore(file)
        values += [fresh.run(d * MS).states[again].values for d in (33.3, 26.7)]
        assert np.array_equal(np.concatenate(values), whole)
        rest = np.concatenate(values[3:])
        assert np.array_equal(twin.run(60 * MS).states[volts].values, rest)
        assert not np.array_equal(other.run(60 * MS).states[volts].values, rest)
    net, volts = noisy("reference")
    np.testing.assert_allclose(net.run(100 * MS).states[volts].values, whole, rtol=1e-9)


def test_small_windows_and_full_logs_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    net, volts = noisy("cpu")
    whole = net.run(60 * MS).states[volts].values
    monkeypatch.setattr("spikeloom.engines.cpu.network.native.LOG", 5)
    monkeypatch.setattr("spikeloom.engines.cpu.network.windows.BYTES", 1)
    net, volts = noisy("cpu")
    assert np.array_equal(net.run(60 * MS).states[volts].values, whole)


def test_it_may_be_added_between_runs() -> None:
    net, _ = noisy("cpu")
    net.run(5 * MS)
    more = net.population(10, sl.LIF(), name="more")
    net.inject(more, sl.OrnsteinUhlenbeck(0 * sl.nA, 0.1 * sl.nA, 5 * MS))
    net.run(5 * MS)
    assert np.std(np.asarray(net.get(more, "v").value)) > 0.1


def test_any_inflow_will_do() -> None:
    """Current densities, where the OU current of the model library does not fit."""
    net = sl.Network(0.02 * MS, engine="reference")
    cells = net.population(3, sl.HodgkinHuxley(), name="axon")
    density = sl.uA / sl.cm2
    net.inject(cells, sl.OrnsteinUhlenbeck(2 * density, 1 * density, 5 * MS), into="I")
    net.run(2 * MS)
    assert np.ptp(np.asarray(net.get(cells, "v").value)) > 0


MISTAKES: dict[str, tuple[Any, type[Exception], str]] = {
    "unit": (lambda: sl.OrnsteinUhlenbeck(1 * sl.mV, 1 * sl.mV, 1 * MS), UnitError, "current"),
    "sigma": (lambda: sl.OrnsteinUhlenbeck(1 * PA, 1 * MS, 1 * MS), UnitError, "sigma must be"),
    "negative": (lambda: sl.OrnsteinUhlenbeck(1 * PA, -1 * PA, 1 * MS), ParameterError, "negative"),
    "tau": (lambda: sl.OrnsteinUhlenbeck(1 * PA, 1 * PA, 0 * MS), ParameterError, "above 0"),
    "nan": (lambda: sl.OrnsteinUhlenbeck(np.nan * PA, 1 * PA, 1 * MS), ParameterError, "finite"),
    "taus": (
        lambda: sl.OrnsteinUhlenbeck(1 * PA, 1 * PA, [1, 2, 3] * MS, shared=True),
        ParameterError,
        "one tau",
    ),
    "length": (lambda: sl.OrnsteinUhlenbeck([1, 2] * PA, 1 * PA, 1 * MS), ShapeError, "3 of them"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_told(what: str) -> None:
    make, error, words = MISTAKES[what]
    net = sl.Network(0.1 * MS, engine="reference")
    cells = net.population(3, sl.LIF(), name="cells")
    with pytest.raises(error, match=words):
        net.inject(cells, make())
