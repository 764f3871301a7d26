"""The JSON format and the table."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from spikeloom.bench.report import Report, Row, seconds
from spikeloom.errors import StorageError

FIELDS = {
    "case",
    "ours_s",
    "peers",
    "ratio_to_best_peer",
    "max_abs_error",
    "ours_peak_mb",
    "peers_peak_mb",
}
ROW = Row(
    case="tiny",
    ours_s=0.5,
    peers={"slow": 4.0, "fast": 2.0},
    max_abs_error=1e-7,
    ours_peak_mb=1.0,
    peers_peak_mb={"slow": 8.0, "fast": 4.0},
    extra={"copy_s": 0.25},
)


def check_format(data: dict) -> None:
    """What every benchmark's JSON holds."""
    assert {"name", "machine", "rows"} <= set(data)
    for row in data["rows"]:
        assert set(row) >= FIELDS
        assert isinstance(row["ours_s"], float)
        assert all(isinstance(value, float) for value in row["peers"].values())


def test_json_holds_the_shared_fields_and_extras(tmp_path: Path):
    Report("neuron", {"cores": 2}, (ROW,)).write(tmp_path / "a.json")
    data = json.loads((tmp_path / "a.json").read_text())
    check_format(data)
    assert data["rows"][0]["copy_s"] == 0.25


def test_the_fastest_peer_counts_for_time_and_memory():
    assert ROW.best_peer == "fast"
    assert ROW.ratio_to_best_peer == 4.0
    assert ROW.memory_ratio == 0.25


def test_without_peers_there_is_no_ratio():
    row = Row("alone", 0.5)
    assert row.ratio_to_best_peer is None
    assert row.memory_ratio is None
    check_format(Report("step", {}, (row,)).to_dict())


def test_a_file_in_the_way_is_an_error_with_a_way_out(tmp_path: Path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(StorageError):
        Report("step", {}, ()).write(tmp_path / "taken" / "a.json")


def test_table_shows_both_sides():
    text = io.StringIO()
    Report("neuron", {}, (ROW,), ("a note",)).show(Console(file=text, width=100))
    for piece in ("tiny", "500 ms", "fast 2 s", "4.00", "1.0 / 4.0", "a note"):
        assert piece in text.getvalue()


@pytest.mark.parametrize(
    ("value", "text"), [(2.0, "2 s"), (0.02, "20 ms"), (3e-5, "30 us"), (4e-9, "4 ns"), (0, "0 ns")]
)
def test_seconds(value: float, text: str):
    assert seconds(value) == text
