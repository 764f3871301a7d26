"""`spikeloom simulate` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from spikeloom.cli import app


def test_a_run_folder_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    words = "simulate cuba --scale 0.05 --seconds 0.02 --engine reference --out"
    done = CliRunner().invoke(app, [*words.split(), str(folder)])
    assert done.exit_code == 0, done.output
    assert "5 to 7" in done.output and "hold at scale 1" in done.output
    told = json.loads((folder / "statistics.json").read_text())
    assert told["neurons"] == 200 and told["simulated_ms"] == 20
    rows = (folder / "spikes.csv").read_text().splitlines()
    assert rows[0] == "time_ms,neuron"
    assert (folder / "raster.png").read_bytes()[:4] == b"\x89PNG"
    again = CliRunner().invoke(app, [*words.split(), str(folder)])
    assert again.exit_code == 1


def test_an_unknown_network_is_named() -> None:
    assert CliRunner().invoke(app, ["simulate", "cubba"]).exit_code == 1
