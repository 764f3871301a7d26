"""The benchmark of trees proves its sides equal before it times them."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from spikeloom.bench import trees
from spikeloom.equations.units import nA
from spikeloom.errors import BenchmarkError


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "CELLS", 5)
    monkeypatch.setattr(trees, "STEPS", 20)
    monkeypatch.setattr(trees, "CASES", (trees.Case(1, False),))


def test_a_report_of_both_sides(tmp_path: Path) -> None:
    page = StringIO()
    trees.run(json=tmp_path / "trees.json", rounds=1, console=Console(file=page))
    (row,) = json.loads((tmp_path / "trees.json").read_text())["rows"]
    assert row["ns"].keys() == {"one cell", "float64", "float32"}
    assert all(ns > 0 for ns in row["ns"].values()) and row["ratio_to_best_peer"] > 0
    assert "4 compartments" in page.getvalue()


def test_another_cell_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    made = trees._network

    def wrong(cell: Any, dtype: Any) -> Any:
        net = made(cell, dtype)
        net.set(net.populations[0][2], I=0.31 * nA)
        return net

    monkeypatch.setattr(trees, "_network", wrong)
    with pytest.raises(BenchmarkError, match="not the cell alone"):
        trees.run(rounds=1, console=Console(file=StringIO()))
