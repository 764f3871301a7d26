"""`spikeloom bench` hands exactly the options that were given to the benchmark."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from spikeloom.cli import app


@pytest.mark.parametrize(
    "words, name, given",
    [
        (["neuron"], "neuron", {}),
        (
            ["neuron", "--against", "snntorch, norse", "--json", "a.json"],
            "neuron",
            {"against": ("snntorch", "norse"), "json": Path("a.json")},
        ),
        (["step", "--rounds", "3"], "step", {"rounds": 3}),
        (["start", "--threads", "1"], "start", {"threads": 1}),
        (
            ["train", "--case", "recurrent,fsdd", "--against", "norse", "--seed", "1"],
            "train",
            {"case": ("recurrent", "fsdd"), "against": ("norse",), "seed": 1},
        ),
        (["noise", "--rounds", "2"], "noise", {"rounds": 2}),
        (["ticks", "--rounds", "2"], "ticks", {"rounds": 2}),
        (["network"], "network", {"case": ("all",), "threads": 1}),
        (
            ["network", "--case", "cuba, coba", "--against", "nest", "--scale", "0.5"],
            "network",
            {"case": ("cuba", "coba"), "against": ("nest",), "scale": 0.5, "threads": 1},
        ),
    ],
)
def test_options_reach_the_benchmark(
    words: list[str], name: str, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}
    module = importlib.import_module(f"spikeloom.bench.{name}")
    monkeypatch.setattr(module, "run", lambda **options: seen.update(options))
    done = CliRunner().invoke(app, ["bench", *words])
    assert done.exit_code == 0, done.output
    assert seen == given


def test_a_file_that_cannot_be_written_is_told_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    module = importlib.import_module("spikeloom.bench.step")
    monkeypatch.setattr(module, "run", lambda **_: pytest.fail("it ran"))
    done = CliRunner().invoke(app, ["bench", "step", "--json", str(tmp_path / "file" / "a.json")])
    assert done.exit_code == 1 and "cannot write" in done.stderr
