"""Noise in networks: native against reference, and the same bits however the work is divided."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from tests.engines.network.nets import Shape, random_plan
from tests.engines.network.test_native import same_bits, same_spikes

from spikeloom.compile import bind, compile_neuron
from spikeloom.compile.values import numbers
from spikeloom.engines.cpu.network import NativeNetwork
from spikeloom.engines.network_plan import NetworkPlan, PopulationPlan
from spikeloom.engines.network_run import Trace
from spikeloom.engines.reference.network import ReferenceNetwork
from spikeloom.equations import Cell, Refractory
from spikeloom.equations.units import kHz, ms, mV
from spikeloom.errors import EngineError
from spikeloom.models import CubaLIF, EscapeLIF, ExponentialCurrent, OUCurrent, ProbabilisticLIF

DType = Literal["float32", "float64"]


def noisy(name: str, size: int, seed: int = 0) -> PopulationPlan:
    """Neurons that fire at random, under a fluctuating current, with a channel ``exc``."""
    neuron = Cell(
        Refractory(EscapeLIF(rho=2 * kHz, D=4 * mV), 0.5 * ms), exc=ExponentialCurrent(),
        back=OUCurrent(),
    )  # fmt: skip
    bound = bind(compile_neuron(neuron), numbers(neuron), 0.1)
    start = bound.initial(size)
    start[0] += np.random.Generator(np.random.Philox(seed)).uniform(0, 12, size)
    return PopulationPlan(bound.program, bound.coefs, size, start, channels=("exc",), entity=name)


def plan(delays: int = 5, dtype: DType = "float64", seed: int = 7) -> NetworkPlan:
    """A random network of which the second population is exchanged for a noisy one."""
    shape = random_plan(Shape(3, (60, 83), delays=delays), dtype)
    exchanged = (shape.populations[0], noisy("b", 83))
    projections = tuple(
        replace(p, channel="exc", weights=p.weights * 40) if p.target == 1 else p
        for p in shape.projections
    )
    return NetworkPlan(exchanged, projections, shape.poisson[:1], seed=seed, dtype=dtype)


@pytest.mark.parametrize("delays", [0, 1, 7, 40, -1, -20])
@pytest.mark.parametrize("threads", [1, 2])
def test_spike_for_spike_like_the_reference(delays: int, threads: int) -> None:
    given = plan(delays)
    wishes = [Trace(1, "v", every=3), Trace(1, "back_i")]
    native, reference = NativeNetwork(given, threads), ReferenceNetwork(given)
    got, expected = native.run(61, None, wishes), reference.run(61, None, wishes)
    assert same_spikes(got, expected)
    assert len(expected.spikes[1][0]) > 50
    for g, e in zip(got.traces, expected.traces, strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("delays", [0, 7])
def test_the_same_bits_for_threads_pieces_and_checkpoints(delays: int, dtype: DType) -> None:
    given = plan(delays, dtype)
    whole = NativeNetwork(given, 1)
    run = whole.run(60)
    for threads, pieces in ((2, (60,)), (1, (1, 2, 30, 27)), (3, (11, 49))):
        other = NativeNetwork(given, threads)
        parts = []
        for steps in pieces:
            parts.append(other.run(steps, None, [Trace(1, "v")]))
            fresh = NativeNetwork(given, threads)
            fresh.load_state_dict(other.state_dict())
            other = fresh
        assert same_bits(other.state_dict(), whole.state_dict())
        for population in (0, 1):
            for k in (0, 1):
                joined = np.concatenate([p.spikes[population][k] for p in parts])
                assert np.array_equal(joined, run.spikes[population][k])


def test_parts_of_a_population_draw_what_the_whole_draws() -> None:
    """As in several processes: numbers go by the neuron's number in the whole."""
    whole = noisy("b", 200)
    pieces = [
        replace(whole, size=high - low, start=whole.start[:, low:high], first=low, total=200)
        for low, high in ((0, 77), (77, 200))
    ]
    for engine in (ReferenceNetwork, NativeNetwork):
        ends = []
        for part in (whole, *pieces):
            net: Any = engine(NetworkPlan((part,), seed=1, dtype="float64"))
            net.run(20)
            ends.append(net.state(0))
        assert np.array_equal(np.concatenate(ends[1:], axis=1), ends[0])


def test_seed_and_entity_set_noise_apart() -> None:
    ends = {}
    for seed, name in ((1, "a"), (2, "a"), (1, "b"), (1, "a")):
        net = NativeNetwork(NetworkPlan((noisy(name, 50),), seed=seed))
        net.run(10)
        ends.setdefault((seed, name), []).append(net.state(0))
    assert np.array_equal(*ends[1, "a"])
    a, b, c = (ends[key][0][-2] for key in ((1, "a"), (2, "a"), (1, "b")))
    assert not np.array_equal(a, b) and not np.array_equal(a, c)


def test_two_populations_that_would_draw_the_same_are_refused() -> None:
    with pytest.raises(EngineError, match="one entity"):
        NetworkPlan((noisy("a", 5), noisy("a", 6)))


def test_a_population_of_a_stochastic_model_next_to_others() -> None:
    """Chance without normal numbers, and a model that draws nothing beside it."""
    neuron = ProbabilisticLIF(p=0.3, E=-45 * mV)
    bound = bind(compile_neuron(neuron), numbers(neuron), 0.1)
    quiet = bind(compile_neuron(CubaLIF()), numbers(CubaLIF()), 0.1)
    given = NetworkPlan(
        (
            PopulationPlan(bound.program, bound.coefs, 70, bound.initial(70), entity="p"),
            PopulationPlan(quiet.program, quiet.coefs, 10, quiet.initial(10)),
        ),
        dtype="float64",
    )
    got, expected = NativeNetwork(given).run(400), ReferenceNetwork(given).run(400)
    assert same_spikes(got, expected)
    assert len(got.spikes[0][0]) > 70
