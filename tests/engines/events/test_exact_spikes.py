"""Exact spike times against closed forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.events.cases import Alpha, Jumping

from spikeloom import Refractory, exact_spikes, ms, mV, nA, pA, simulate
from spikeloom.equations import Condition, Input, Neuron, Param, State, inflow, state
from spikeloom.errors import CompileError, NumericsError, ParameterError, ShapeError, UnitError
from spikeloom.models import (
    ALIF,
    GLIF,
    LIF,
    SRM0,
    CubaLIF,
    Izhikevich,
    LeakyIntegrator,
    PerfectIF,
)


@pytest.mark.parametrize("engine", ["cpu", "reference"])
def test_constant_current_gives_the_interval_of_the_textbook(engine: Any) -> None:
    run = exact_spikes(LIF(), 200 * ms, I=0.2 * nA, engine=engine)
    interval = 20 * np.log(20 / (20 - 15))
    assert np.abs(np.diff(run.train(), prepend=0) - interval).max() < 1e-12 * 200
    assert np.abs(np.diff(run.train()[:3], prepend=0) - interval).max() < 1e-12 * interval * 8


def test_one_synaptic_potential_crosses_where_its_formula_does() -> None:
    tau, syn, weight = 20.0, 10.0, 0.7  # tau = 2 syn: a quadratic in exp(-t / tau)
    run = exact_spikes(
        CubaLIF(tau_syn=syn * ms), 100 * ms, arrivals={"x": ([4.0] * ms, weight * nA)}
    )
    peak = 100 * weight * syn / (tau - syn)  # v - E = peak (y - y²), y = exp(-t / tau)
    y = 0.5 + np.sqrt(0.25 - 15 / peak)
    assert abs(run.train()[0] - (4.0 - tau * np.log(y))) < 1e-12 * 20


def test_equal_time_constants_have_a_potential_of_t_exp_t() -> None:
    from scipy.special import lambertw

    weight = 0.6  # v - E = R w t / tau exp(-t / tau)
    run = exact_spikes(
        CubaLIF(tau_syn=20 * ms), 100 * ms, arrivals={"x": ([0.0] * ms, weight * nA)}
    )
    first = -20 * lambertw(-15 / (100 * weight), 0).real
    assert abs(run.train()[0] - first) < 1e-11


def test_a_peak_that_only_just_reaches_threshold_is_found() -> None:
    top = 0.25 ** (1 / 3) - 0.25 ** (4 / 3)  # of exp(-t/20) - exp(-t/5)
    just = 15 / (100 * top / 3)
    for factor, spikes in ((1 + 1e-9, 1), (1 - 1e-9, 0)):
        run = exact_spikes(CubaLIF(), 300 * ms, arrivals={"x": ([0.0] * ms, just * factor * nA)})
        assert len(run.spike_times) == spikes


def test_a_perfect_integrator_counts_charge() -> None:
    assert np.allclose(
        exact_spikes(PerfectIF(), 100 * ms, I=100 * pA).train(), [30, 60, 90], atol=1e-12
    )


@pytest.mark.parametrize(
    ("neuron", "inputs"),
    [(LIF(), {"I": 0.3 * nA}), (ALIF(), {"I": 0.3 * nA}), (GLIF(), {"I": 300 * pA})],
)
def test_time_steps_come_to_the_same_as_they_shrink(neuron: Any, inputs: Any) -> None:
    exact = exact_spikes(neuron, 100 * ms, **inputs).train()
    late = []
    for dt in (0.1, 0.01):
        steps = simulate(neuron, 100 * ms, dt=dt * ms, record=(), **inputs).train()
        assert len(steps) == len(exact) > 0
        late.append(np.abs(steps - exact).max())
        assert np.all(steps - exact > -1e-9)
    assert late[1] < 0.2 * late[0]


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 2**20),
    tau=st.floats(2, 50),
    ratio=st.sampled_from([0.05, 0.5, 1.0, 1.0 + 1e-7, 3.0]),
    shape=st.sampled_from([CubaLIF, Alpha]),
)
def test_no_crossing_is_missed_between_fine_steps(
    seed: int, tau: float, ratio: float, shape: Any
) -> None:
    rng = np.random.default_rng(seed)
    times, sizes = np.sort(rng.uniform(0, 40, 15)), rng.normal(0.3, 1.0, 15)
    if shape is Alpha:
        neuron, unit, sizes = Alpha(tau=tau * ms, rise=tau * ratio * ms), mV, sizes * 3
    else:
        neuron, unit = CubaLIF(tau=tau * ms, tau_syn=tau * ratio * ms), nA
    run = exact_spikes(neuron, 60 * ms, arrivals={"x": (times * ms, sizes * unit)})
    dt = 0.004
    drive = np.zeros((15_000, 1))
    np.add.at(drive[:, 0], np.ceil(times / dt).astype(int), sizes)
    steps = simulate(neuron, 60 * ms, dt=dt * ms, x=drive * unit, record=())
    # A crossing within one step of an arrival or of the last crossing may fall on either side,
    # and one that grazes may be lost by the steps, never by the exact times.
    assert len(run.spike_times) >= len(steps.spike_times) - 1
    if len(run.spike_times) == len(steps.spike_times):
        assert np.all(np.abs(run.spike_times - steps.spike_times) < 1.0)


def test_an_arrival_that_jumps_over_the_threshold_fires_at_once() -> None:
    run = exact_spikes(Jumping(), 20 * ms, arrivals={"x": ([3.0, 7.0] * ms, 1.2 * mV)})
    assert run.train()[0] == 3.0


def test_many_neurons_run_beside_one_another() -> None:
    currents = np.linspace(0.0, 0.5, 63)
    run = exact_spikes(LIF(tau=np.linspace(10, 30, 63) * ms), 100 * ms, size=63, I=currents * nA)
    alone = exact_spikes(LIF(tau=30 * ms), 100 * ms, I=0.5 * nA)
    assert np.allclose(run.train(62), alone.train(), atol=1e-12)
    assert run.counts().sum() == len(run.spike_times)
    assert np.all(np.diff(run.spike_times) >= 0)
    assert exact_spikes(LIF(), 10 * ms, size=0).counts().shape == (0,)


class Resonator(Neuron):
    """Two states that drive one another in circles."""

    tau: Param = 10 * ms
    v: State = state(mV)
    u: State = state(mV)
    I: Input = inflow(mV)

    def flow(self, d: Self) -> None:
        d.v = (self.I - self.v - 4 * self.u) / self.tau
        d.u = (4 * self.v - self.u) / self.tau

    def fires(self) -> Condition:
        return self.v >= 1 * mV

    def reset(self, after: Self) -> None:
        after.v = 0 * mV


def test_bad_input_is_named() -> None:
    pair = ([1.0] * ms, 1 * nA)
    wrong: list[tuple[type[Exception], str, Callable[[], Any]]] = [
        (CompileError, "not linear", lambda: exact_spikes(Izhikevich(), 10 * ms)),
        (CompileError, "refractory", lambda: exact_spikes(Refractory(LIF(), 2 * ms), 10 * ms)),
        (NumericsError, "oscillates", lambda: exact_spikes(Resonator(), 10 * ms, I=1 * mV)),
        (NumericsError, "threshold", lambda: exact_spikes(LIF(E=-40 * mV), 10 * ms)),
        (ParameterError, "never fires", lambda: exact_spikes(LeakyIntegrator(), 10 * ms)),
        (ParameterError, "impulses", lambda: exact_spikes(CubaLIF(), 10 * ms, x=1 * nA)),
        (ParameterError, "no input 'J'", lambda: exact_spikes(LIF(), 10 * ms, J=1 * nA)),
        (ParameterError, "positive", lambda: exact_spikes(LIF(), -1 * ms)),
        (ParameterError, "engine", lambda: exact_spikes(LIF(), 1 * ms, engine="gpu")),  # type: ignore[arg-type]
        (UnitError, "duration", lambda: exact_spikes(LIF(), 10)),  # type: ignore[arg-type]
        (UnitError, "sizes", lambda: exact_spikes(
            CubaLIF(), 10 * ms, arrivals={"x": ([1.0] * ms, 1 * mV)})),
        (ShapeError, "sizes", lambda: exact_spikes(
            CubaLIF(), 10 * ms, arrivals={"x": ([1.0] * ms, [1, 2] * nA)})),
        (NumericsError, "NaN", lambda: exact_spikes(
            CubaLIF(), 10 * ms, arrivals={"x": ([np.nan] * ms, 1 * nA)})),
        (NumericsError, "from 0 on", lambda: exact_spikes(
            CubaLIF(), 10 * ms, arrivals={"x": ([-1.0] * ms, 1 * nA)})),
        (ParameterError, "one input", lambda: exact_spikes(
            CubaLIF(), 10 * ms, arrivals={"x": pair, "y": pair})),
        (ShapeError, "tau", lambda: exact_spikes(LIF(tau=[1, 2] * ms), 10 * ms, size=3)),
    ]  # fmt: skip
    for kind, words, call in wrong:
        with pytest.raises(kind, match=words):
            call()


@pytest.mark.parametrize("engine", ["cpu", "reference"])
def test_a_reset_that_stays_at_threshold_is_refused(engine: Any) -> None:
    with pytest.raises(NumericsError, match="leaves the neuron at or above"):
        exact_spikes(SRM0(eta_0=0 * mV), 100 * ms, I=1 * nA, engine=engine)
