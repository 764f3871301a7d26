"""The benchmark of ticks proves its sides equal before it times them."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from spikeloom import LoihiNeuron
from spikeloom.bench import ticks
from spikeloom.errors import BenchmarkError


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "SIZE", 100)
    monkeypatch.setattr(ticks, "STEPS", 50)


def test_a_report_of_both_sides(tmp_path: Path) -> None:
    page = StringIO()
    report = ticks.run(json=tmp_path / "ticks.json", rounds=1, console=Console(file=page))
    rows = json.loads((tmp_path / "ticks.json").read_text())["rows"]
    assert len(report.rows) == len(rows) == 3
    assert all(row["ours_ns"] > 0 for row in rows)
    assert "Loihi" in page.getvalue()


def test_another_neuron_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = list(ticks.CASES)
    cases[1] = replace(cases[1], neuron=LoihiNeuron(du=409, dv=128, vth=100, bias=31))
    monkeypatch.setattr(ticks, "CASES", tuple(cases))
    with pytest.raises(BenchmarkError, match="Loihi"):
        ticks.run(rounds=1, console=Console(file=StringIO()))
