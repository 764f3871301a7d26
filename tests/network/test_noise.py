"""Noise in a network as a user writes it: background, restoring, forks, and what is recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spikeloom as sl


def small(**options: Any) -> tuple[sl.Network, Any, Any]:
    """Noisy neurons with a background each, a Poisson population, and connections."""
    net = sl.Network(0.1 * sl.ms, **{"seed": 3, **options})
    cell = sl.Cell(sl.Refractory(sl.DiffusionLIF(sigma=4 * sl.mV), 2 * sl.ms), bg=sl.OUCurrent())
    exc = net.population(60, cell, name="exc", v=sl.uniform(-65, -52) * sl.mV)
    source = net.population(20, sl.PoissonNeuron(rate=0.2 * sl.kHz), name="source")
    net.connect(source, exc, sl.ExponentialCurrent(), sl.FixedProbability(0.5),
                weight=60 * sl.pA, delay=0.5 * sl.ms)  # fmt: skip
    return net, exc, source


def spikes(net: sl.Network, *durations: float) -> tuple[Any, Any]:
    recorder = net.record(net.populations[0] + net.populations[1])
    runs = [net.run(t * sl.ms, progress=False).spikes[recorder] for t in durations]
    return np.concatenate([r.times for r in runs]), np.concatenate([r.ids for r in runs])


def same(a: tuple[Any, Any], b: tuple[Any, Any]) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_the_same_seed_gives_the_same_spikes_in_pieces_and_threads() -> None:
    whole = spikes(small()[0], 30)
    assert len(whole[0]) > 50
    assert same(whole, spikes(small(threads=2)[0], 3.3, 26.7))
    assert not same(whole, spikes(small(seed=4)[0], 30))
    reference = spikes(small(engine="reference")[0], 20)
    assert same(reference, spikes(small(dtype="float64")[0], 20))


def test_a_checkpoint_goes_on_with_the_same_noise(tmp_path: Path) -> None:
    net = small()[0]
    net.run(7.3 * sl.ms, progress=False)
    net.checkpoint(tmp_path / "net.npz")
    expected = spikes(net, 15)
    again = small()[0]
    again.restore(tmp_path / "net.npz")
    assert same(spikes(again, 15), expected)


def test_forks_share_their_noise_until_they_are_told_another_seed() -> None:
    net = small()[0]
    net.run(5 * sl.ms, progress=False)
    twin, other = net.fork(), net.fork(seed=99)
    found = [spikes(n, 15) for n in (net, twin, other)]
    assert same(found[0], found[1]) and not same(found[0], found[2])


@pytest.mark.filterwarnings("ignore:population")
def test_noise_does_not_depend_on_what_else_there_is() -> None:
    """The numbers of a population are its own: another one beside it changes nothing."""

    def trace(beside: bool) -> Any:
        net = sl.Network(0.1 * sl.ms, seed=3)
        if beside:
            net.population(7, sl.OULIF(), name="first")
        exc = net.population(20, sl.OULIF(), name="exc")
        v = net.record(exc, "v")
        return net.run(10 * sl.ms, progress=False).states[v].values

    assert np.array_equal(trace(beside=False), trace(beside=True))


def test_rates_can_be_set_while_it_runs() -> None:
    net = sl.Network(0.1 * sl.ms, seed=5)
    source = net.population(4000, sl.PoissonNeuron(rate=50 * sl.Hz), name="source")
    record = net.record(source)
    counts = [len(net.run(100 * sl.ms, progress=False).spikes[record])]
    net.set(source, r=200 * sl.Hz)
    counts.append(len(net.run(100 * sl.ms, progress=False).spikes[record]))
    for count, rate in zip(counts, (0.05, 0.2), strict=True):
        wanted = 4000 * 1000 * -np.expm1(-rate * 0.1)
        assert abs(count - wanted) < 4 * np.sqrt(wanted)  # false alarm below 1e-4 each


def test_a_network_of_only_noise_has_the_rate_of_siegert() -> None:
    """45.85 Hz at dt = 0.1 ms by theory, with its threshold on the grid."""
    net = sl.Network(0.1 * sl.ms, seed=6)
    neuron = sl.DiffusionLIF(E=25 * sl.mV, v_reset=10 * sl.mV, theta=20 * sl.mV,
                             sigma=5 / np.sqrt(2) * sl.mV)  # fmt: skip
    cells = net.population(2000, sl.Refractory(neuron, 2 * sl.ms), name="cells")
    record = net.record(cells)
    net.run(200 * sl.ms, progress=False)
    rate = len(net.run(300 * sl.ms, progress=False).spikes[record]) / 2000 / 0.3
    assert rate == pytest.approx(45.85, rel=0.02)
