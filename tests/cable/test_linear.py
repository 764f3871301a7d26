"""Steady profiles, resistances and time constants against closed forms."""

from __future__ import annotations

from math import cosh, exp, pi, sinh, sqrt, tanh

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reference_values import T1, Known, relative, within

from spikeloom.cable import Cable, Morphology
from spikeloom.equations.units import Hz, Ohm, cm, cm2, kOhm, ms, mV, nS, pA, um
from spikeloom.errors import NumericsError, ParameterError, SpikeloomError
from spikeloom.models import HodgkinHuxley, PassiveMembrane, Shunt

R_INF = 1000 / pi  # MΩ of 2 µm, 20 kΩ cm², 100 Ω cm, whose length constant is 1000 µm


def passive(length: float, count: int, **options: object) -> Cable:
    """A cable as long as so many length constants."""
    shape = Morphology.cylinder(1000 * length * um, 2 * um)
    return Cable(shape, PassiveMembrane(), Ri=100 * Ohm * cm, compartments=count)


def test_the_constants_of_the_table() -> None:
    wide = 2 / pi * sqrt(20_000 * 100) * (2e-4) ** -1.5 * 1e-6
    assert wide == pytest.approx(318.31, abs=5e-3)
    thin = PassiveMembrane(R=10 * kOhm * cm2)
    cable = Cable(Morphology.cylinder(408.248 * um, 1 * um), thin, Ri=150 * Ohm * cm,
                  compartments=400)  # fmt: skip
    far = cable.linear.transfer(("cable", 0))
    assert far[-1] / far[0] == pytest.approx(1 / cosh(1), rel=2e-3)


@pytest.mark.parametrize(
    ("count", "printed"),
    [(10, 1.264977), (20, 1.288521), (50, 1.303113), (100, 1.308055), (200, 1.310540)],
)
def test_the_input_resistance_depends_on_the_grid_as_known(
    count: int, printed: float, reference: Known
) -> None:
    got = passive(1, count).linear.resistance(("cable", 0)) / R_INF
    reference(
        "Cable, passive", f"input resistance / R_inf, L = 1, N = {count}", printed, got,
        within(6e-7), "finite volumes, current into the first",
    )  # fmt: skip
    exact = cosh(1 - 0.5 / count) / sinh(1)
    assert abs(got - exact) < 0.2 / count**2


@pytest.mark.parametrize(
    ("length", "far", "near"),
    [(0.5, 0.886819, 2.163953), (1, 0.648054, 1.313035), (2, 0.265802, 1.037315)],
)
def test_a_sealed_end(length: float, far: float, near: float, reference: Known) -> None:
    fine = passive(length, 400).linear
    profile = fine.transfer(("cable", 0))
    x = (np.arange(400) + 0.5) / 400 * length
    np.testing.assert_allclose(profile / profile[0], np.cosh(length - x) / cosh(length - x[0]),
                               rtol=4e-6)  # fmt: skip
    # Half a compartment beyond the middles, the ends themselves.
    begin = profile[0] / R_INF + length / 800
    reference(
        "Cable, passive", f"sealed end, L = {length:g}: R_in / R_inf", near, begin, relative(2e-5),
        "coth L; N = 400",
    )  # fmt: skip
    reference(
        "Cable, passive", f"sealed end, L = {length:g}: V(L) / V(0)", far,
        profile[-1] / R_INF / begin, relative(2e-5), "1 / cosh L; N = 400",
    )  # fmt: skip


def test_a_killed_end(reference: Known) -> None:
    count, length = 400, 1.0
    half = 1 / (R_INF * length / (2 * count))  # µS of half a compartment: R_inf dX / 2 in MΩ
    dead = Shunt(G=1000 * half * nS, E=-65 * mV)
    cable = passive(length, count).synapse("end", dead, at=("cable", 1))
    profile = cable.linear.transfer(("cable", 0))
    x = (np.arange(count) + 0.5) / count * length
    shape = np.sinh(length - x)
    np.testing.assert_allclose(profile / profile[0], shape / shape[0], rtol=1e-5, atol=1e-9)
    reference(
        "Cable, passive", "killed end, L = 1: R_in / R_inf", tanh(1),
        profile[0] / R_INF + length / 800, relative(2e-5), "tanh L; N = 400",
    )  # fmt: skip


def test_an_endless_cable(reference: Known) -> None:
    count = 1601
    cable = passive(40, count)
    profile = cable.linear.transfer(("cable", 0.5))
    x = np.abs(np.arange(count) - 800) * 40 / count
    near = x < 5
    reference(
        "Cable, passive", "input resistance of an endless cable", R_INF / 2, profile[800],
        relative(2e-4), "R_inf / 2; 40 length constants, N = 1601", "MOhm",
    )  # fmt: skip
    np.testing.assert_allclose(profile[near] / profile[800], np.exp(-x[near]), rtol=5e-4)
    assert exp(-5) > 1e-3


def test_equalising_time_constants(reference: Known) -> None:
    times = passive(1, 100).linear.time_constants()
    assert times[0] == pytest.approx(20, rel=1e-9)
    assert 1 / (1 + pi**2) == pytest.approx(0.0919997, abs=1e-7)
    reference(
        "Cable, passive", "equalising time constant tau_1 / tau_0, L = 1", 1 / (1 + pi**2),
        times[1] / times[0], relative(1e-4), "1 / (1 + (pi / L)^2); N = 100",
    )  # fmt: skip
    # In the discrete cable they have a closed form of their own, to which it holds exactly.
    rates = [1 + (2 * 100 * np.sin(n * pi / 200)) ** 2 for n in range(5)]
    reference(
        "Cable, passive", "time constants of 100 compartments, L = 1", 20 / np.array(rates),
        times[:5], T1, "tau / (1 + (2 N sin(n pi / 2 N))^2)", "ms",
    )  # fmt: skip


def two() -> Cable:
    """Soma and dendrite of 200 pF and 10 nS each, with 5 nS between them."""
    d, area = 20.0, 20000.0
    length = area / (pi * d)
    inside = 200 / (0.01 * 4 * length / (pi * d * d))
    shape = Morphology.cylinder(length * um, d * um, name="soma").branch(
        "dendrite", length * um, d * um
    )
    return Cable(shape, PassiveMembrane(E=0 * mV), Ri=inside * Ohm * cm, compartments=1)


def test_soma_and_dendrite(reference: Known) -> None:
    linear = two().linear
    name, source = "Cable, soma and dendrite", "two linear equations"
    reference(name, "modes", [20, 10], linear.time_constants(), T1, source, "ms")
    reference(name, "input resistance", 75, linear.resistance("soma"), T1, source, "MOhm")
    across = linear.resistance("dendrite", "soma")
    reference(name, "transfer resistance", 25, across, T1, source, "MOhm")
    _, shapes = linear.modes
    shapes = shapes / np.abs(shapes[:, :1])
    np.testing.assert_allclose(np.abs(shapes), 1, rtol=1e-9)
    assert shapes[0, 0] * shapes[0, 1] > 0 > shapes[1, 0] * shapes[1, 1]


STEPS = {5: (0.122323, 2.089669), 10: (0.387045, 3.547648), 20: (0.998941, 5.322265),
         50: (2.106420, 7.072730)}  # fmt: skip


def test_a_step_into_the_dendrite(reference: Known) -> None:
    cable = two()
    times, shapes = cable.linear.modes
    for t, printed in STEPS.items():
        # Both modes, charged at their own pace: exact.
        grown = (1 - np.exp(-t / times)) * times * shapes[:, 1] * 0.1
        reference(
            "Cable, soma and dendrite", f"both {t} ms after a step of 100 pA into the dendrite",
            printed, shapes.T @ grown, within(6e-7), "two exponentials", "mV",
        )  # fmt: skip
    run = cable.run(50 * ms, dt=0.05 * ms, inject={"dendrite": 100 * pA})
    for t, printed in STEPS.items():
        np.testing.assert_allclose(run.v[round(t / 0.05)], printed, atol=2e-5)
    end = cable.linear.transfer("dendrite") * 0.1
    np.testing.assert_allclose(end, [2.5, 7.5], rtol=1e-9)


def test_rest_and_impedance_of_an_active_membrane() -> None:
    shape = Morphology.cylinder(1000 * um, 2 * um)
    cable = Cable(shape, HodgkinHuxley(E_L=-54.3 * mV), Ri=100 * Ohm * cm, compartments=30)
    linear = cable.linear
    np.testing.assert_allclose(linear.v, -64.97405, atol=1e-5)
    # It resonates: gates that follow the potential make it answer best near 70 Hz.
    sizes = [abs(linear.impedance("cable", f * Hz)) for f in (1, 70, 400)]
    assert sizes[1] > 1.3 * sizes[0] and sizes[1] > sizes[2]
    small = cable.run(60 * ms, dt=0.025 * ms, inject={"cable": 1 * pA}, record=["cable"],
                      v=float(linear.v[0]) * mV)  # fmt: skip
    rise = (small.v[-1, 0] - small.v[0, 0]) / 1e-3
    assert rise == pytest.approx(linear.resistance("cable"), rel=2e-3)


def test_a_cell_without_rest_says_so() -> None:
    restless = HodgkinHuxley(E_L=-20 * mV, g_L=3 * HodgkinHuxley().values["g_L"])
    cable = Cable(Morphology.soma(20 * um), restless, Ri=100 * Ohm * cm)
    try:
        v = cable.linear.v  # a fixed point may exist even where it is not stable
        assert np.all(np.isfinite(v))
    except NumericsError as error:
        assert "fires by itself" in str(error)


trees = st.lists(
    st.tuples(
        st.integers(0, 10**6),
        st.floats(10, 400),
        st.floats(0.3, 6),
        st.floats(0, 1),
        st.sampled_from(["a", "b"]),
    ),
    min_size=1,
    max_size=6,
)


def grown(branches: list[tuple[int, float, float, float, str]]) -> Morphology:
    tree = Morphology.soma(18 * um)
    for k, (seed, length, width, at, region) in enumerate(branches):
        on = tree.sections[seed % len(tree.sections)].name
        ends = (width * um, 0.7 * width * um)
        tree = tree.branch(f"n{k}", length * um, ends, on=on, at=at, region=region)
    return tree


def any_cable(branches: list[tuple[int, float, float, float, str]], count: int) -> Cable:
    tree = grown(branches)
    leaks = {"soma": 20, "a": 10, "b": 35}
    membranes = {
        r: PassiveMembrane(R=x * kOhm * cm2) for r, x in leaks.items() if r in tree.regions
    }
    return Cable(tree, membranes, Ri=120 * Ohm * cm, compartments=count)


@given(trees, st.integers(1, 4))
def test_transfer_resistances_are_the_same_both_ways(
    branches: list[tuple[int, float, float, float, str]], count: int
) -> None:
    cable = any_cable(branches, count)
    last = (f"n{len(branches) - 1}", 1.0)
    there = cable.linear.resistance("soma", last)
    assert there == pytest.approx(cable.linear.resistance(last, "soma"), rel=1e-9)
    assert 0 < there <= cable.linear.resistance("soma") * (1 + 1e-9)


@given(trees, st.integers(1, 4))
def test_charge_is_conserved(
    branches: list[tuple[int, float, float, float, str]], count: int
) -> None:
    cable = any_cable(branches, count)
    farads = cable.wired.capacity
    dt, current = 0.1, 0.2
    leak = np.zeros(len(farads))
    for on in cable.wired.membranes:
        leak[on.nodes] = farads[on.nodes] / (on.values["R"] * on.values["C"])  # C / (R C) in µS
    run = cable.run(2 * ms, dt=dt * ms, inject={("n0", 0.6): current * (1e3 * pA)})
    v = np.full((len(run.times), len(farads)), -65.0)
    v[:, run.places] = run.v
    held = (v + 65) @ farads
    lost = (v[1:] + v[:-1] + 130) / 2 @ leak * dt
    np.testing.assert_allclose(np.diff(held), current * dt - lost, rtol=1e-6, atol=1e-9)


def test_wrong_questions_are_answered_in_words() -> None:
    linear = passive(1, 4).linear
    for wrong in (lambda: linear.resistance("kable"), lambda: linear.resistance(("cable", 1.5)),
                  lambda: linear.impedance("cable", 10 * ms),
                  lambda: linear.impedance("cable", float("inf") * Hz)):  # fmt: skip
        with pytest.raises(SpikeloomError):
            wrong()
    with pytest.raises(ParameterError, match="modes"):
        shape = Morphology.cylinder(100 * um, 2 * um)
        _ = Cable(shape, HodgkinHuxley(), Ri=100 * Ohm * cm).linear.modes
