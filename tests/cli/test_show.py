"""`spikeloom show`, `spikeloom patterns` and `spikeloom gallery`: files, and words for mistakes."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spikeloom.cli import app
from spikeloom.cli.quantities import read_quantity
from spikeloom.equations.units import cm2, mS, ms, mV, nA, nS
from spikeloom.errors import ConfigError


def ask(*words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize(
    "ending, begins", [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_a_figure_is_written_as_its_name_says(tmp_path: Path, ending: str, begins: bytes) -> None:
    file = tmp_path / f"leaky.{ending}"
    short = ["--set", "tau=10ms", "--input", "0.3nA", "--duration", "40ms"]
    assert str(file) in ask("show", "lif", *short, "--save", str(file))
    assert file.read_bytes().startswith(begins)


def test_one_setting_for_several_parameters(tmp_path: Path) -> None:
    file = tmp_path / "chip.svg"
    ask("show", "truenorthneuron", "--set", "s=4,-1,0,0", "--set", "alpha=40", "--save", str(file))
    assert file.exists()


def test_a_spike_in_motion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from spikeloom import show

    monkeypatch.setattr(show, "animation", partial(show.animation, frames=3))
    file = tmp_path / "spike.gif"
    ask("show", "lif", "--input", "0.3nA", "--duration", "20ms", "--save", str(file), "--quiet")
    assert file.read_bytes().startswith(b"GIF89a")


def test_without_a_name_a_new_file_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "glif-levels.png").write_text("mine")
    assert ask("patterns", "glif").strip() == "glif-levels-2.png"
    assert (tmp_path / "glif-levels.png").read_text() == "mine"


def test_a_gallery_of_one(tmp_path: Path) -> None:
    ask("gallery", "--only", "three-neurons", "--out", str(tmp_path / "new"), "--quiet")
    assert (tmp_path / "new/three-neurons.png").stat().st_size < 100_000
    assert "three-neurons.png" in (tmp_path / "new/index.html").read_text()


@pytest.mark.parametrize(
    "words, told",
    [
        (["show", "liff"], "'LIF'"),
        (["show", "nmda"], "synapses"),
        (["show", "lif", "--set", "tua=3ms"], "did you mean 'tau'"),
        (["show", "lif", "--set", "tau=3mV"], "tau is a time in ms, got mV (voltage)"),
        (["show", "lif", "--set", "tau=3"], "a plain number"),
        (["show", "lif", "--set", "tau"], "--set tau=10ms"),
        (["show", "lif", "--set", "tau=fast"], "not a number with a unit"),
        (["show", "lif", "--set", "tau=3mss"], "'mss' is not known"),
        (["show", "lif", "--set", "tau=-3ms"], "above 0"),
        (["show", "truenorthneuron", "--set", "s=4,1"], "s stands for 4 values, got 2"),
        (["show", "truenorthneuron", "--set", "s=300"], "s0 must be a whole number in int9"),
        (["show", "truenorthneuron", "--set", "alpha=-3"], "from 0 to 262143; got -3"),
        (["show", "lif", "--input", "3mV"], "in nA"),
        (["show", "lif", "--into", "J"], "no input 'J'"),
        (["show", "lif", "--duration", "5"], "a number and a unit"),
        (["show", "lif", "--save", "a.bmp"], "png, svg, pdf, gif"),
        (["show", "lif", "--save", "picture"], "no ending"),
        (["show", "lif", "--save", "/proc/none/a.png"], "cannot write"),
        (["show", "lif", "--pattern", "tonic"], "no named patterns"),
        (["show", "adex", "--pattern", "tonc"], "'tonic'"),
        (["show", "adex", "--pattern", "tonic", "--input", "1nA"], "leave out --input"),
        (["patterns", "lif"], "no named patterns"),
        (["patterns", "adex", "--which", "cells"], "'cells'"),
        (["patterns", "adex", "--save", "a.gif"], "png, svg, pdf"),
        (["gallery", "--only", "adx"], "'adex'"),
    ],
)
def test_mistakes_are_answered_in_words(words: list[str], told: str) -> None:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1 and told in done.stderr, done.stderr


def test_quantities_as_people_type_them() -> None:
    typed = {"10ms": 10 * ms, "-65 mV": -65 * mV, "0.5 mS/cm2": 0.5 * mS / cm2, "0.3*nA": 0.3 * nA,
             "1e-1ms": 0.1 * ms, "2": 2.0, ".5nS": 0.5 * nS, "0.02/ms": 0.02 / ms, "−5mV": -5 * mV,
             "8 mV/ms": 8 * mV / ms, "10µs": 0.01 * ms}  # fmt: skip
    for text, value in typed.items():
        assert read_quantity(text) == value
    for bad in ("", "ms", "1..2ms", "3 parsec", "1e999ms", "__import__('os')"):
        with pytest.raises(ConfigError):
            read_quantity(bad)
