"""`spikeloom train` and `predict` from end to end, in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file
from typer.testing import CliRunner, Result

from spikeloom.cli import app, tasks
from spikeloom.cli import train as cli_train
from spikeloom.data import load_digits
from spikeloom.errors import StorageError

COMMAND = [sys.executable, "-m", "spikeloom.cli"]


def ask(*words: str | Path) -> Result:
    """A command in this process: quicker, torch is imported once."""
    return CliRunner().invoke(app, [str(word) for word in words])


def go(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, words)], capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("runs") / "digits"
    done = go("train", "digits", "--epochs", "1", "--out", folder, "--threads", "1")
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("pictures")
    images = load_digits().test.inputs
    Image.fromarray((images[0] * 255).astype(np.uint8)).resize((64, 64), 0).save(folder / "a.png")
    np.save(folder / "b.npy", images[1])
    Image.fromarray(255 - (images[0] * 255).astype(np.uint8)).save(folder / "paper.png")
    return [folder / "a.png", folder / "b.npy", folder / "paper.png"]


def test_what_is_printed(trained: tuple[Path, str]) -> None:
    for words in ("test accuracy", "plain twin", "Hz", "synaptic events", "nJ", "0.9 pJ", "4.6 pJ"):
        assert words in trained[1]


def test_what_is_written(trained: tuple[Path, str]) -> None:
    folder = trained[0]
    metrics = json.loads((folder / "metrics.json").read_text())
    assert 0.5 < metrics["test_accuracy"] <= 1 and 0 < metrics["twin_test_accuracy"] <= 1
    assert metrics["mean_rate_hz"] > 0 and metrics["synaptic_events_per_sample"] > 0
    assert tomllib.loads((folder / "config.toml").read_text())["recipe"]["epochs"] == 1
    assert "--epochs 1" in (folder / "report.html").read_text(encoding="utf-8")
    assert len(list((folder / "figures").glob("*.png"))) == 5
    assert (folder / "weights.safetensors").stat().st_size > 1000


def test_predict_as_a_table_and_as_json(trained: tuple[Path, str], pictures: list[Path]) -> None:
    table = go("predict", trained[0], *pictures[:2])
    assert table.returncode == 0 and "confidence" in table.stdout and "steps" in table.stdout
    rows = json.loads(ask("predict", trained[0], *pictures[:2], "--json").stdout)
    assert [Path(row["image"]).name for row in rows] == ["a.png", "b.npy"]
    assert rows[0]["class"] == "0"
    assert all(1 <= row["latency_steps"] <= row["steps"] for row in rows)
    assert all(0 < row["confidence"] <= 1 for row in rows)


def test_dark_on_light_is_noticed(trained: tuple[Path, str], pictures: list[Path]) -> None:
    plain = ask("predict", trained[0], pictures[2])
    assert plain.exit_code == 0 and "--invert" in plain.stderr
    turned = ask("predict", trained[0], pictures[2], "--invert", "--json")
    assert turned.stderr == "" and json.loads(turned.stdout)[0]["class"] == "0"


def test_interrupted_and_resumed_is_the_same_to_the_bit(
    trained: tuple[Path, str], tmp_path: Path
) -> None:
    folder = tmp_path / "cut"
    child = subprocess.Popen(
        [*COMMAND, "train", "digits", "--epochs", "1", "--out", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not (folder / "seed-0" / "spiking").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.05)  # the epoch lasts longer, on any machine
    child.send_signal(signal.SIGINT)
    _, told = child.communicate(timeout=120)
    assert child.returncode == 130, told
    assert "interrupted" in told and f"--resume {folder}" in told and "Traceback" not in told
    assert not (folder / "metrics.json").exists()
    resumed = go("train", "--resume", folder, "--quiet")
    assert resumed.returncode == 0 and resumed.stdout == ""
    whole, cut = (load_file(place / "weights.safetensors") for place in (trained[0], folder))
    assert whole.keys() == cut.keys()
    assert all(np.array_equal(whole[name], cut[name]) for name in whole)


@pytest.mark.parametrize(
    "words, told",
    [
        (["train"], "spikeloom train digits"),
        (["train", "mnist"], "--data DIR"),
        (["train", "mnist"], "t10k-labels-idx1-ubyte.gz"),
        (["train", "fsdd"], "recordings.tar.gz"),
        (["train", "mnist", "--data", "nowhere"], "no such folder"),
        (["train", "fsdd", "--data", "nowhere"], "no such folder"),
        (["train", "digits", "--data", "x"], "needs no --data"),
        (["train", "digits", "--model", "attention"], "it has: fc, conv"),
        (["train", "mnist", "--split", "speakers"], "it has: official"),
        (["train", "--resume", "nowhere", "--model", "fc"], "--model cannot go with --resume"),
        (["train", "--resume", "nowhere"], "--out"),
        (["train", "--resume", "nowhere", "--epochs", "3"], "--epochs cannot go with --resume"),
        (["predict", "nowhere", "a.png"], "no such folder"),
    ],
)
def test_commands_that_cannot_work(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPIKELOOM_OFFLINE", "1")
    monkeypatch.setenv("SPIKELOOM_DATA", str(tmp_path / "no data"))
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1 and told in done.stderr and "Traceback" not in done.stderr
    assert os.listdir(tmp_path) == []


def test_a_run_is_not_replaced_by_accident(trained: tuple[Path, str], pictures: list[Path]) -> None:
    before = (trained[0] / "metrics.json").read_bytes()
    again = ask("train", "digits", "--out", trained[0])
    assert again.exit_code == 1 and "--resume" in again.stderr
    assert (trained[0] / "metrics.json").read_bytes() == before
    inside = ask("train", "digits", "--out", pictures[0] / "deeper")
    assert inside.exit_code == 1 and "Traceback" not in inside.stderr


def test_a_folder_without_weights(trained: tuple[Path, str], tmp_path: Path) -> None:
    assert "no training run" in ask("predict", tmp_path, "a.png").stderr
    (tmp_path / "config.toml").write_bytes((trained[0] / "config.toml").read_bytes())
    assert "--resume" in ask("predict", tmp_path, "a.png").stderr


def test_damaged_weights(trained: tuple[Path, str], pictures: list[Path], tmp_path: Path) -> None:
    for name in ("weights.safetensors", "config.toml"):
        (tmp_path / name).write_bytes((trained[0] / name).read_bytes()[:200])
    done = ask("predict", tmp_path, pictures[0])
    assert done.exit_code == 1 and "damaged" in done.stderr and "Traceback" not in done.stderr


def test_a_report_that_cannot_be_finished(
    trained: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    def full(*_: object) -> None:
        raise StorageError("report.html: no space.")

    for fault, code in ((stop, 130), (full, 1)):
        monkeypatch.setattr("spikeloom.show.write_report", fault)
        done = ask("train", "--resume", trained[0], "--quiet")
        assert done.exit_code == code and f"train --resume {trained[0]}" in done.stderr


def test_folds_from_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from spikeloom.data import k_fold, leave_one_group_out

    train = load_digits().train[:200]
    speakers = replace(train, groups=np.array(["ann", "bob", "cem", "dan"])[np.arange(200) % 4])
    folds = {
        "folds": [(str(k), part) for k, part in enumerate(k_fold(train, 2), start=1)],
        "speakers": list(leave_one_group_out(speakers))[:2],
    }
    monkeypatch.setattr(tasks, "SPLITS", {tasks.Task.digits: tuple(tasks.Split)})
    monkeypatch.setattr(cli_train, "read_task", lambda _task, _data, split, _n: folds[split])
    for split in folds:
        out = tmp_path / split
        words = ("train", "digits", "--epochs", "1", "--split", split, "--out", out)
        done = ask(*words)
        assert done.exit_code == 0, done.output
        assert "mean" in done.stdout and "plain twin" in done.stdout
        metrics = json.loads((out / "metrics.json").read_text())
        assert 0 <= metrics["test_accuracy"] <= 1 and len(metrics["folds"]) == 2
        for name in metrics["folds"]:
            page = (out / f"fold-{name}" / "report.html").read_text(encoding="utf-8")
            assert f"--split {split}" in page
        again = ask("train", "--resume", out, "--quiet")
        assert again.exit_code == 0 and json.loads((out / "metrics.json").read_text()) == metrics
        kept = tomllib.loads((out / "config.toml").read_text())
        assert kept["recipe"]["validate_by"] == ("group" if split == "speakers" else "class")


def test_the_doctor_looks_at_a_run(trained: tuple[Path, str], tmp_path: Path) -> None:
    done = ask("doctor", trained[0], "--samples", "32")
    assert done.exit_code == 0, done.output
    assert "hidden1" in done.output and "Nothing stands in the way" in done.output
    found = json.loads(ask("doctor", trained[0], "--json").stdout)
    assert found["healthy"] and found["readings"][0]["neurons"] == 256
    assert ask("doctor", tmp_path / "nowhere").exit_code == 1


def test_the_doctor_fails_where_nothing_fires(trained: tuple[Path, str], tmp_path: Path) -> None:
    from spikeloom.train.jobs.load import load_run
    from spikeloom.train.store.run_folder import RunFolder

    sick = tmp_path / "sick"
    sick.mkdir()
    for name in ("config.toml", "weights.safetensors"):
        (sick / name).write_bytes((trained[0] / name).read_bytes())
    tensors, record = RunFolder(sick).read_weights()
    for name in tensors:
        if name.startswith("weights1"):
            tensors[name] = tensors[name] * 0
    outcome = json.loads((trained[0] / "metrics.json").read_text())
    RunFolder(sick).finish(outcome, tensors, record)
    assert load_run(sick).net is not None
    done = ask("doctor", sick)
    assert done.exit_code == 3 and "no neuron fires" in done.output
    assert "scale_to_rate" in done.output


def test_two_processes_train_one_network(trained: tuple[Path, str], tmp_path: Path) -> None:
    """The digits' recipe draws nothing by chance in its layers: only rounding may differ."""
    out = tmp_path / "two"
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    words = ["train", "digits", "--epochs", "1", "--threads", "1", "--out", str(out)]
    done = subprocess.run(
        [*launcher, "--nproc-per-node", "2", "-m", "spikeloom.cli", *words],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("report.html to look at") == 1
    two, one = (json.loads((f / "metrics.json").read_text()) for f in (out, trained[0]))
    assert two["validation_accuracy"] == pytest.approx(one["validation_accuracy"], abs=0.03)
    assert two["mean_rate_hz"] == pytest.approx(one["mean_rate_hz"], rel=0.02)
    assert (out / "report.html").is_file()
