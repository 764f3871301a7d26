"""The start benchmark: format and refusal; its workers run once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.bench.test_report import check_format

from spikeloom.bench import start
from spikeloom.errors import BenchmarkError, ConfigError


def test_without_peers_our_side_is_still_measured(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "start.json"
    parts = ("import", "first spike", "build")
    start.run(json=file, parts=parts, rounds=1, threads=1)
    data = json.loads(file.read_text())
    check_format(data)
    cases = [row["case"] for row in data["rows"]]
    assert cases[0] == "import spikeloom"
    assert len(cases) == 5
    assert data["rows"][1]["spikes"] > 0


def test_different_results_are_refused():
    marks = {"ours": {"loss": 1.0}, "peer": {"loss": 1.1}}
    with pytest.raises(BenchmarkError, match=r"loss is 1 and 1\.1"):
        start._agree(marks, ("loss",), "case", 1e-3)
    assert start._agree({"ours": {"loss": 1.0}}, ("loss",), "case", 1e-3) == {"loss": 1.0}


def test_an_unknown_part_is_named():
    with pytest.raises(ConfigError, match="imprt"):
        start.run(parts=["imprt"])
