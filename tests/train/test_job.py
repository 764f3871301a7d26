from __future__ import annotations

import json
import os
import signal
import tomllib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch

from spikeloom.errors import (
    CheckpointError,
    NumericsError,
    ParameterError,
    ShapeError,
    StorageError,
)
from spikeloom.files import hold_folder
from spikeloom.train.jobs.job import run
from spikeloom.train.jobs.load import load_run
from spikeloom.train.recipes import DIGITS, FullyConnected
from spikeloom.train.store.run_folder import RunFolder

RECIPE = replace(DIGITS, model=FullyConnected((16,)), epochs=2, batch_size=32, validation=0.25)


@dataclass
class Part:
    inputs: np.ndarray
    targets: np.ndarray
    classes: tuple[str, ...] = ("left", "right", "both")


@dataclass
class Both:
    train: Any
    test: Any


@pytest.fixture(scope="module")
def images() -> Both:
    """Bars in 4 x 4 images."""

    def part(n: int, key: int) -> Part:
        chance = np.random.default_rng(key)
        targets = np.arange(n) % 3
        inputs = 0.2 * chance.random((n, 4, 4), dtype=np.float32)
        inputs[targets != 1, :, 0] += 0.7
        inputs[targets != 0, :, 3] += 0.7
        return Part(inputs, targets)

    return Both(part(96, 0), part(30, 1))


def same(a, b) -> bool:
    return all(torch.equal(x, b[name]) for name, x in a.items()) and a.keys() == b.keys()


def test_a_run_writes_all_it_promises(images, tmp_path):
    outcome = run(RECIPE, images, seeds=(0, 3), out=tmp_path / "run", show="quiet")
    folder = RunFolder(tmp_path / "run")
    metrics = json.loads(folder.metrics.read_text())
    assert metrics["seeds"] == [0, 3]
    for name in ("test_accuracy", "twin_test_accuracy"):
        assert 0 <= metrics[name] <= 1 and len(metrics[f"{name}_per_seed"]) == 2
        assert metrics[name] == pytest.approx(np.mean(metrics[f"{name}_per_seed"]))
        assert metrics[f"{name}_sd"] == pytest.approx(np.std(metrics[f"{name}_per_seed"], ddof=1))
    assert metrics["mean_rate_hz"] > 0 and metrics["synaptic_events_per_sample"] > 0
    assert metrics["energy_constants"]["accumulate_pj"] == 0.9
    assert len(metrics["per_seed"][0]["spiking"]["history"]["epochs"]) == 2
    config = tomllib.loads(folder.config.read_text())
    assert (
        config["seeds"] == [0, 3]
        and config["recipe"]["model"] == "FullyConnected(hidden=(16,), dropout=0.0)"
    )
    loaded = load_run(tmp_path / "run")
    assert loaded.recipe == RECIPE and loaded.classes == ("left", "right", "both")
    assert same(loaded.net.state_dict(), outcome.net.state_dict())
    made = loaded.predict(torch.from_numpy(images.test.inputs))
    assert np.array_equal(made.labels.numpy(), outcome.best.spiking.test.labels)
    with pytest.raises(ShapeError, match="trained on digits"):
        loaded.predict(torch.rand(1, 8, 8))


def test_repeating_the_configuration_repeats_the_bits(images, tmp_path):
    run(RECIPE, images, out=tmp_path / "a", show="quiet")
    recipe, seeds, _ = RunFolder(tmp_path / "a").read_config()
    run(recipe, images, seeds=seeds, out=tmp_path / "b", show="quiet")
    for name in ("metrics.json", "weights.safetensors", "config.toml"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


class StopAfter:
    def __init__(self, count):
        self.left = count

    def start(self, title, epochs, steps, done): ...

    def epoch(self, epoch): ...

    def close(self): ...

    def batch(self, samples, loss=None):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("batches", [1, 3, 5, 9])
def test_a_resumed_run_ends_in_the_same_bits(images, tmp_path, batches):
    whole, part = tmp_path / "whole", tmp_path / "part"
    run(RECIPE, images, seeds=(0, 1), out=whole, show="quiet")
    with pytest.raises(KeyboardInterrupt):
        run(RECIPE, images, seeds=(0, 1), out=part, show=StopAfter(batches))
    assert not (part / "metrics.json").exists()
    with pytest.raises(CheckpointError, match=r"not finished"):
        load_run(part)
    run(RECIPE, images, seeds=(0, 1), resume=part, show="quiet")
    for name in ("metrics.json", "weights.safetensors", "config.toml"):
        assert (whole / name).read_bytes() == (part / name).read_bytes()


def test_resume_knows_its_own_recipe(images, tmp_path):
    run(RECIPE, images, out=tmp_path, show="quiet")
    with pytest.raises(CheckpointError, match="another recipe or other seeds"):
        run(replace(RECIPE, epochs=3), images, resume=tmp_path, show="quiet")
    with pytest.raises(CheckpointError, match="another recipe or other seeds"):
        run(RECIPE, images, seeds=(1,), resume=tmp_path, show="quiet")
    with pytest.raises(CheckpointError, match="no folder of a training run"):
        run(RECIPE, images, resume=tmp_path / "x", show="quiet")
    for seeds in ((), (1, 1)):
        with pytest.raises(ParameterError, match="seed"):
            run(RECIPE, images, seeds=seeds)


def test_what_stands_in_the_folder_is_safe(tmp_path):
    other = tmp_path / "photos"
    other.mkdir()
    (other / "cat.png").write_bytes(b"x")
    with pytest.raises(StorageError, match="left alone"):
        RunFolder(other).start(RECIPE, [0], {}, overwrite=True)
    with pytest.raises(StorageError, match="a file stands there"):
        RunFolder(other / "cat.png").start(RECIPE, [0], {})
    mine = RunFolder(tmp_path / "run")
    mine.start(RECIPE, [0], {})
    with pytest.raises(StorageError, match="holds a training run already"):
        mine.start(RECIPE, [0], {})
    (mine.path / "report.html").write_text("of the run before")
    mine.start(RECIPE, [1], {"data_folder": "somewhere"}, overwrite=True)
    assert not (mine.path / "report.html").exists()
    assert mine.read_config()[1:] == ([1], {"data_folder": "somewhere"})


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("format = 1", "format = 2", "format 2, this version reads 1"),
        ('kind = "training run"', 'kind = "x"', "not the configuration"),
        ("format = 1", "format = ", "cannot be read"),
        ("seeds = [0]", "", "seeds"),
        ("[recipe]", "[other]", "recipe"),
        ("LIF(", "LIFE(", "LIF"),
        ("LIF(", "open(", "open"),
    ],
)
def test_a_changed_configuration_is_refused(tmp_path, before, after, message):
    folder = RunFolder(tmp_path / "run")
    folder.start(RECIPE, [0], {})
    text = folder.config.read_text()
    assert before in text
    folder.config.write_text(text.replace(before, after))
    with pytest.raises(CheckpointError, match=message):
        folder.read_config()


def test_a_full_disk_leaves_the_last_checkpoint(images, tmp_path, monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        run(RECIPE, images, out=tmp_path, show=StopAfter(2))
    kept = (tmp_path / "seed-0" / "spiking" / "checkpoint.safetensors").read_bytes()

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space"):
        run(RECIPE, images, resume=tmp_path, show="quiet")
    monkeypatch.undo()
    assert (tmp_path / "seed-0" / "spiking" / "checkpoint.safetensors").read_bytes() == kept
    run(RECIPE, images, resume=tmp_path, show="quiet")
    assert (tmp_path / "metrics.json").exists()


def test_a_damaged_checkpoint_is_named(images, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(RECIPE, images, out=tmp_path, show=StopAfter(2))
    path = tmp_path / "seed-0" / "spiking" / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(CheckpointError, match="file is damaged or cut short"):
        run(RECIPE, images, resume=tmp_path, show="quiet")


def test_data_that_cannot_be_used_leave_no_folder(images, tmp_path):
    bad = Both(Part(images.train.inputs * np.nan, images.train.targets), images.test)
    with pytest.raises(NumericsError):
        run(RECIPE, bad, out=tmp_path / "run", show="quiet")
    assert list(tmp_path.iterdir()) == []


def test_two_runs_cannot_write_to_one_folder(images, tmp_path):
    with hold_folder(tmp_path), pytest.raises(StorageError, match="another process"):
        run(RECIPE, images, out=tmp_path, show="quiet")
