"""The benchmark of noise proves its sides alike before it times them."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from spikeloom.bench import noise
from spikeloom.equations.units import kHz, mV
from spikeloom.errors import BenchmarkError
from spikeloom.models import DiffusionLIF, PoissonNeuron


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise, "SIZE", 2000)
    monkeypatch.setattr(noise, "STEPS", 300)


@pytest.mark.usefixtures("small")
def test_a_report_of_both_sides(tmp_path: Path) -> None:
    page = StringIO()
    report = noise.run(json=tmp_path / "noise.json", rounds=1, console=Console(file=page))
    rows = json.loads((tmp_path / "noise.json").read_text())["rows"]
    assert len(report.rows) == len(rows) == 4
    assert all(row["ours_ns"] > 0 and row["numpy_ns"] > 0 for row in rows)
    assert "white noise" in page.getvalue()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("place", "other", "word"),
    [
        (0, DiffusionLIF(sigma=3.6 * mV), "spread"),
        (0, DiffusionLIF(E=-64 * mV, sigma=3 * mV), "mean"),
        (1, PoissonNeuron(rate=0.011 * kHz), "differs"),
    ],
)
def test_another_neuron_is_noticed(
    place: int, other: Any, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = list(noise.CASES)
    cases[place] = replace(cases[place], neuron=other)
    monkeypatch.setattr(noise, "CASES", tuple(cases))
    with pytest.raises(BenchmarkError, match=word):
        noise.run(rounds=1, console=Console(file=StringIO()))
