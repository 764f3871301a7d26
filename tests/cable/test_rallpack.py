r"""Rallpack 1 to 3: a passive cable, a branched tree, an axon, as simulators are compared by them.

Source: Bhalla, Bilitch & Bower 1992, Trends Neurosci. 15:453. The potential of a sealed cylinder
into whose end a current steps is a series over its modes (Rall 1969, Biophys. J. 9:1483):

    v(x, t) = I R∞/L [1 − e^{−t/τ} + 2 Σ cos(nπx/ℓ) (1 − e^{−t/τ_n}) / (1 + (nπ/L)²)]
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeloom import (
    Cable,
    HodgkinHuxley,
    Morphology,
    Ohm,
    PassiveMembrane,
    cm,
    cm2,
    kOhm,
    mS,
    ms,
    mV,
    nA,
    um,
)

Array = np.ndarray[Any, np.dtype[Any]]
LEAK = PassiveMembrane(R=40 * kOhm * cm2)
OPTIONS: dict[str, Any] = {"Ri": 100 * Ohm * cm}
RM, RA, CM, CURRENT = 4.0, 1.0, 0.01, 1e-10
"""Ω m², Ω m, F/m², A."""


def cylinder(t: Array, x: float, length: float, diameter: float) -> Array:
    """The series in mV; t in ms, lengths in m. What is steady is summed in closed form."""
    space, tau = np.sqrt(RM * diameter / (4 * RA)), RM * CM * 1e3
    whole, n = length / space, np.arange(1, 20_000)
    rate = 1 + (n * np.pi / whole) ** 2
    steady = whole * np.cosh(whole - x / space) / np.sinh(whole)
    shape = 2 * np.cos(n * np.pi * x / length) / rate
    moving = [np.exp(-s / tau) + np.sum(shape * np.exp(-s * rate / tau)) for s in t]
    infinite = 2 / np.pi * np.sqrt(RM * RA) * diameter**-1.5
    return 1e3 * CURRENT * infinite / whole * (steady - np.array(moving))


def errors(cable: Cable, near: Any, far: Any, length: float, diameter: float, half: float) -> Array:
    """RMS error at both ends over the largest potential; half a compartment in m."""
    run = cable.run(250 * ms, dt=0.05 * ms, inject={near: 0.1 * nA}, record=[near, far], every=20)
    made: list[float] = []
    for column, x in enumerate((half, length - half)):
        exact = cylinder(run.times[1:], x, length, diameter)
        got = run.v[1:, column] - run.v[0, column]
        made.append(float(np.sqrt(np.mean((got - exact) ** 2)) / exact.max()))
    return np.array(made)


def test_rallpack_1_passive_cable() -> None:
    cable = Cable(Morphology.cylinder(1000 * um, 1 * um), LEAK, compartments=1000, **OPTIONS)
    near, far = errors(cable, ("cable", 0), ("cable", 1), 1e-3, 1e-6, 0.5e-6)
    assert near < 6e-4 and far < 2e-7, (near, far)


def test_rallpack_1_has_second_order_in_space() -> None:
    found = []
    for n in (25, 50, 100):
        cable = Cable(Morphology.cylinder(1000 * um, 1 * um), LEAK, compartments=n, **OPTIONS)
        found.append(errors(cable, ("cable", 0), ("cable", 1), 1e-3, 1e-6, 0.5e-3 / n)[1])
    assert 3.8 < found[0] / found[1] < 4.2 and 3.8 < found[1] / found[2] < 4.2, found


@pytest.mark.parametrize("levels", [7, 10])
def test_rallpack_2_branched_tree(levels: int) -> None:
    """One compartment a branch; ten levels of the original are 1,023 branches."""
    tree = Morphology.rall(16 * um, [32 * 2 ** (-k / 3) * um for k in range(levels)])
    cable = Cable(tree, LEAK, compartments=1, **OPTIONS)
    near, far = errors(cable, ("0", 0), ("0" * levels, 1), levels * 32e-6, 16e-6, 16e-6)
    assert near < 5e-5 and far < 1e-5, (near, far)


def axon(compartments: int, dt: float, duration: float = 40.0) -> Array:
    """Times of all spikes at both ends of the axon of Rallpack 3."""
    membrane = HodgkinHuxley(g_L=0.025 * mS / cm2, E_L=-65 * mV)
    shape = Morphology.cylinder(1000 * um, 1 * um)
    cable = Cable(shape, membrane, compartments=compartments, **OPTIONS)
    ends = [("cable", 0), ("cable", 1)]
    run = cable.run(
        duration * ms, dt=dt * ms, inject={ends[0]: 0.1 * nA}, record=ends, detect=ends, v=-65 * mV
    )
    return np.concatenate(list(run.spikes.values()))


def test_rallpack_3_converges_in_time() -> None:
    """Spike times at both ends: each half of the step leaves a quarter of the error."""
    finest = axon(200, 0.003125)
    error = [np.abs(axon(200, dt) - finest).max() for dt in (0.05, 0.025, 0.0125)]
    assert len(finest) >= 5
    assert error[0] < 0.1 and error[2] < 5e-3, error
    assert 3 < error[0] / error[1] < 5.5 and 3 < error[1] / error[2] < 5.5, error


def test_rallpack_3_converges_in_space() -> None:
    """The current goes into the middle of the first compartment, which moves with their number."""
    finest = axon(800, 0.0125)
    error = [np.abs(axon(n, 0.0125) - finest).max() for n in (100, 200, 400)]
    assert error[2] < 1e-3, error
    assert error[0] / error[1] > 2.4 and error[1] / error[2] > 2.4, error


@pytest.mark.slow
def test_rallpack_3_as_it_was_set() -> None:
    """1,000 compartments, 250 ms: 18 spikes at one end, 17 at the other, dt 0.05 ms to 0.2 ms."""
    coarse, fine = axon(1000, 0.05, 250), axon(1000, 0.00625, 250)
    assert len(coarse) == len(fine) == 35
    assert np.abs(coarse - fine).max() < 0.2
