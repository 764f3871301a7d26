"""What `check_dt`, `Precise` and `Adaptive` refuse, and the way out that they name."""

from __future__ import annotations

from typing import Any

import pytest

import spikeloom as sl
from spikeloom.engines import Adaptive, Precise, simulate
from spikeloom.equations import Neuron
from spikeloom.errors import CompileError, ParameterError, ShapeError, SpikeloomError, UnitError

MS, NAN = sl.ms, float("nan")
LIF: Any = sl.LIF()
ANY: dict[str, Any] = {"Precise": Precise, "Adaptive": Adaptive}
"""Classes, to be given where a type checker would not let them."""


@pytest.mark.parametrize(
    ("wrong", "kind", "words"),
    [
        (lambda: LIF.check_dt(0.1, 100 * MS), UnitError, r"check_dt: dt must.*\n.*dt=0.1 \* ms"),
        (lambda: LIF.check_dt(0.1 * MS, 50), UnitError, r"duration=50 \* ms"),
        (lambda: LIF.check_dt(NAN * MS, 50 * MS), ParameterError, "check_dt: dt must be positive"),
        (lambda: LIF.check_dt(float("inf") * MS, 50 * MS), ParameterError, "must be positive"),
        (lambda: LIF.check_dt(0.3 * MS, 1 * MS), ParameterError, "check_dt: 1 ms is not a whole"),
        (lambda: LIF.replace(tau=[9, 8] * MS).check_dt(1 * MS, 9 * MS), ShapeError, "one neuron"),
        (lambda: sl.DiffusionLIF().check_dt(1 * MS, 9 * MS), ParameterError, "compare statistics"),
        (lambda: sl.LoihiNeuron().check_dt(1 * MS, 9 * MS), ParameterError, "tick to tick"),
        (
            lambda: simulate(LIF, 9 * MS, engine=ANY["Precise"]),
            ParameterError,
            r"engine=Precise\(\)",
        ),
        (lambda: ANY["Adaptive"](1e-6), ParameterError, "rtol=1e-06 sets a tolerance"),
    ],
)
def test_what_is_refused(wrong: Any, kind: Any, words: str) -> None:
    with pytest.raises(kind, match=words) as error:
        wrong()
    assert "engine=..." not in str(error.value)  # a hint for another function


def test_a_neuron_that_never_fires_has_states_to_compare_and_no_missing_spikes() -> None:
    assert sl.LeakyIntegrator().check_dt(1 * MS, 20 * MS).warnings == ()
    (text,) = sl.CubaLIF().check_dt(1 * MS, 20 * MS).warnings  # only impulses reach it
    assert "give an input by its name" in text


NEURONS = {
    name: getattr(sl, name)
    for name in dir(sl)
    if isinstance(getattr(sl, name), type)
    and issubclass(getattr(sl, name), Neuron)
    and name != "Neuron"
}


@pytest.mark.parametrize("name", sorted(NEURONS))
def test_precise_runs_a_model_or_names_what_does(name: str) -> None:
    """Every neuron of the library: linear ones run, others say why not and where to go."""
    neuron = NEURONS[name]()
    try:
        run = simulate(neuron, 2 * MS, dt=1 * MS, engine=Precise(), record=())
    except SpikeloomError as error:
        told = str(error)
        ways = {"linear between": "Adaptive()", "noise": "time steps", "chance": "time steps",
                "whole numbers": "Fixed()"}  # fmt: skip
        ((_, way),) = [(why, way) for why, way in ways.items() if why in told.split("hint")[0]]
        assert way in told.split("hint")[1]
    else:
        assert run.reason == "there are no time steps"


def test_a_neuron_that_fires_by_chance_is_told_so() -> None:
    with pytest.raises(CompileError, match="it fires by chance"):
        simulate(sl.ProbabilisticLIF(), 9 * MS, engine=Adaptive())
