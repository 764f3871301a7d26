"""The integer neurons against their published and computed traces, by both engines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeloom import LoihiNeuron, Run, TrueNorthNeuron, ms, simulate
from spikeloom.engines.fixed import Fixed, FixedReference

ENGINES = [FixedReference(), Fixed()]
each_engine = pytest.mark.parametrize("engine", ENGINES, ids=repr)


def ticks(neuron: Any, count: int, engine: Any, **more: Any) -> Run:
    return simulate(neuron, count * ms, engine=engine, **more)


def potentials(run: Run) -> list[int]:
    return run.traces["v"][:, 0].tolist()


def spikes(run: Run) -> list[int]:
    """Ticks with a spike, counted from 0."""
    return (run.train().astype(int) - 1).tolist()


@each_engine
@pytest.mark.parametrize(
    ("gamma", "v", "at"),
    [
        (0, [3, 6, 9, 0] * 5, [3, 7, 11, 15, 19]),
        (1, [3, 6, 9, 2, 5, 8, 1, 4, 7, 0] * 2, [3, 6, 9, 13, 16, 19]),
        (2, [3 * t + 3 for t in range(20)], list(range(3, 20))),
    ],
    ids=["normal", "linear", "non-reset"],
)
def test_a_leak_alone_in_the_three_resets(engine: Any, gamma: int, v: list[int], at: list[int]):
    run = ticks(TrueNorthNeuron(lam=3, alpha=10, gamma=gamma), 20, engine)
    assert potentials(run) == v
    assert spikes(run) == at


@each_engine
def test_a_convergent_leak_stops_at_zero(engine: Any) -> None:
    events = (np.arange(24) % 3 == 0)[:, None] * 1
    neuron = TrueNorthNeuron(s=(5, 0, 0, 0), alpha=12, lam=-1, eps=1, kap=1)
    run = ticks(neuron, 24, engine, a0=events)
    assert potentials(run)[:16] == [4, 3, 2, 6, 5, 4, 8, 7, 6, 10, 9, 8, 0, 0, 0, 4]
    assert spikes(run) == [12]


@each_engine
@pytest.mark.parametrize(
    ("more", "v"),
    [
        ({"kap": 1}, [-3, -4, -4, -4]),
        ({"gamma": 0, "R": 2}, [-3, -2, -2, -2]),
        ({"gamma": 1}, [-3, -2, -1, -4, -3, -2]),
        ({"gamma": 2}, [-3, -6, -9, -12]),
        ({"gamma": 1, "kap": 1}, [-3, -4, -4, -4]),
        ({"gamma": 2, "kap": 1}, [-3, -4, -4, -4]),
    ],
    ids=["saturating", "normal", "linear", "non-reset", "linear+sat", "non-reset+sat"],
)
def test_below_the_negative_threshold(engine: Any, more: dict[str, int], v: list[int]) -> None:
    assert potentials(ticks(TrueNorthNeuron(lam=-3, beta=4, **more), len(v), engine)) == v


@each_engine
@pytest.mark.parametrize(
    ("lam", "eps", "start", "v"),
    [
        (2, 0, 5, [7, 9, 11]),
        (-2, 0, 5, [3, 1, -1]),
        (2, 1, 5, [7, 9, 11]),
        (2, 1, -5, [-7, -9, -11]),
        (2, 1, 0, [0, 0, 0]),
        (-2, 1, 5, [3, 1, 0]),
        (-2, 1, -5, [-3, -1, 0]),
    ],
)
def test_the_four_leaks(engine: Any, lam: int, eps: int, start: int, v: list[int]) -> None:
    """Up or down whatever v; away from 0; towards 0 and no further."""
    neuron = TrueNorthNeuron(lam=lam, eps=eps, alpha=100, beta=100)
    run = ticks(neuron, 3, engine, state={"v": np.array([start])})
    assert potentials(run) == v


@each_engine
def test_the_potential_saturates_at_its_twenty_bits(engine: Any) -> None:
    neuron = TrueNorthNeuron(s=(255, 0, 0, 0), alpha=2**18 - 1, gamma=2, beta=2**18 - 1)
    up = ticks(neuron, 12, engine, a0=256)
    assert potentials(up)[-1] == 2**19 - 1
    down = ticks(neuron.replace(s=(-256, 0, 0, 0)), 12, engine, a0=256)
    assert potentials(down)[-1] == -(2**19)


@each_engine
def test_four_axon_types_add_up(engine: Any) -> None:
    neuron = TrueNorthNeuron(s=(1, 10, 100, -50), alpha=2**18 - 1)
    run = ticks(
        neuron, 1, engine, size=3, a0=np.array([3, 0, 1]), a1=2, a2=1, a3=np.array([0, 1, 2])
    )
    assert run.state["v"].tolist() == [123, 70, 21]


@each_engine
def test_loihi_with_three_inputs(engine: Any) -> None:
    arrivals = np.zeros((16, 1))
    arrivals[[0, 5, 10]] = 50
    run = ticks(LoihiNeuron(du=409, dv=128, vth=100), 16, engine, a=arrivals)
    u = [3200, 2879, 2590, 2330, 2096, 5086, 4576, 4117, 3704, 3333, 6199, 5578]
    assert run.traces["u"][:12, 0].tolist() == u
    before = [3200, 5979, 8382, 2330, 4353, 9302, 4576, 8550, 3704, 6921, 6199, 11583, 5019, 9378,
              4063, 7592]  # fmt: skip
    at = [2, 5, 7, 9, 11, 13, 15]
    assert spikes(run) == at
    assert potentials(run) == [0 if t in at else v for t, v in enumerate(before)]


@each_engine
def test_loihi_with_a_bias(engine: Any) -> None:
    run = ticks(LoihiNeuron(du=4095, dv=128, vth=100, bias=1000), 40, engine)
    assert potentials(run)[:8] == [1000, 1968, 2906, 3815, 4695, 5548, 6374, 0]
    assert spikes(run) == [7, 15, 23, 31, 39]


@each_engine
def test_loihi_current_goes_round_and_potential_stays_at_its_end(engine: Any) -> None:
    run = ticks(LoihiNeuron(du=0, dv=0, vth=2**17 - 1), 3, engine, a=2**16)
    assert run.traces["u"][:, 0].tolist() == [2**22, 2**23 - 1024, 8385536 + 2**22 - 2**24]
    full = ticks(LoihiNeuron(du=4095, bias=-4096, bexp=7, dv=0), 20, engine)
    assert potentials(full)[-3:] == [-(2**23 - 1)] * 3


@each_engine
def test_half_of_the_events_of_a_stochastic_synapse(engine: Any) -> None:
    """|s| = 127 counts with p = 1/2: 100,000 events within 4 sd; false alarm 6e-5."""
    neuron = TrueNorthNeuron(s=(127, 0, 0, 0), b=(1, 0, 0, 0), alpha=2**18 - 1)
    run = ticks(neuron, 1, engine, size=400, a0=250, seed=3)
    assert abs(int(run.state["v"].sum()) - 50_000) <= 4 * np.sqrt(100_000) / 2


@each_engine
@pytest.mark.parametrize(("s", "p"), [(1, 2 / 256), (-1, 2 / 256), (255, 1.0), (0, 0.0)])
def test_how_often_a_stochastic_weight_counts(engine: Any, s: int, p: float) -> None:
    """(|s| + 1) / 256, or nothing for s = 0; within 4 sd."""
    neuron = TrueNorthNeuron(s=(0, 0, s, 0), b=(0, 0, 1, 0), alpha=2**18 - 1, beta=2**18 - 1)
    run = ticks(neuron, 1, engine, size=100, a2=200, seed=5)
    total, n = int(run.state["v"].sum()), 20_000
    assert abs(total - np.sign(s) * n * p) <= 4 * np.sqrt(n * p * (1 - p))


@each_engine
def test_a_stochastic_leak_is_a_source_of_twenty_hertz(engine: Any) -> None:
    """20.3125 Hz, and a sum of ten geometric waits with CV sqrt((1 - p) / 10) = 0.28229.

    500 neurons, 2 s: 203,125 ones within 4 sd (false alarm 6e-5), ten to a spike; CV within 3 %,
    which is 5 of its sd, CV / sqrt(2 n).
    """
    run = ticks(TrueNorthNeuron(lam=51, c=1, alpha=10, gamma=1), 2000, engine, size=500, seed=1)
    ones, n, p = 10 * len(run.spike_ids) + int(run.state["v"].sum()), 500 * 2000, 52 / 256
    assert abs(ones - n * p) <= 4 * np.sqrt(n * p * (1 - p))
    assert p * 1000 / 10 == 20.3125
    waits = np.concatenate([np.diff(run.train(k)) for k in range(500)])
    assert waits.std() / waits.mean() == pytest.approx(0.28229, rel=0.03)


@each_engine
def test_a_stochastic_threshold_is_spread_over_its_mask(engine: Any) -> None:
    """TM = 4: eta is uniform over 0 … 15, so v = 7 over alpha = 0 fires with p = 1/2."""
    run = ticks(TrueNorthNeuron(TM=4, alpha=0, gamma=2), 1, engine, size=4000, seed=2,
                state={"v": np.full(4000, 7)})  # fmt: skip
    assert abs(len(run.spike_ids) - 2000) <= 4 * np.sqrt(4000) / 2
