"""From a neuron of real numbers to Loihi's: constants, and how far spikes move."""

from __future__ import annotations

from math import exp
from typing import Any

import numpy as np
import pytest

from spikeloom import LIF, CubaLIF, ms, mV, nA, normal, simulate
from spikeloom.chips import decay, to_loihi
from spikeloom.errors import ParameterError, SpikeloomError, UnitError


def test_decays_are_those_of_the_chip() -> None:
    """du = 4096 (1 - exp(-1/tau)) - 1, and dv without the one."""
    for tau in (1, 5, 10, 100, 1000):
        exact = 4096 * (1 - exp(-1 / tau))
        assert abs(decay(tau * ms) - exact) <= 0.5
        assert abs(decay(tau * ms, current=True) - (exact - 1)) <= 0.5


@pytest.mark.parametrize(("tau", "tau_syn"), [(20, 5), (10, 10), (30, 3)])
def test_the_map_follows_from_the_closed_form(tau: float, tau_syn: float) -> None:
    """kappa = R tau_syn / (tau_syn - tau) (alpha - beta), or R alpha / tau where both are equal."""
    cell = CubaLIF(tau=tau * ms, tau_syn=tau_syn * ms)
    made = to_loihi(cell)
    alpha, beta = exp(-1 / tau_syn), exp(-1 / tau)
    same = tau == tau_syn
    kappa = 100 * (alpha / tau if same else tau_syn / (tau_syn - tau) * (alpha - beta))
    assert made.neuron.du.value == round(4096 * (1 - alpha)) - 1
    assert made.neuron.dv.value == round(4096 * (1 - beta))
    unit = 15 / (64 * 2**16)
    assert made.potential.to(mV) == pytest.approx(unit, rel=1e-12)
    assert made.weight.to(nA) == pytest.approx(64 * unit / kappa, rel=1e-6)


def test_spikes_move_little() -> None:
    """200 neurons, 1 s of chance input: spikes of both within a tick of each other, 97 in 100."""
    cell = CubaLIF()
    made = to_loihi(cell)
    events = np.random.default_rng(1).poisson(0.15, (1000, 200))
    real = simulate(cell, 1000 * ms, dt=1 * ms, size=200, x=0.6 * events * nA)
    whole = simulate(made.neuron, 1000 * ms, size=200, a=events * made.weights(0.6 * nA))
    assert len(real.spike_ids) > 10_000
    assert abs(len(whole.spike_ids) / len(real.spike_ids) - 1) < 0.01
    near = [
        np.abs(real.train(k)[:, None] - whole.train(k)[None, :]).min(axis=1) <= 1.0
        for k in range(200)
    ]
    assert np.concatenate(near).mean() > 0.97


@pytest.mark.parametrize(
    ("wrong", "kind", "words"),
    [
        (lambda: to_loihi(LIF()), ParameterError, "takes a CubaLIF"),
        (lambda: to_loihi(CubaLIF(tau=normal(20, 1) * ms)), ParameterError, "single numbers"),
        (lambda: to_loihi(CubaLIF(tau=1e5 * ms)), ParameterError, "12 bits"),
        (lambda: to_loihi(CubaLIF(theta=-70 * mV)), ParameterError, "above rest"),
        (lambda: to_loihi(CubaLIF(), vth=1 << 17), SpikeloomError, "uint17"),
        (lambda: decay(3), UnitError, "one time"),  # type: ignore[arg-type]
        (lambda: decay(-3 * ms), ParameterError, "above 0"),
    ],
)
def test_what_cannot_be_converted(wrong: Any, kind: Any, words: str) -> None:
    with pytest.raises(kind, match=words):
        wrong()
