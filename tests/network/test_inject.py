"""Currents over time, as a user injects them."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spikeloom as sl
from spikeloom.errors import NumericsError, ParameterError, ShapeError, UnitError

ENGINES = ("reference", "cpu")
MS, PA = sl.ms, sl.pA
DT = 0.1


def integrator(size: int = 1, **options: Any) -> tuple[sl.Network, sl.Population]:
    """Neurons whose potential in mV is the charge that flowed in, in pA ms."""
    net = sl.Network(DT * MS, **{"engine": "reference", "dtype": "float64", **options})
    neuron = sl.PerfectIF(C=1 * sl.pF, theta=1e9 * sl.mV)
    return net, net.population(size, neuron, name="cells", v=0 * sl.mV)


def currents(net: sl.Network, cells: Any, duration: float) -> Any:
    """What flowed in each step, (steps, neurons), in pA."""
    volts = net.record(cells, "v")
    values = net.run(duration * MS).states[volts].values
    return np.diff(values, axis=0, prepend=0) / DT


MIDDLE = DT * (np.arange(1000) + 0.5)
WAVES: dict[str, tuple[sl.Waveform, Any]] = {
    "step": (sl.Step(7 * PA, start=10 * MS, stop=20 * MS), 7.0 * ((MIDDLE > 10) & (MIDDLE < 20))),
    "off the grid": (
        sl.Step(7 * PA, 10.04 * MS, 20.06 * MS),
        7.0 * ((MIDDLE > 10) & (MIDDLE < 20.1)),
    ),
    "for ever": (sl.Step(-3 * PA, 99 * MS), -3.0 * (MIDDLE > 99)),
    "ramp": (
        sl.Ramp(2 * PA, 10 * PA, 20 * MS, 60 * MS),
        np.where((MIDDLE > 20) & (MIDDLE < 60), 2 + 8 * (MIDDLE - 20) / 40, 0),
    ),
    "sine": (
        sl.Sine(5 * PA, 40 * sl.Hz, phase=0.3, offset=1 * PA, start=5 * MS, stop=90 * MS),
        np.where(
            (MIDDLE > 5) & (MIDDLE < 90), 1 + 5 * np.sin(0.08 * np.pi * (MIDDLE - 5) + 0.3), 0
        ),
    ),
    "pulses": (
        sl.Pulses(4 * PA, width=2 * MS, period=10 * MS, start=5 * MS, stop=96 * MS),
        4.0 * ((MIDDLE > 5) & (MIDDLE < 96) & ((MIDDLE - 5) % 10 < 2)),
    ),
    "pieces": (
        sl.Piecewise([1, -2, 3] * PA, [10, 20, 50] * MS, stop=80 * MS),
        np.select([MIDDLE < 10, MIDDLE < 20, MIDDLE < 50, MIDDLE < 80], [0, 1, -2, 3], 0),
    ),
    "samples": (
        sl.Samples(np.arange(20) * PA, every=2.5 * MS, start=10 * MS),
        np.where((MIDDLE > 10) & (MIDDLE < 60), np.floor((MIDDLE - 10) / 2.5), 0),
    ),
    "function": (
        sl.FunctionOfTime(lambda t: np.exp(-t / (20 * MS)) * 9 * PA, stop=50 * MS),
        np.where(MIDDLE < 50, 9 * np.exp(-MIDDLE / 20), 0),
    ),
    "sum": (
        sl.Step(7 * PA, 10 * MS) + sl.Ramp(0 * PA, 5 * PA, 0 * MS, 100 * MS),
        7.0 * (MIDDLE > 10) + 5 * MIDDLE / 100,
    ),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("what", WAVES)
def test_what_flows_in_is_the_waveform(what: str, engine: Any) -> None:
    """Exact to a step, without an error that adds up: the integrator forgets nothing."""
    wave, expected = WAVES[what]
    net, cells = integrator(engine=engine)
    net.inject(cells, wave)
    np.testing.assert_allclose(currents(net, cells, 100)[:, 0], expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("dt", [0.05, 0.1, 0.25, 0.3, 1.0])
def test_an_electrode_starts_and_stops_exact_to_a_step(dt: float) -> None:
    """v(T) = E + R I (1 - e^(-t/tau)) e^(-(T - stop)/tau), to the last digits."""
    net = sl.Network(dt * MS, dtype="float64", engine="reference")
    cell = net.population(1, sl.LIF(tau=20 * MS, R=100 * sl.MOhm, E=-65 * sl.mV), name="cell")
    net.inject(cell, sl.Step(0.1 * sl.nA, start=15 * MS, stop=45 * MS))
    volts = net.record(cell, "v")
    trace = net.run(90 * MS).states[volts]
    before = trace.times < 15 + dt / 2
    assert np.all(trace.values[before] == -65.0)
    assert trace.values[~before][0, 0] > -65.0
    stop = np.flatnonzero(np.isclose(trace.times, 45))[0]
    assert np.argmax(trace.values) == stop
    rise = 10 * (1 - np.exp(-30 / 20))
    np.testing.assert_allclose(trace.values[stop, 0], -65 + rise, rtol=1e-13)
    np.testing.assert_allclose(trace.values[-1, 0], -65 + rise * np.exp(-45 / 20), rtol=1e-13)


@pytest.mark.parametrize("engine", ENGINES)
def test_views_groups_and_constants_add_up(engine: Any) -> None:
    net = sl.Network(DT * MS, dtype="float64", engine=engine)
    neuron = sl.PerfectIF(C=1 * sl.pF, theta=1e9 * sl.mV)
    a = net.population(100, neuron, name="a", v=0 * sl.mV, I=1 * PA)
    b = net.population(70, neuron, name="b", v=0 * sl.mV)
    own = np.arange(35.0)
    group = a[[3, 64, 99]] + b[::10] + a[10:35]
    net.inject(group, sl.Step(own * PA, start=1 * MS))
    net.inject(a[90:] + b, sl.Sine(2 * PA, 10 * sl.Hz))
    for k in range(6):  # more gains than the kernel multiplies itself
        net.inject(a[k], sl.Step((k + 1) * PA), into="I")
    fan = np.arange(30.0).reshape(10, 3)
    net.inject(b[[0, 5, 69]], sl.Samples(fan * PA, every=0.2 * MS))
    net.inject(b[:2], lambda t: np.outer(t.to(MS), [1, 10]) * PA)
    found = currents(net, a + b, 3)
    t = DT * (np.arange(30) + 0.5)
    expected = np.zeros((30, 170))
    expected[:, :100] = 1
    ids = np.concatenate([[3, 64, 99], 100 + np.arange(0, 70, 10), np.arange(10, 35)])
    expected[10:, ids] += own
    expected[:, 90:] += 2 * np.sin(0.02 * np.pi * t)[:, None]
    expected[:, :6] += np.arange(1, 7)
    expected[:20, [100, 105, 169]] += np.repeat(fan, 2, axis=0)
    expected[:, 100:102] += np.outer(t, [1, 10])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_a_drawn_amplitude_is_another_for_each_neuron_and_seed() -> None:
    found = []
    for seed in (1, 1, 2):
        net, cells = integrator(50, seed=seed)
        net.inject(cells, sl.Step(sl.uniform(1, 2) * PA) + sl.Step(sl.uniform(1, 2) * PA))
        found.append(currents(net, cells, 0.1)[0])
    assert np.array_equal(found[0], found[1]) and not np.array_equal(found[0], found[2])
    assert 2 < found[0].min() < found[0].max() < 4 and np.std(found[0]) > 0.2


def wavy(engine: Any, threads: int | None = None) -> tuple[sl.Network, Any, Any]:
    net = sl.Network(DT * MS, seed=4, engine=engine, threads=threads, dtype="float64")
    cells = net.population(130, sl.LIF(), name="cells")
    net.inject(cells, lambda t: 0.2 * np.sin(t.to(MS)) * sl.nA)
    net.inject(cells[7:99:3], sl.Step(sl.uniform(0, 0.3) * sl.nA, stop=80 * MS))
    net.inject(cells, lambda t: np.cos(np.outer(t.to(MS), np.arange(130))) * 0.1 * sl.nA)
    return net, net.record(cells, "v", every=1 * MS), net.record(cells)


def test_bits_do_not_depend_on_pieces_threads_or_a_checkpoint(tmp_path: Path) -> None:
    net, volts, spikes = wavy("cpu", 1)
    whole = net.run(150 * MS)
    for threads in (1, 2):
        net, volts, spikes = wavy("cpu", threads)
        values = [net.run(d * MS).states[volts].values for d in (0.1, 50, 9.9)]
        file = net.checkpoint(tmp_path / "state")
        fresh, volts, spikes = wavy("cpu", threads)
        fresh.restore(file)
        values += [fresh.run(d * MS).states[volts].values for d in (33.3, 56.7)]
        assert np.array_equal(np.concatenate(values), whole.states["cells"].values)
    net, volts, spikes = wavy("reference")
    result = net.run(150 * MS)
    np.testing.assert_allclose(result.states[volts].values, whole.states["cells"].values, rtol=1e-9)
    assert np.array_equal(result.spikes[spikes].times, whole.spikes["cells"].times)


def test_a_long_run_needs_no_memory_for_all_samples() -> None:
    net, cells = integrator(200, engine="cpu")
    net.inject(cells, lambda t: np.outer(np.sin(t.to(MS)), np.ones(200)) * PA)
    net.run(1 * MS)
    tracemalloc.start()
    net.run(1000 * MS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 15e6  # all samples would take 16 MB as numbers alone, and several times that


def test_an_input_outside_of_the_run_is_warned_of() -> None:
    net, cells = integrator()
    net.inject(cells, sl.Step(1 * PA, 10 * MS, 20 * MS))
    net.inject(cells, sl.Step(1 * PA, 50 * MS))
    with pytest.warns(sl.network.NetworkWarning, match="begins at 50 ms, after this run") as told:
        net.run(30 * MS)
    assert len(told) == 1 and told[0].filename == __file__
    net.run(10 * MS)
    net.inject(cells, sl.Step(1 * PA, 10 * MS, 20 * MS) + sl.Step(1 * PA, 5 * MS, 40 * MS))
    with pytest.warns(sl.network.NetworkWarning, match="ends at 40 ms, before this run, 40 to 70"):
        net.run(30 * MS)


def scalar_if(t: Any) -> Any:
    return 1 * PA if t < 5 * MS else 0 * PA


MISTAKES: dict[str, tuple[Any, type[Exception], str]] = {
    "unit": (sl.Step(1 * sl.mV), UnitError, "amplitude must be a current"),
    "no unit": (sl.Step(1), UnitError, "needs a unit"),
    "quantity": (1 * PA, ParameterError, r"Step\(1 \* pA\)"),
    "class": (sl.Step, ParameterError, "a waveform is needed, got Step"),
    "text": ("step", ParameterError, "waveform is needed"),
    "length": (sl.Step([1, 2] * PA), ShapeError, "one number or 3 of them"),
    "columns": (sl.Samples(np.ones((5, 4)) * PA, 1 * MS), ShapeError, "4 columns for 3 neurons"),
    "constant": (lambda t: 1 * PA, ShapeError, r"must give \(3,\) or \(3, neurons\)"),
    "plain": (lambda t: t.to(MS), UnitError, "needs a unit, got plain"),
    "volts": (lambda t: t.to(MS) * sl.mV, UnitError, "must be a current"),
    "function shape": (lambda t: np.ones((3, 2)) * PA, ShapeError, "2 columns|must give"),
    "if": (scalar_if, ParameterError, "numpy.where"),
    "none": (lambda t: None, ParameterError, "must give numbers with a unit, got None"),
    "nan": (lambda t: t.to(MS) * np.nan * PA, NumericsError, "gives nan at 0.25 ms"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_told(what: str) -> None:
    current, error, words = MISTAKES[what]
    net, cells = integrator(3)
    with pytest.raises(error, match=words):
        net.inject(cells, current)
    assert not net.build().drives


VALUES: dict[str, tuple[Any, str]] = {
    "stop": (lambda: sl.Step(1 * PA, 5 * MS, 5 * MS), "stop after it starts"),
    "negative": (lambda: sl.Step(1 * PA, -5 * MS), "negative"),
    "time": (lambda: sl.Step(1 * PA, 5 * PA), "must be a time"),
    "nan": (lambda: sl.Step(np.nan * PA), "finite"),
    "matrix": (lambda: sl.Step(np.ones((2, 2)) * PA), "too many axes"),
    "wide": (lambda: sl.Pulses(1 * PA, 5 * MS, 5 * MS), "below the period"),
    "falls": (lambda: sl.Piecewise([1, 2] * PA, [5, 3] * MS), "ascend"),
    "count": (lambda: sl.Piecewise([1, 2] * PA, [5] * MS), "as many times"),
    "piece": (lambda: sl.Piecewise(1 * PA, 5 * MS), "array"),
    "empty": (lambda: sl.Samples([] * PA, 1 * MS), "no values"),
    "every": (lambda: sl.Samples([1] * PA, 0 * MS), "above 0"),
    "ramp": (lambda: sl.Ramp(1 * PA, 1 * sl.mV, 1 * MS, 2 * MS), "last must be a current"),
    "frequency": (lambda: sl.Sine(1 * PA, 5 * MS), "rate"),
    "offset": (lambda: sl.Sine(1 * PA, 5 * sl.Hz, offset=1 * sl.mV), "offset must be"),
    "phase": (lambda: sl.Sine(1 * PA, 5 * sl.Hz, phase=np.nan), "radians"),
    "function": (lambda: sl.FunctionOfTime(3), "function is needed"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("what", VALUES)
def test_a_waveform_that_cannot_be_is_refused(what: str) -> None:
    make, words = VALUES[what]
    with pytest.raises(sl.errors.SpikeloomError, match=words):
        make()


def test_what_the_network_lacks_is_told() -> None:
    net, cells = integrator(3)
    with pytest.raises(ParameterError, match=r"no inflow 'J'(.|\n)*known names: I"):
        net.inject(cells, sl.Step(1 * PA), into="J")
    with pytest.raises(ShapeError, match="poisson"):
        net.poisson(cells, sl.Delta(), rate=sl.Step([1, 2] * sl.Hz), weight=1 * sl.mV)
    with pytest.raises(UnitError, match="rate"):
        net.poisson(cells, sl.Delta(), rate=sl.Step(1 * PA), weight=1 * sl.mV)


def test_a_function_that_fails_later_says_when() -> None:
    net, cells = integrator(3, engine="cpu")
    net.inject(cells, lambda t: np.log(20.0 - t.to(MS)) * PA)
    with (
        pytest.raises(NumericsError, match=r"gives nan at 20.05 ms"),
        np.errstate(invalid="ignore"),
    ):
        net.run(30 * MS)


def test_a_function_that_breaks_off_leaves_what_was_recorded() -> None:
    net, cells = integrator(3, engine="cpu")

    def broken(t: sl.Quantity) -> sl.Quantity:
        if np.max(t.to(MS)) > 250:
            raise RuntimeError("no more data")
        return 0 * t.to(MS) * PA

    net.inject(cells, broken)
    net.record(cells, "v")
    with pytest.raises(ParameterError, match="RuntimeError: no more data") as caught:
        net.run(400 * MS)
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_waveforms_are_values() -> None:
    known = {**vars(sl.network), **vars(sl.equations.units)}
    for wave, _ in WAVES.values():
        if not isinstance(wave, (sl.FunctionOfTime, sl.Piecewise, sl.Samples)):
            assert eval(repr(wave), known) == wave
    assert repr(sl.Sine(1 * PA, 8 * sl.Hz)) == "Sine(amplitude=1 * pA, frequency=8 * Hz)"
