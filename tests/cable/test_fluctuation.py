"""Ornstein-Uhlenbeck currents and functions of time into a cable."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeloom import (
    Cable,
    Morphology,
    Ohm,
    OrnsteinUhlenbeck,
    PassiveMembrane,
    cm,
    ms,
    mV,
    nA,
    um,
)
from spikeloom.errors import ParameterError, ShapeError, UnitError

NOISE = OrnsteinUhlenbeck(0.05 * nA, 0.1 * nA, tau=2 * ms)


def cell() -> Cable:
    return Cable(Morphology.soma(20 * um), PassiveMembrane(), Ri=100 * Ohm * cm)


def course(duration: float = 40.0, **more: Any) -> Any:
    return cell().run(duration * ms, dt=0.1 * ms, inject={"soma": NOISE}, **more)


def test_the_seed_makes_the_current() -> None:
    first, second, other = course(), course(), course(seed=1)
    np.testing.assert_array_equal(first.v, second.v)
    assert np.abs(first.v - other.v).max() > 0.1


def test_pieces_change_no_bit() -> None:
    whole, first = course(seed=3), course(17.0, seed=3)
    rest = course(23.0, seed=3, state=first.state)
    np.testing.assert_array_equal(np.concatenate([first.v, rest.v]), whole.v)


def test_two_places_fluctuate_apart() -> None:
    two = Cable(
        Morphology.cylinder(5000 * um, 0.1 * um), PassiveMembrane(), Ri=1000 * Ohm * cm,
        compartments=2,
    )  # fmt: skip
    run = two.run(50 * ms, inject={("cable", 0): NOISE, ("cable", 1): NOISE})
    assert abs(np.corrcoef(run.v.T)[0, 1]) < 0.9


def test_mean_and_variance_of_the_potential() -> None:
    """Of a leaky membrane: σ² R² τ / (τ + τ_m). One run in 10⁴ would fail by chance."""
    run = course(4_000.0, every=10)
    resistance = cell().linear.resistance("soma")
    after = run.v[run.times > 200, 0]
    taum = 20.0
    expected = 0.1 * resistance * np.sqrt(2 / (2 + taum))
    independent = 4_000 / (2 * (2 + taum))
    assert after.std() == pytest.approx(expected, rel=4 / np.sqrt(2 * independent))
    middle = -65 + 0.05 * resistance
    assert after.mean() == pytest.approx(middle, abs=4 * expected / np.sqrt(independent / 2))


def test_a_function_of_time() -> None:
    made = cell().run(5 * ms, inject={"soma": lambda t: 0.1 * nA + 0 * nA * (t / (1 * ms))})
    np.testing.assert_array_equal(made.v, cell().run(5 * ms, inject={"soma": 0.1 * nA}).v)


def test_what_does_not_fit_is_said() -> None:
    wrong = OrnsteinUhlenbeck(1 * mV, 1 * mV, tau=2 * ms)
    several = OrnsteinUhlenbeck([0.1, 0.2] * nA, 0.1 * nA, tau=2 * ms)
    with pytest.raises(UnitError):
        cell().run(1 * ms, inject={"soma": wrong})
    with pytest.raises(ShapeError):
        cell().run(1 * ms, inject={"soma": several})
    with pytest.raises(ParameterError, match="seed"):
        course(seed=1.5)
