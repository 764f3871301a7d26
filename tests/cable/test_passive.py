"""Passive cables against the closed forms of cable theory.

Rows of the table of reference values: step and impulse of an infinite cable, Rall's law.
"""

from __future__ import annotations

from math import erfc, exp, sqrt

import numpy as np
import pytest
from tests.reference_values import Known, relative, within

from spikeloom.cable import Cable, Morphology
from spikeloom.engines.cpu import CPU
from spikeloom.equations.units import Ohm, cm, cm2, kOhm, ms, mV, nA, um
from spikeloom.models import PassiveMembrane

LAMBDA, TAU, R_INF = 1000.0, 20.0, 318.309886  # µm, ms, MΩ of 2 µm, 20 kΩ cm², 100 Ω cm
LEAK = PassiveMembrane(E=0 * mV)


def long_cable(half: int = 240, each: float = 0.025) -> Cable:
    """Long on both sides of the middle compartment, in steps of `each` length constants."""
    count = 2 * half + 1
    shape = Morphology.cylinder(count * each * LAMBDA * um, 2 * um)
    return Cable(shape, LEAK, Ri=100 * Ohm * cm, compartments=count)


def step_response(x: float, t: float) -> float:
    root = 2 * sqrt(t)
    return 0.5 * (exp(-x) * erfc(x / root - sqrt(t)) - exp(x) * erfc(x / root + sqrt(t)))


@pytest.mark.parametrize(
    ("x", "t", "printed"),
    [(0, 0.5, 0.682689), (0, 1, 0.842701), (1, 1, 0.233612), (2, 2, 0.103889)],
)
def test_a_step_spreads_as_the_error_function_says(
    x: int, t: float, printed: float, reference: Known
) -> None:
    assert step_response(x, t) == pytest.approx(printed, abs=1e-6)
    cable = long_cable()
    middle = ("cable", 0.5)
    run = cable.run(t * TAU * ms, dt=0.05 * ms, inject={middle: 0.1 * nA}, v=0 * mV)
    column = 240 + round(x / 0.025)
    got = run.v[-1, column] / (0.1 * R_INF / 2)
    reference(
        "Cable, passive", f"step into an endless cable at X = {x}, T = {t:g}, V / V0", printed, got,
        within(3e-4), "error functions; dx = 0.025",
    )  # fmt: skip


@pytest.mark.parametrize(("x", "peak"), [(0.5, 0.103553), (1, 0.309017), (2, 0.780776)])
def test_an_impulse_peaks_where_it_should(x: float, peak: float, reference: Known) -> None:
    assert peak == pytest.approx((sqrt(1 + 4 * x * x) - 1) / 4, abs=1e-6)
    cable = long_cable(320)
    start = np.zeros(641)
    start[320] = 100.0
    run = cable.run(1.2 * peak * TAU * ms, dt=0.0025 * peak * TAU * ms, v=start * mV)
    course = run.v[:, 320 + round(x / 0.025)]
    k = int(np.argmax(course))
    a, b, c = course[k - 1 : k + 2]
    best = (k + 0.5 * (a - c) / (a - 2 * b + c)) * 0.0025 * peak
    reference(
        "Cable, passive", f"peak of an impulse at X = {x:g}, T", peak, best, relative(2e-3),
        "(sqrt(1 + 4 X^2) - 1) / 4",
    )  # fmt: skip
    assert best != pytest.approx(peak * 1.01, rel=2e-3)


def test_the_step_is_of_second_order_in_dt() -> None:
    shape = Morphology.cylinder(1000 * um, 2 * um)
    cable = Cable(shape, LEAK, Ri=100 * Ohm * cm, compartments=10)
    kick = {("cable", 0): 0.1 * nA}
    # The start is smooth: a step from rest excites modes faster than any dt.
    ends = [
        cable.run(8 * ms, dt=dt * ms, inject=kick, v=0 * mV, record=("cable", 0.9)).v[-1, 0]
        for dt in (0.4, 0.2, 0.1, 0.0125)
    ]
    errors = [abs(e - ends[-1]) for e in ends[:-1]]
    assert 3.5 < errors[0] / errors[1] < 4.6
    assert 3.5 < errors[1] / errors[2] < 4.6


def test_a_tree_of_rall_is_one_cylinder() -> None:
    width, lengths = 4.0, [300.0 * 2 ** (-k / 3) for k in range(4)]
    tree = Morphology.rall(width * um, [length * um for length in lengths])
    assert tree.sections[1].diameter(0.5) == pytest.approx(4 / 2 ** (2 / 3))
    both = 1.0**1.5 + 1.0**1.5
    assert both ** (2 / 3) == pytest.approx(1.587401, abs=1e-6)
    leak = PassiveMembrane(R=10 * kOhm * cm2, E=0 * mV)
    branched = Cable(tree, leak, Ri=150 * Ohm * cm, compartments=5)
    shape = Morphology.cylinder(1200 * um, width * um)
    cylinder = Cable(shape, leak, Ri=150 * Ohm * cm, compartments=20)
    options = dict(dt=0.05 * ms, v=0 * mV, engine=CPU("float64"))
    a = branched.run(20 * ms, inject={("0", 0): 0.3 * nA}, **options)
    b = cylinder.run(20 * ms, inject={("cable", 0): 0.3 * nA}, **options)
    for level, name in enumerate(("0", "00", "010", "0110")):
        for k in range(5):
            one = a.at((name, (k + 0.5) / 5))
            other = b.at(("cable", (5 * level + k + 0.5) / 20))
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)
    broken = Cable(
        tree.branch("more", 50 * um, 1 * um, on="0", region="dendrite"),
        leak,
        Ri=150 * Ohm * cm,
        compartments=5,
    )
    c = broken.run(20 * ms, inject={("0", 0): 0.3 * nA}, **options)
    assert np.abs(c.at(("0", 0)) - b.at(("cable", 0))).max() > 1e-3
