"""Models under noise against what is known of them, each with its chance of a false alarm.

Every test draws with a fixed seed, so it either always holds or never does; the bounds are those
that a right program would break with the probability `ALARM` at a seed of its own.
"""

from __future__ import annotations

from math import exp, sqrt
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.special import erfcx
from tests.reference_values import Known, relative, within

from spikeloom.engines import simulate
from spikeloom.engines.cpu import CPU
from spikeloom.equations import Cell, Refractory
from spikeloom.equations.units import Hz, kHz, ms, mV, nA, nS, second
from spikeloom.models import (
    GLM,
    LIF,
    OULIF,
    ConductanceLIF,
    DiffusionLIF,
    EscapeLIF,
    OUConductance,
    OUCurrent,
    PoissonNeuron,
    ProbabilisticLIF,
    StochasticSRM,
)

ALARM = 1e-4
FAR = float(stats.norm.isf(ALARM / 2))
"""Standard errors that a mean may be off."""
SILENT = 1e6 * mV
FAST = CPU("float32")


def no_alarm(values: Any, mean: float, sd: float) -> None:
    """Independent normal values have this mean and this standard deviation."""
    n = len(values)
    assert abs(np.mean(values) - mean) < FAR * sd / sqrt(n)
    spread = np.sum((values - mean) ** 2) / sd**2
    assert min(stats.chi2.sf(spread, n), stats.chi2.cdf(spread, n)) > ALARM / 2


def survives(times: Any, survivor: Any) -> None:
    """Waiting times against P(T > t), at the times themselves (Dvoretzky, Kiefer & Wolfowitz)."""
    times = np.sort(times)
    after = 1 - np.searchsorted(times, times, side="right") / len(times)
    bound = sqrt(np.log(2 / ALARM) / (2 * len(times)))
    assert np.max(np.abs(after - survivor(times))) < bound


@pytest.mark.parametrize("dt", [0.1, 1.0, 15.0])
def test_the_potential_of_a_leaky_neuron_has_the_moments_of_ornstein_and_uhlenbeck(
    dt: float,
) -> None:
    """Mean R I, standard deviation sigma, correlation exp(-t / tau), whatever the step."""
    neuron = DiffusionLIF(E=0 * mV, sigma=3 * mV, theta=SILENT)
    lag, size = 15.0, 20000
    run = simulate(neuron, 165 * ms, dt=dt * ms, size=size, I=0.02 * nA, record="v", engine=FAST,
                   every=round(lag / dt), seed=2)  # fmt: skip
    first, last = run.traces["v"][-2:]  # one lag apart, 150 ms = 7.5 tau after the start
    mean = 2 * (1 - exp(-run.times[-1] / 20))
    sd = 3 * sqrt(1 - exp(-2 * run.times[-1] / 20))
    no_alarm(last, mean, sd)
    found = np.arctanh(np.corrcoef(first, last)[0, 1])
    assert abs(found - np.arctanh(exp(-lag / 20))) < FAR / sqrt(size - 3) + 1e-3


@pytest.mark.parametrize("dt", [0.1, 4.0])
def test_noise_with_a_memory_spreads_potential_and_current_together(dt: float) -> None:
    """Var v = R²σ²τₙ/(τ + τₙ), and Cov(v, i) = Rσ²τₙ/(τ + τₙ), at a small and at a large step."""
    neuron, size = OULIF(E=0 * mV, theta=SILENT), 20000
    run = simulate(neuron, 200 * ms, dt=dt * ms, size=size, record=(), engine=FAST, seed=3)
    v, i = run.state["v"].astype(float), run.state["i"].astype(float)
    no_alarm(i, 0, 0.1)
    no_alarm(v, 0, 100 * 0.1 * sqrt(5 / 25))
    wanted = np.arctanh(sqrt(5 / 25))  # Cov / (sd sd) = √(τₙ / (τ + τₙ))
    assert abs(np.arctanh(np.corrcoef(v, i)[0, 1]) - wanted) < FAR / sqrt(size - 3)


def siegert(mu: float, s: float, threshold: float) -> float:
    """Rate in Hz of tau dV = (mu - V) dt + s sqrt(tau) dW, V_r 10, tau 20, dead time 2."""
    area, _ = quad(lambda x: erfcx(-x), (10 - mu) / s, (threshold - mu) / s)
    return 1000 / (2 + 20 * sqrt(np.pi) * area)


@pytest.mark.parametrize(
    ("mu", "s", "rate", "size"),
    [(15, 5, 9.4608, 6000), (25, 5, 47.2174, 4000), (15, 2, 0.12203, 40000)],
)
def test_rate_under_white_noise(
    mu: float, s: float, rate: float, size: int, reference: Known
) -> None:
    """Siegert's rate; a threshold that is asked on a grid is as good as one 0.5826 s√(dt/tau) up.

    Source of the shift: Broadie, Glasserman & Kou 1997, Math. Finance 7:325. The first Siegert
    rates are those of the reference table; 300 ms of each neuron count.
    """
    assert siegert(mu, s, 20) == pytest.approx(rate, rel=1e-4)
    dt = 0.05
    neuron = Refractory(
        DiffusionLIF(E=mu * mV, v_reset=10 * mV, theta=20 * mV, sigma=s / sqrt(2) * mV), 2 * ms
    )
    run = simulate(neuron, 500 * ms, dt=dt * ms, size=size, record=(), engine=FAST, seed=4)
    count = int(np.sum(run.spike_times > 200))
    wanted = siegert(mu, s, 20 + 0.5826 * s * sqrt(dt / 20)) * 0.3 * size
    # Intervals are at most as irregular as those of a Poisson process, and the shift has an error
    # of its own of the order dt.
    off = (FAR * sqrt(wanted) + 0.004 * wanted) / (0.3 * size)
    reference("DiffusionLIF", f"rate at mu = {mu}, s = {s} mV (continuous {rate:g} Hz), dt 0.05 ms",
              wanted / (0.3 * size), count / (0.3 * size), within(off),
              "Siegert, with the shift of a threshold asked on a grid", "Hz")  # fmt: skip
    if rate > 1:
        assert abs(count / (0.3 * size) / rate - 1) < 0.06


def test_escape_at_a_constant_rate_after_a_dead_time(reference: Known) -> None:
    """ISI = dead time + exponential: mean d + 1/rho, CV 1/(1 + rho d)."""
    source = Refractory(PoissonNeuron(rate=0.1 * kHz), 2 * ms, hold="r")
    run = simulate(source, 4 * second, size=400, record=(), engine=FAST, seed=5)
    intervals = np.concatenate([np.round(np.diff(run.train(k)), 3) for k in range(400)])
    assert len(intervals) > 100_000
    assert np.min(intervals) == pytest.approx(2.1)
    survives(intervals, lambda t: np.exp(-0.1 * (t - 2)))
    grid = 2 + 0.1 / -np.expm1(-0.01)
    sd = sqrt(exp(-0.01)) * 0.1 / -np.expm1(-0.01)
    assert abs(np.mean(intervals) - grid) < FAR * sd / sqrt(len(intervals))
    closed = "exponential intervals after a dead time"
    reference("PoissonNeuron", "rate, hazard 0.1/ms, dead time 2 ms", 83.3333,
              1000 / np.mean(intervals), relative(0.005), closed, "Hz")  # fmt: skip
    reference("PoissonNeuron", "CV, hazard 0.1/ms, dead time 2 ms", 0.83333,
              np.std(intervals) / np.mean(intervals), relative(0.01), closed)  # fmt: skip


@pytest.mark.parametrize(("above", "rate"), [(0.0, 0.1), (2 * np.log(10), 1.0)])
def test_hazard_of_a_clamped_potential(above: float, rate: float, reference: Known) -> None:
    """At threshold the rate is rho, D ln 10 above it is ten times that."""
    neuron = EscapeLIF(E=(-50 + above) * mV)
    size, dt = 50_000, 0.1
    run = simulate(neuron, 1 * ms, dt=dt * ms, size=size, record=(), engine=FAST, seed=6)
    p = -np.expm1(-rate * dt)
    trials = size * 10
    reference("EscapeLIF", f"spikes of 50000 cells in 1 ms, clamped {above:.4g} mV above threshold",
              p * trials, len(run.spike_ids), within(FAR * sqrt(trials * p * (1 - p))),
              "1 - exp(-rho dt) for each step")  # fmt: skip


def test_first_spikes_of_escape_noise_follow_the_survivor_function() -> None:
    """S(t) = exp(-∫ rho(v)), the potential being known until the first spike."""
    run = simulate(EscapeLIF(), 80 * ms, size=20_000, I=0.16 * nA, record=(), engine=FAST, seed=7)
    first = np.full(20_000, np.inf)
    np.minimum.at(first, run.spike_ids, run.spike_times)
    t = np.arange(1, 801) * 0.1
    v = -65 + 16 * (1 - np.exp(-t / 20))
    hazard = np.cumsum(0.1 * np.exp((v + 50) / 2) * 0.1)

    def survivor(times: Any) -> Any:
        at = np.clip(np.round(times / 0.1).astype(int) - 1, 0, 799)
        return np.exp(-hazard[at])

    fired = np.isfinite(first)
    share = float(np.exp(-hazard[-1]))
    assert abs(np.mean(~fired) - share) < FAR * sqrt(share * (1 - share) / 20_000)
    times = np.where(fired, first, 1e9)
    after = 1 - np.searchsorted(np.sort(times), first[fired], side="right") / len(times)
    bound = sqrt(np.log(2 / ALARM) / (2 * len(times)))
    assert np.max(np.abs(after - survivor(first[fired]))) < bound


def test_a_sharp_soft_threshold_is_a_threshold() -> None:
    """D → 0 gives the LIF, and the spike response model with all its after-potentials does, too."""
    drive: dict[str, Any] = {"I": 0.2 * nA}
    hard = simulate(LIF(), 500 * ms, record=(), **drive).spike_times
    sharp: dict[str, Any] = {"D": 1e-3 * mV, "rho": 1000 * kHz}
    soft = simulate(EscapeLIF(**sharp), 500 * ms, record=(), **drive).spike_times
    response = simulate(StochasticSRM(**sharp), 500 * ms, record=(), **drive).spike_times
    assert len(soft) == pytest.approx(len(hard), abs=1)
    assert np.allclose(np.diff(soft), np.diff(hard)[0], atol=0.101)
    fine = simulate(StochasticSRM(**sharp), 500 * ms, dt=0.01 * ms, record=(), **drive).spike_times
    assert np.allclose(np.diff(fine), 27.725887, atol=0.021)
    assert np.allclose(np.diff(response), np.diff(hard)[0], atol=0.201)


def rescaled(neuron: GLM, seed: int) -> Any:
    """Integrated rates between spikes, a unit exponential each, whatever the history does.

    Within a step the moment is drawn, without which the grid would show (Haslinger, Pipa & Brown
    2010, Neural Comput. 22:2477).
    """
    count, base, jump = 60, *(float(neuron.values[n].value) for n in ("rate", "jump"))
    run = simulate(neuron, 4 * second, dt=1 * ms, size=count, x=1.0, seed=seed, engine=FAST)
    rng = np.random.Generator(np.random.Philox(1))
    found: list[Any] = []
    for k in range(count):
        fired = np.zeros(4000, bool)
        fired[np.round(run.train(k)).astype(int) - 1] = True
        # h as the firing condition saw it: the trace is kept after the reset.
        h = run.traces["h"][:, k] - np.where(fired, jump, 0.0)
        rate = base * np.exp(run.traces["k"][:, k] + h)
        before = np.concatenate([[0.0], np.cumsum(rate)])
        at = np.flatnonzero(fired)
        part = -np.log1p(rng.random(len(at)) * np.expm1(-rate[at]))
        # From the end of the step of one spike to the moment of the next.
        found.append(before[at[1:]] + part[1:] - before[at[:-1] + 1])
    return np.concatenate(found)


def test_a_glm_without_history_is_a_poisson_process(reference: Known) -> None:
    """20 Hz for 1000 s are 20000 spikes and their root; steps hold at most one."""
    neuron = GLM(jump=0.0)
    run = simulate(neuron, 10 * second, size=100, record=(), engine=FAST, seed=8)
    p = -np.expm1(-0.02 * 0.1)
    wanted, spread = 1e7 * p, sqrt(1e7 * p * (1 - p))
    reference("GLM", "spikes in 1000 s at 20 Hz without history", wanted, len(run.spike_ids),
              within(FAR * spread), "binomial")  # fmt: skip
    assert abs(wanted - 20000) < 25


def test_time_rescaling_of_a_glm_with_history() -> None:
    found = rescaled(GLM(rate=0.05 * kHz, jump=-2.0), seed=9)
    assert len(found) > 5000
    survives(found, lambda t: np.exp(-t))


def test_the_wait_at_threshold_is_geometric() -> None:
    """With the probability p in each step, from the first at or above threshold on."""
    neuron = ProbabilisticLIF(p=0.2, E=-40 * mV)
    run = simulate(neuron, 10 * ms, size=20_000, record=(), engine=FAST, seed=10)
    first = np.full(20_000, np.inf)
    np.minimum.at(first, run.spike_ids, run.spike_times)
    assert np.all(np.isfinite(first))
    survives(first, lambda t: 0.8 ** np.round(t / 0.1))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_certain_happens_and_what_is_impossible_never(dtype: Any) -> None:
    for p, spikes in ((1.0, 50_000), (0.0, 0)):
        neuron = ProbabilisticLIF(p=p, E=-40 * mV)
        run = simulate(neuron, 5 * ms, size=1000, record=(), engine=CPU(dtype), seed=11)
        assert len(run.spike_ids) == spikes


def test_counts_of_a_poisson_neuron_and_its_drive() -> None:
    """Mean and variance of the counts of 1 s at 20 + 30 Hz, a binomial of small steps."""
    run = simulate(PoissonNeuron(rate=20 * Hz), 1 * second, size=20_000, drive=30 * Hz,
                   record=(), engine=FAST, seed=12)  # fmt: skip
    p = -np.expm1(-0.05 * 0.1)
    no_alarm(run.counts.astype(float), 10_000 * p, sqrt(10_000 * p * (1 - p)))


def test_background_synapses_have_their_mean_and_spread() -> None:
    cell = Cell(ConductanceLIF(theta=SILENT), exc=OUConductance(), inh=OUCurrent())
    run = simulate(cell, 100 * ms, size=10_000, record=(), engine=FAST, seed=13)
    no_alarm(run.state["exc_g"].astype(float), 12, 3)
    no_alarm(run.state["inh_i"].astype(float), 0, 100)
    pushed = simulate(cell, 20 * ms, size=10_000, record=(), engine=FAST, seed=13, exc=1 * nS)
    assert np.mean(pushed.state["exc_g"]) > 20
