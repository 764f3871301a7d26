"""`spikeloom models` and `spikeloom explain`."""

from __future__ import annotations

from typing import Self

import pytest
from typer.testing import CliRunner

from spikeloom.cli import app
from spikeloom.cli.models import short_source
from spikeloom.cli.quantities import read_time
from spikeloom.cli.shelf import Kind, find_model, known, known_models
from spikeloom.equations import (
    Condition,
    Family,
    Neuron,
    Param,
    Refractory,
    State,
    chance,
    family,
    state,
)
from spikeloom.equations.units import ms, mV
from spikeloom.errors import ConfigError
from spikeloom.models import LIF, PinskyRinzel


def ask(*words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


def test_every_model_is_listed() -> None:
    told = ask("models")
    assert set(known_models()) >= {"LIF", "AdEx", "HodgkinHuxley"}
    assert all(name in told for name in known_models())


@pytest.mark.parametrize("kind", ["neurons", "synapses", "rules", "surrogates"])
def test_every_kind_is_listed_with_its_sources(kind: str) -> None:
    told = ask("models", "--kind", kind)
    assert all(name in told for name in known(Kind(kind)))
    assert all(short_source(m)[:8] in told for m in known(Kind(kind)).values())


def test_neurons_stand_in_families() -> None:
    told = ask("models")
    places = [told.index(word) for word in ("Conductance", "HodgkinHuxley", "Threshold", " LIF")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "name, words",
    [
        ("adex", ["after a spike: w = w + b", "281 pF", "Sharpness", "Brette & Gerstner 2005"]),
        ("nmda", ["synapse", "gives: ", "Jahr & Stevens"]),
        ("pair-stdp", ["learning rule", "spike of the source"]),
        ("delta", ["kicks: w"]),
    ],
)
def test_one_model_in_full(name: str, words: list[str]) -> None:
    told = " ".join(ask("models", name).split())
    assert all(word in told for word in words)


def test_a_name_of_another_kind_is_said_to_be_one() -> None:
    done = CliRunner().invoke(app, ["explain", "pairstdp"])
    assert done.exit_code == 1 and "rules" in done.stderr
    done = CliRunner().invoke(app, ["models", "adx"])
    assert done.exit_code == 1 and "AdEx" in done.stderr


def test_families_come_from_the_equations() -> None:
    class Leaky(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = -self.v / self.tau

    class Firing(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = -self.v / self.tau

        def fires(self) -> Condition:
            return (self.v >= 5 * mV) & chance(0.5)

    assert family(Leaky.definition) is Family.SPIKELESS
    assert family(Firing.definition) is Family.STOCHASTIC
    assert family(Refractory(LIF(), 2 * ms).definition) is Family.THRESHOLD
    assert family(PinskyRinzel.definition) is Family.COMPARTMENTS


@pytest.mark.parametrize("name", ["lif", "LIF", "cuba-lif", "hodgkin_huxley", "hh"])
def test_names_as_people_type_them(name: str) -> None:
    assert find_model(name).__name__ in known_models()


def test_explain_shows_equations_step_and_numbers() -> None:
    told = ask("explain", "lif", "--dt", "1ms")
    for words in ("dv/dt", "Exact()", "each step", "gradients", "dt = 1"):
        assert words in told


def test_explain_shows_the_kernel() -> None:
    assert "define" in ask("explain", "lif", "--engine", "cpu")


def test_explain_with_another_method() -> None:
    assert "RK4()" in ask("explain", "lif", "--method", "rk4")


@pytest.mark.parametrize(
    "words, hint",
    [
        (["explain", "lif", "--dt", "3"], "0.1ms"),
        (["explain", "lif", "--dt", "0ms"], "0.1ms"),
        (["explain", "lif", "--dt", "1.2.3ms"], "0.1ms"),
        (["explain", "lif", "--method", "rk5"], "RK4"),
        (["explain", "hodgkinhuxley", "--method", "exact"], "method=None"),
        (["explain", "exponentail-if"], "ExponentialIF"),
    ],
)
def test_what_cannot_be_explained(words: list[str], hint: str) -> None:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1 and hint in done.stderr


def test_times() -> None:
    assert str(read_time("50us")) and read_time("1e-1 MS") == read_time("0.1ms")
    with pytest.raises(ConfigError):
        read_time("-1ms")


def test_the_list_fits_eighty_columns_with_name_source_equations_and_spike() -> None:
    done = CliRunner().invoke(app, ["models"], env={"COLUMNS": "80"})
    lines = done.stdout.splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 80
    place = next(k for k, line in enumerate(lines) if line.split()[:1] == ["AdEx"])
    assert lines[place].endswith("Brette & Gerstner 2005")
    told = " ".join(line.strip() for line in lines[place + 1 : place + 5])
    assert "- w + I)/C dw/dt" in told and "spike when v >= peak: v = v_reset, w = w + b" in told
