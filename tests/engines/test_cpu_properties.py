"""Any dt, any parameters, any size: the CPU engine in float64 follows the reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeloom.compile import bind, compile_neuron
from spikeloom.compile.values import numbers
from spikeloom.engines.cpu import CPU
from spikeloom.engines.reference import Reference
from spikeloom.equations import Refractory
from spikeloom.equations.units import MOhm, ms, mV
from spikeloom.models import ALIF, LIF, ATan, CubaLIF

PROGRAMS = {
    name: compile_neuron(model, surrogate=ATan())
    for name, model in {
        "lif": LIF(),
        "cuba": CubaLIF(),
        "alif": ALIF(),
        "refractory": Refractory(LIF(), 2 * ms),
    }.items()
}
positive = st.floats(0.05, 50.0)


@given(
    st.sampled_from(sorted(PROGRAMS)),
    st.floats(1e-3, 20.0),
    positive,
    positive,
    st.floats(-80.0, -60.0),
    st.floats(0.5, 40.0),
    st.integers(0, 40),
    st.integers(0, 70),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=40, deadline=None)
def test_cpu_follows_the_reference(
    name: str,
    dt: float,
    tau: float,
    tau2: float,
    rest: float,
    gap: float,
    steps: int,
    size: int,
    seed: int,
) -> None:
    program = PROGRAMS[name]
    given_values = {
        "tau": tau, "R": 100.0, "E": rest, "theta": rest + gap, "tau_syn": tau2, "tau_b": tau2,
        "jump": gap / 10, "period": 2.0, "surrogate.slope": 2.0,
    }  # fmt: skip
    bound = bind(program, {n: given_values[n] for n in program.params}, dt)
    rng = np.random.default_rng(seed)
    inputs = {n: rng.normal(gap / 60, gap / 40, (steps, 1, size)) for n in program.inputs}
    start = bound.initial(1, size)
    ours = CPU("float64", threads=1).forward(program, bound.coefs, inputs, start, steps,
                                             checkpoint_every=1)  # fmt: skip
    truth = Reference().forward(program, bound.coefs, inputs, start, steps, checkpoint_every=1)
    same = np.cumprod(ours.out == truth.out, axis=0).astype(bool)  # until rounding parts them
    assert size <= 20 or same.all(0).mean() > 0.9
    assert ours.checkpoints is not None
    assert truth.checkpoints is not None
    after = np.concatenate([ours.checkpoints[1:], ours.state[None]])[:steps]
    expected = np.concatenate([truth.checkpoints[1:], truth.state[None]])[:steps]
    scale = 1e-11 * (1 + np.abs(expected).max(initial=0))
    keep = same[:, None] & np.ones_like(after, bool)
    assert np.abs(after - expected)[keep].max(initial=0) < scale


@given(st.floats(1e-4, 30.0), positive, st.floats(0.0, 0.14))
@settings(max_examples=60, deadline=None)
def test_membrane_follows_its_closed_form_for_any_step(dt: float, tau: float, drive: float) -> None:
    """Below threshold: v(n dt) = E + RI (1 − exp(−n dt / τ)), whatever dt is."""
    program = compile_neuron(LIF())
    bound = bind(program, numbers(LIF(tau=tau * ms, R=100 * MOhm, theta=-50 * mV)), dt)
    steps = 50
    run = CPU("float64", threads=1).forward(
        program, bound.coefs, {"I": np.full((steps, 1, 1), drive)}, bound.initial(1, 1), steps
    )
    exact = -65 - 100 * drive * np.expm1(-steps * dt / tau)
    assert run.state[0, 0, 0] == pytest.approx(exact, abs=1e-9)
