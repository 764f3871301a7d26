"""Closed forms of the models that have no published numbers of their own."""

from __future__ import annotations

import numpy as np
from tests.reference_values import T1, Known

from spikeloom.engines import Precise, simulate
from spikeloom.equations import Cell
from spikeloom.equations.units import MOhm, ms, mV, nA, nS, pA
from spikeloom.models import (
    LIF,
    AlphaConductance,
    ConductanceLIF,
    CubaLIF,
    Delta,
    LeakyIntegrator,
    SubtractiveIF,
)

CLOSED = "closed form"


def test_leaky_integrator(reference: Known) -> None:
    v = simulate(LeakyIntegrator(), 10 * ms, I=0.1 * nA).state["v"][0]
    reference("LeakyIntegrator", "v after 10 ms of 0.1 nA", -10 * np.expm1(-0.5), v, T1,
              "R I (1 - exp(-t / tau))", "mV")  # fmt: skip


def test_conductance_lif(reference: Known) -> None:
    train = simulate(ConductanceLIF(), 60 * ms, I=200 * pA, engine=Precise()).train()
    reference("ConductanceLIF", "interval at 200 pA", 20 * np.log(2), np.diff(train)[0], T1, CLOSED,
              "ms")  # fmt: skip


def test_subtractive_if(reference: Known) -> None:
    train = simulate(SubtractiveIF(), 35 * ms, I=300 * pA, engine=Precise()).train()
    reference("SubtractiveIF", "interval at 300 pA", 10.0, np.diff(train)[0], T1, "C theta / I",
              "ms")  # fmt: skip


def test_cuba_lif(reference: Known) -> None:
    cell = CubaLIF(tau_syn=5 * ms, E=0 * mV, R=100 * MOhm, theta=1000 * mV)
    kick = np.zeros((200, 1))
    kick[0] = 0.1
    v = simulate(cell, 20 * ms, x=kick * nA).state["v"][0]
    expected = 10 * 5 / 15 * (np.exp(-1) - np.exp(-4))
    reference("CubaLIF", "v 20 ms after 0.1 nA", expected, v, T1, CLOSED, "mV")


def test_delta(reference: Known) -> None:
    kick = np.zeros((100, 1))
    kick[0] = 5.0
    v = simulate(Cell(LIF(E=0 * mV, theta=1000 * mV), s=Delta()), 10 * ms, s=kick * mV).state["v"]
    reference("Delta", "v 10 ms after a kick of 5 mV", 5 * np.exp(-0.5), v[0], T1, CLOSED, "mV")


def test_alpha_conductance(reference: Known) -> None:
    kick = np.zeros((50, 1))
    kick[0] = 3.0
    cell = Cell(ConductanceLIF(), s=AlphaConductance(tau=5 * ms, E=-60 * mV))
    s = simulate(cell, 5 * ms, s=kick * nS).state["s_g"][0]
    reference("AlphaConductance", "conductance one tau after 3 nS", 3.0, s, T1, "it peaks there",
              "nS")  # fmt: skip
