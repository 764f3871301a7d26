"""Models that fire by chance: the probability of their step itself, without drawing a number."""

from __future__ import annotations

from math import exp, lgamma, log, log1p, sqrt
from typing import Any

import numpy as np
import pytest
from tests.reference_values import T1, Known, within

from spikeloom.compile import Exact, bind, compile_neuron
from spikeloom.compile.numeric import run_block
from spikeloom.compile.values import numbers
from spikeloom.engines import Precise, simulate
from spikeloom.engines.cpu import CPU
from spikeloom.equations import Cell
from spikeloom.equations.units import Hz, MOhm, kHz, ms, mV, nA, pA
from spikeloom.models import (
    GIF,
    GLM,
    LIF,
    OULIF,
    ConductanceLIF,
    DiffusionLIF,
    EscapeLIF,
    OUConductance,
    OUCurrent,
    PerfectIF,
    PoissonNeuron,
    ProbabilisticLIF,
    StochasticSRM,
)

CLOSED = "closed form"
DT = 0.1


def probability(neuron: Any, state: dict[str, float], inputs: dict[str, float]) -> float:
    """Of a spike in one step of 0.1 ms: the largest draw that still gives one, by bisection."""
    program = compile_neuron(neuron)
    bound = bind(program, numbers(neuron), DT)
    (draw,) = program.random
    leaves: dict[str, Any] = {f"coef:{n}": x for n, x in bound.coefs.items()}
    leaves |= {f"state:{n}": state.get(n, bound.start[n]) for n in program.states}
    leaves |= {f"input:{n}": inputs.get(n, 0.0) for n in program.inputs}
    low, high = 0.0, 1.0
    for _ in range(80):
        half = (low + high) / 2
        fired = bool(run_block(program.forward, leaves | {draw: half})["out"])
        low, high = (half, high) if fired else (low, half)
    return low


def hazard(neuron: Any, state: dict[str, float] | None = None, **inputs: float) -> float:
    """Rate per ms: -log(1 - p) / dt."""
    return -log1p(-probability(neuron, state or {}, inputs)) / DT


@pytest.mark.parametrize(("above", "rate"), [(0.0, 0.001), (0.5 * log(10), 0.01)])
def test_gif(above: float, rate: float, reference: Known) -> None:
    v = -35 + above
    got = hazard(GIF(E=v * mV), {"v": v})
    what = f"hazard, clamped {above:.4g} mV above threshold"
    reference("GIF", what, rate, got, T1, "rho exp((V - V_T) / D)", "kHz")


@pytest.mark.parametrize(("above", "rate"), [(0.0, 1.0), (2 * log(10), 10.0)])
def test_escape_lif(above: float, rate: float, reference: Known) -> None:
    cell = EscapeLIF(D=2 * mV, rho=1 * kHz)
    v = float(cell.values["theta"].value) + above
    got = hazard(cell.replace(E=v * mV), {"v": v})
    what = f"hazard, clamped {above:.4g} mV above threshold, D = 2 mV, rho = 1 kHz"
    reference("EscapeLIF", what, rate, got, T1, "rho exp((V - theta) / D)", "kHz")


def test_glm_likelihood(reference: Known) -> None:
    """Counts 0, 1, 0, 2 where the model expects 0.1, 0.5, 0.2, 1."""
    counts, wanted = (0, 1, 0, 2), (0.1, 0.5, 0.2, 1.0)
    got = []
    for mean in wanted:
        k = log(mean / DT / 0.02)  # its rate is 0.02 kHz exp(k)
        got.append(hazard(GLM(), {"k": k}, x=k) * DT)
    found = sum(y * log(m) - m - lgamma(y + 1) for y, m in zip(counts, got, strict=True))
    reference("GLM", "log-likelihood of counts 0, 1, 0, 2 at 0.1, 0.5, 0.2, 1 spikes a step",
              log(0.5) - 1.8 - log(2), found, T1,
              "sum(y log(lambda dt) - lambda dt - log y!)")  # fmt: skip
    assert found == pytest.approx(-3.18629436, abs=1e-8)
    after = hazard(GLM(jump=-2.0), {"h": -2.0})
    reference("GLM", "rate one step of 0.1 ms after a spike with jump -2",
              0.02 * exp(-2 * exp(-DT / 20)), after, T1, "rate exp(h)", "kHz")  # fmt: skip


def test_others_that_fire_by_chance(reference: Known) -> None:
    reference("PoissonNeuron", "hazard", 0.05, hazard(PoissonNeuron(rate=50 * Hz)), T1, "its rate",
              "kHz")  # fmt: skip
    at = probability(ProbabilisticLIF(p=0.2, E=-40 * mV), {"v": -40.0}, {})
    reference("ProbabilisticLIF", "probability of a spike in a step above threshold, p = 0.2", 0.2,
              at, T1, "p", "")  # fmt: skip
    below = probability(ProbabilisticLIF(p=0.2), {}, {})
    assert below == pytest.approx(0, abs=1e-20)


def test_stochastic_srm(reference: Known) -> None:
    cell = StochasticSRM()
    values = {n: float(q.value) for n, q in cell.values.items()}
    v = values["theta"]
    got = hazard(cell.replace(E=v * mV), {s.name: 0.0 for s in cell.definition.states} | {"v": v})
    reference("StochasticSRM", "hazard at threshold", values["rho"], got, T1,
              "rho exp((V - theta) / D)", "kHz")  # fmt: skip


FAR = 4.0
"""Standard deviations that a statistic may be off: a right program is, at 6 seeds in 100,000."""


def spread(values: Any, sd: float) -> tuple[float, float, float]:
    """Expected, found, and how far a standard deviation of N numbers may be off."""
    return sd, float(np.std(values)), FAR * sd / sqrt(2 * len(values))


def test_how_far_noise_spreads(reference: Known) -> None:
    """Standard deviations that the equations have in closed form; 20,000 neurons, dt = 1 ms."""
    size, far = 20000, 1e6 * mV
    white = DiffusionLIF(E=0 * mV, sigma=3 * mV, theta=far)
    v = simulate(white, 200 * ms, dt=1 * ms, size=size, record=(), seed=1).state["v"]
    expected, got, off = spread(v, 3.0)
    reference("DiffusionLIF", "standard deviation of v, sigma 3 mV, no threshold", expected, got,
              within(off), CLOSED, "mV")  # fmt: skip
    run = simulate(OULIF(E=0 * mV, theta=far), 200 * ms, dt=1 * ms, size=size, record=(), seed=2)
    expected, got, off = spread(run.state["v"], 100 * 0.1 * sqrt(5 / 25))
    reference("OULIF", "standard deviation of v, 0.1 nA with 5 ms of memory, no threshold",
              expected, got, within(off), "R sigma sqrt(tau_n / (tau + tau_n))",
              "mV")  # fmt: skip
    expected, got, off = spread(run.state["i"], 0.1)
    reference("OULIF", "standard deviation of the current", expected, got, within(off), "sigma",
              "nA")  # fmt: skip


@pytest.mark.parametrize("synapse", [OUCurrent(), OUConductance()], ids=["current", "conductance"])
def test_how_far_noise_of_synapses_spreads(synapse: Any, reference: Known) -> None:
    name, state = type(synapse).__name__, synapse.definition.states[0]
    centre = "mu" if name == "OUCurrent" else "g_0"
    mean, sigma = (float(synapse.values[n].value) for n in (centre, "sigma"))
    cell = Cell(ConductanceLIF(theta=1e6 * mV), s=synapse)
    run = simulate(cell, 60 * ms, dt=1 * ms, size=20000, record=(), seed=3, engine=CPU("float64"))
    expected, got, off = spread(run.state[f"s_{state.name}"], sigma)
    reference(name, "standard deviation", expected, got, within(off), "sigma", str(state.unit))
    reference(name, "mean", mean, float(np.mean(run.state[f"s_{state.name}"])),
              within(FAR * sigma / sqrt(20000)), "its mean", str(state.unit))  # fmt: skip


def test_a_perfect_integrator_counts_arrivals(reference: Known) -> None:
    """Poisson kicks of 1 mV, 2 per ms, 15 mV to threshold: sums of 15 exponential waits."""
    rng = np.random.Generator(np.random.Philox(7))
    events = rng.poisson(0.2, (50_000, 40))  # of each step of 0.1 ms
    charge = 200 * 1.0 / 0.1 * (1 + 1e-12)  # C · 1 mV within a step, and rounding cannot lose one
    run = simulate(PerfectIF(), 5000 * ms, dt=0.1 * ms, size=40, record=(),
                   I=events * charge * pA)  # fmt: skip
    intervals = np.concatenate([np.diff(run.train(k)) for k in range(40)])
    n = len(intervals)
    assert n > 20000
    # A spike takes all that is left over with it, so a step with two arrivals can lose one.
    reference("PerfectIF", "mean interval, 15 Poisson kicks to threshold, 2 per ms", 7.5,
              float(intervals.mean()), within(0.1), "N / nu", "ms")  # fmt: skip
    reference("PerfectIF", "CV of intervals, 15 Poisson kicks to threshold", 1 / sqrt(15),
              float(intervals.std() / intervals.mean()), within(FAR / sqrt(30 * 2 * n) + 0.003),
              "1 / sqrt(N)")  # fmt: skip


def test_a_sharp_escape_rate_is_a_threshold(reference: Known) -> None:
    """D to 0 must give the LIF: same equations, same train."""
    common: dict[str, Any] = {"tau": 20 * ms, "R": 100 * MOhm, "E": -65 * mV, "theta": -50 * mV}
    sharp = EscapeLIF(**common, D=1e-6 * mV, rho=1 * kHz)
    got = simulate(sharp, 100 * ms, dt=0.01 * ms, I=0.2 * nA, record=()).train()
    want = simulate(LIF(**common), 100 * ms, dt=0.01 * ms, I=0.2 * nA, method=Exact(), record=())
    reference("EscapeLIF", "spikes with D = 1e-6 mV, R I = 20 mV, dt 0.01 ms", want.train(), got,
              within(0.0101), "those of the LIF", "ms")  # fmt: skip
    exact = simulate(LIF(**common), 100 * ms, I=0.2 * nA, engine=Precise(), record=()).train()
    assert got == pytest.approx(exact, abs=0.04)
