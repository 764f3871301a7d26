"""The neurons of chips, tick by tick: traces that were worked out by hand."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest
from tests.reference_values import EXACT, Known, within

from spikeloom.engines import Run, simulate
from spikeloom.equations.units import ms
from spikeloom.models import LoihiNeuron, TrueNorthNeuron

HAND = "the rules of the chip, by hand"
NEMO = "Cassidy et al. 2013, by hand"
RESETS = ("normal", "linear", "none")


def ran(neuron: Any, ticks: int, **inputs: Any) -> Run:
    return simulate(neuron, ticks * ms, **inputs)


def potentials(run: Run) -> list[float]:
    return [float(v) for v in run.traces["v"][:, 0]]


def ticks(run: Run) -> list[float]:
    """Ticks with a spike, from 0 on."""
    return [float(t) - 1 for t in run.train()]


@pytest.mark.parametrize(
    ("gamma", "v", "at"),
    [
        (0, [3, 6, 9, 0, 3, 6, 9, 0, 3, 6], [3, 7, 11, 15, 19]),
        (1, [3, 6, 9, 2, 5, 8, 1, 4, 7, 0], [3, 6, 9, 13, 16, 19]),
        (2, [3 * t + 3 for t in range(10)], list(range(3, 20))),
    ],
)
def test_truenorth_leak(gamma: int, v: list[int], at: list[int], reference: Known) -> None:
    run = ran(TrueNorthNeuron(lam=3, alpha=10, gamma=gamma), 20)
    what = f"leak 3, threshold 10, reset {RESETS[gamma]}"
    reference("TrueNorthNeuron", f"v of the first ticks, {what}", v, potentials(run)[:10], EXACT,
              NEMO)  # fmt: skip
    reference("TrueNorthNeuron", f"ticks of the spikes, {what}", at, ticks(run), EXACT, NEMO)


def test_truenorth_converging_leak(reference: Known) -> None:
    events = (np.arange(24) % 3 == 0)[:, None] * 1
    run = ran(TrueNorthNeuron(s=(5, 0, 0, 0), alpha=12, lam=-1, eps=1, kap=1), 24, a0=events)
    expected = [4, 3, 2, 6, 5, 4, 8, 7, 6, 10, 9, 8, 0, 0, 0, 4]
    what = "5 at every third tick, converging leak -1"
    reference("TrueNorthNeuron", f"v, {what}", expected, potentials(run)[:16], EXACT, NEMO)
    reference("TrueNorthNeuron", f"tick of the spike, {what}", [12], ticks(run), EXACT, NEMO)


@pytest.mark.parametrize(
    ("more", "v", "what"),
    [
        ({"kap": 1}, [-3, -4, -4, -4], "stays there"),
        ({"R": 2}, [-3, -2, -2, -2], "goes to -R = -2"),
        ({"gamma": 1}, [-3, -2, -1, -4, -3, -2], "linear"),
    ],
)
def test_truenorth_below(more: Any, v: list[int], what: str, reference: Known) -> None:
    run = ran(TrueNorthNeuron(lam=-3, beta=4, **more), len(v))
    reference("TrueNorthNeuron", f"v, leak -3, negative threshold 4, {what}", v, potentials(run),
              EXACT, NEMO)  # fmt: skip


def test_truenorth_chance(reference: Known) -> None:
    """Four standard deviations: a right program is further off at 6 seeds in 100,000."""
    synapse = TrueNorthNeuron(s=(127, 0, 0, 0), b=(1, 0, 0, 0), alpha=2**18 - 1)
    run = ran(synapse, 1, size=400, a0=250, seed=3)
    reference("TrueNorthNeuron", "stochastic weight 127: how many of 100,000 events count", 50_000,
              float(run.state["v"].sum()), within(4 * sqrt(25_000)), "p = 1/2")  # fmt: skip
    run = ran(TrueNorthNeuron(lam=51, c=1, alpha=10, gamma=1), 2000, size=300, seed=1)
    ones = 10 * len(run.spike_ids) + int(run.state["v"].sum())
    off = 4 * 100 * sqrt(52 / 256 * 204 / 256 / (300 * 2000))
    reference("TrueNorthNeuron", "rate of a stochastic leak 51, threshold 10, linear", 20.3125,
              ones / 10 / 300 / 2, within(off), "52 / 256 / 10 ticks", "Hz")  # fmt: skip
    waits = np.concatenate([np.diff(run.train(k)) for k in range(300)])
    got = float(waits.std() / waits.mean())
    reference("TrueNorthNeuron", "CV of intervals of a stochastic leak 51", sqrt(0.796875 / 10),
              got, within(4 * 0.28229 / sqrt(2 * len(waits))), "sqrt((1 - p) / 10)")  # fmt: skip


def test_loihi_three_inputs(reference: Known) -> None:
    arrivals = np.zeros((16, 1))
    arrivals[[0, 5, 10]] = 50
    run = ran(LoihiNeuron(du=409, dv=128, vth=100), 16, a=arrivals)
    u = [3200, 2879, 2590, 2330, 2096, 5086, 4576, 4117, 3704, 3333, 6199, 5578]
    what = "50 at ticks 0, 5, 10; du 409, dv 128"
    reference("LoihiNeuron", f"u, {what}", u, [float(x) for x in run.traces["u"][:12, 0]], EXACT,
              HAND)  # fmt: skip
    v = [3200, 5979, 0, 2330, 4353, 0, 4576, 0, 3704, 0, 6199, 0, 5019, 0, 4063, 0]
    reference("LoihiNeuron", f"v, {what}, threshold 100", v, potentials(run), EXACT, HAND)
    reference("LoihiNeuron", f"ticks of the spikes, {what}", [2, 5, 7, 9, 11, 13, 15], ticks(run),
              EXACT, HAND)  # fmt: skip


def test_loihi_bias(reference: Known) -> None:
    run = ran(LoihiNeuron(du=4095, dv=128, vth=100, bias=1000), 40)
    reference("LoihiNeuron", "v with a bias of 1000", [1000, 1968, 2906, 3815, 4695, 5548, 6374, 0],
              potentials(run)[:8], EXACT, HAND)  # fmt: skip
    reference("LoihiNeuron", "ticks of the spikes with a bias of 1000", [7, 15, 23, 31, 39],
              ticks(run), EXACT, HAND)  # fmt: skip
