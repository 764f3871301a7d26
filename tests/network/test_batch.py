"""Variants of a network that run side by side: each as if it were alone, over one connectivity."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import numpy as np
import pytest
from tests.network.everything import everything
from tests.network.test_state import differing, parts

import spikeloom as sl
from spikeloom.errors import EngineError, NumericsError, ParameterError, ShapeError, UnitError


@pytest.mark.parametrize(("engine", "threads"), [("cpu", 1), ("cpu", 3), ("reference", 2)])
def test_each_has_the_bits_that_it_would_have_alone(engine: Any, threads: int) -> None:
    net = everything(engine, 2)
    exc, inh = net.populations[:2]
    recorders = net.record(exc), net.record(inh, "v", every=0.5 * sl.ms)
    net.run(2 * sl.ms)
    factor, rates = [0.5, 1, 0], [100, 200, 0]
    seeds, taus = [3, 3, 9], [10, 12, 14] * sl.ms

    def told(one: sl.Network, k: int) -> None:
        one.set(inh, tau=10 * sl.ms + 2 * k * sl.ms)
        one.set(exc, v=sl.uniform(-60, -50) * sl.mV)
        one.poisson_inputs[1].set(rate=rates[k] * sl.Hz)
        for projection in one.projections[:-1]:
            projection.scale_weights(factor[k])

    batch = net.batch(seeds=seeds, threads=threads)
    batch.set(inh, tau=sl.each(taus))
    batch.set(exc, v=sl.uniform(-60, -50) * sl.mV)
    batch.set_poisson(net.poisson_inputs[1], rate=sl.each(rates * sl.Hz))
    for projection in net.projections[:-1]:
        batch.scale_weights(projection, sl.each(factor))
    first, second = batch.run(3 * sl.ms), batch.run(2 * sl.ms)
    for k, seed in enumerate(seeds):
        alone = net.fork(seed=seed)
        told(alone, k)
        expected = alone.run(5 * sl.ms)
        spikes, v = recorders
        got = np.concatenate([first[k].spikes[spikes].times, second[k].spikes[spikes].times])
        np.testing.assert_array_equal(got, expected.spikes[spikes].times)
        got = np.concatenate([first[k].states[v].values, second[k].states[v].values])
        np.testing.assert_array_equal(got, expected.states[v].values)
        for p in net.populations:
            one, other = batch[k].engine().state(p.index), alone.engine().state(p.index)
            assert one.tobytes() == other.tobytes()
    assert net.time == 2.0
    plain = everything(engine, 2)
    plain.run(2 * sl.ms)
    assert differing(net.engine(), plain.engine()) == []


def memory(engines: list[Any]) -> int:
    """Bytes of all arrays of some engines, what they share counted once."""
    found: dict[int, int] = {}
    for engine in engines:
        for name, value in parts(engine).items():
            if isinstance(value, np.ndarray) and not name.startswith("logs"):
                base = value
                while isinstance(base.base, np.ndarray):
                    base = base.base
                found[base.__array_interface__["data"][0]] = base.nbytes
    return sum(found.values())


@pytest.mark.parametrize("weight", [1, "drawn", "own"])
def test_memory_grows_by_states_alone(weight: Any) -> None:
    net = sl.Network(seed=1, threads=2)
    a = net.population(1000, sl.LIF(), name="a", v=sl.uniform(-60, -50) * sl.mV)
    given = {1: 1 * sl.mV, "drawn": sl.normal(1, 0.1) * sl.mV, "own": sl.lognormal(1, 0.1) * sl.mV}
    loop = net.connect(
        a, a, sl.Delta(), sl.FixedInDegree(500), weight=given[weight],
        delay=sl.uniform(1, 1.5) * sl.ms,
    )  # fmt: skip
    net.build()
    synapses = memory([net.engine()])
    batch = net.batch(seeds=range(8))
    batch.set(a, tau=sl.each(np.arange(10, 18) * sl.ms))
    if weight != "own":
        batch.scale_weights(loop, sl.each(np.linspace(0.5, 2, 8)))
    engines = [one.engine() for one in batch]
    rings = 16 * 1000 * 4
    assert synapses > 1_000_000
    assert memory([net.engine(), *engines]) - synapses < 8 * 2.5 * rings


def test_weights_that_are_scaled() -> None:
    net = everything()
    branch = net.fork()
    for projection, other in zip(net.projections, branch.projections, strict=True):
        if not projection.connection.stored:
            with pytest.raises(EngineError, match="drawn at each spike"):
                other.scale_weights(2)
            continue
        before = projection.weights.value
        other.scale_weights(-0.5)
        np.testing.assert_allclose(other.weights.value, -0.5 * np.asarray(before), rtol=1e-6)
        np.testing.assert_array_equal(projection.weights.value, before)
        np.testing.assert_array_equal(other.targets, projection.targets)
        with pytest.raises(ParameterError, match="finite"):
            other.scale_weights(float("nan"))


def test_a_checkpoint_tells_scaled_weights_apart(tmp_path: Any) -> None:
    def made(factor: float) -> sl.Network:
        net = sl.Network(engine="cpu")
        a = net.population(4, sl.LIF(), name="a")
        net.connect(a, a, sl.Delta(), sl.AllToAll(), weight=1 * sl.mV).scale_weights(factor)
        return net

    path = made(2).checkpoint(tmp_path / "state")
    made(2).restore(path)
    with pytest.raises(sl.errors.CheckpointError, match="other synapses"):
        made(1).restore(path)


def test_one_that_goes_wrong_stops_all_and_is_named() -> None:
    net = sl.Network(1 * sl.ms, dtype="float64")
    a = net.population(2, sl.FitzHughNagumo(), name="a", method=sl.compile.Euler())
    v = net.record(a, "v")
    batch = net.batch(3)
    batch.set(a[1], v=sl.each(0, 40, 0))
    with pytest.raises(NumericsError, match=r"variant 1: a\[1\]\.v is"):
        batch.run(500_000 * sl.ms)
    assert [result is not None for result in batch.results] == [True] * 3
    assert batch.results[1] is not None and len(batch.results[1].states[v].times)
    assert all(one.time < 500_000 for one in batch)


def test_ctrl_c_ends_all_of_them() -> None:
    net = everything()
    batch = net.batch(seeds=range(3), threads=3)
    batch.run(0 * sl.ms)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    results = batch.run(600_000 * sl.ms, progress=False)
    timer.join()
    assert len(results) == 3
    assert all(not result.complete and result.stop < 600_000 for result in results)


def test_what_makes_no_batch() -> None:
    net = everything()
    for wrong in (0, -1, 1.5, True, "two"):
        with pytest.raises(ParameterError, match="size must be a whole number"):
            net.batch(wrong)  # pyright: ignore[reportArgumentType]
    for seeds in ([], ["a"], [-1], [0.5]):
        with pytest.raises(ParameterError, match="seed"):
            net.batch(seeds=seeds)  # pyright: ignore[reportArgumentType]
    for given in ({}, {"size": 2, "seeds": [1, 2]}):
        with pytest.raises(ParameterError, match="either"):
            net.batch(**given)
    with pytest.raises(ParameterError, match="threads"):
        net.batch(2, threads=0)
    batch = net.batch(2)
    with pytest.raises(ShapeError, match="tau has 3 values for 2 variants"):
        batch.set(net.populations[1], tau=sl.each([1, 2, 3] * sl.ms))
    with pytest.raises(UnitError):
        batch.set(net.populations[1], tau=sl.each(1 * sl.ms, 2 * sl.mV))
    with pytest.raises(ParameterError, match="whole number of steps"):
        batch.run(0.05 * sl.ms)
    with pytest.raises(ParameterError, match="negative"):
        batch.set_poisson(net.poisson_inputs[0], rate=-1 * sl.Hz)
    with pytest.raises(UnitError):
        batch.set_poisson(net.poisson_inputs[0], weight=1 * sl.mV)
    stranger = everything()
    with pytest.raises(ParameterError, match="no Poisson input of this network"):
        batch.set_poisson(stranger.poisson_inputs[0], rate=1 * sl.Hz)
    with pytest.raises(ParameterError, match="no connection of this network"):
        batch.scale_weights(stranger.projections[0], 2)
    with pytest.raises(ParameterError, match="finite number"):
        batch.scale_weights(net.projections[0], sl.each("a", "b"))
    assert "Batch of 2" in repr(batch) and len(batch[:1]) == 1
