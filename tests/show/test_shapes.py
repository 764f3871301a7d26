"""Ramps, pulses, noise and recorded currents reach the figure and the command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from spikeloom import lab
from spikeloom.cli.app import app
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError
from spikeloom.models import LIF, TrueNorthNeuron
from spikeloom.show import model
from spikeloom.show.shapes import SHAPES, recorded
from spikeloom.show.trial import trial


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_drawn(shape: str) -> None:
    tried = trial(LIF(), 0.3, duration=100.0, shape=shape)
    found = lab.response(LIF(), tried.input, 100 * ms)
    inside = (found.times > tried.onset) & (found.times < tried.offset)
    current = found.input[inside]
    expected = {"step": (0.3, 0.0), "ramp": (0.15, 0.0866), "pulses": (0.15, 0.15)}
    if shape in expected:
        mean, spread = expected[shape]
        assert current.mean() == pytest.approx(mean, abs=0.005)
        assert current.std() == pytest.approx(spread, abs=0.005)
    else:  # of 15 times its memory: four standard errors
        assert abs(current.mean() - 0.3) < 4 * 0.15 * np.sqrt(2 * 5 / 75)


def test_a_recorded_current(tmp_path: Path) -> None:
    file = tmp_path / "current.csv"
    rows = [f"{0.1 * k:.1f}, {0.2 + 0.1 * (k > 200)}" for k in range(400)]
    file.write_text("# time (ms), I (nA)\n" + "\n".join(rows))
    wave, length = recorded(file, LIF.definition.inputs[0])
    assert length == pytest.approx(40)
    assert model(LIF(), shape=wave, duration=length * ms).axes
    found = lab.response(LIF(), trial(LIF(), shape=wave, duration=length).input, length * ms)
    assert (found.input[0], found.input[-1]) == (0.2, pytest.approx(0.3))
    done = CliRunner().invoke(
        app, ["show", "lif", "--shape", str(file), "--save", str(tmp_path / "a.png"), "-q"]
    )
    assert done.exit_code == 0, done.output
    assert (tmp_path / "a.png").read_bytes()[1:4] == b"PNG"


@pytest.mark.parametrize("text", ["", "a, b", "0, 1\n1, 2\n3, 3", "0, 1", "0, 1\n1, nan", "1\n2"])
def test_files_that_are_no_recording(text: str, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(ParameterError, match=r"bad\.csv"):
        recorded(tmp_path / "bad.csv", LIF.definition.inputs[0])


def test_shapes_that_do_not_suit() -> None:
    with pytest.raises(ParameterError, match="no shape 'rampe'"):
        trial(LIF(), 0.3, duration=100.0, shape="rampe")
    with pytest.raises(ParameterError, match="no shape over time"):
        trial(TrueNorthNeuron(), 3, duration=100.0, shape="ramp")
