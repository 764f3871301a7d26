"""`spikeloom models` and `spikeloom explain`."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from spikeloom.cli import app
from spikeloom.cli.models import find_model, known_models
from spikeloom.cli.quantities import read_time
from spikeloom.errors import ConfigError


def ask(*words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


def test_every_model_is_listed() -> None:
    told = ask("models")
    assert set(known_models()) >= {"LIF", "AdEx", "HodgkinHuxley"}
    assert all(name in told for name in known_models())


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
