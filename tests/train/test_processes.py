"""Several processes train what one would train with the whole batch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.train.joint_script import trained

from spikeloom.errors import ParameterError
from spikeloom.train.loop.processes import Part, Processes, check_size

pytest.importorskip("torch.distributed")
ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("joint_script.py")


def launch(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")])
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    return subprocess.run(
        [*launcher, "--nproc-per-node", "2", str(SCRIPT), str(folder), *more],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_two_processes_end_where_one_ends(tmp_path: Path) -> None:
    done = launch(tmp_path)
    assert done.returncode == 0, done.stderr
    two = [json.loads((tmp_path / f"found-{rank}.json").read_text()) for rank in (0, 1)]
    one = trained(tmp_path / "alone")
    for found in two:
        for name in ("losses", "accuracies", "validation", "weights"):
            for a, b in zip(found[name], one[name], strict=True):
                assert a == pytest.approx(b, rel=1e-9, abs=1e-12), name
    assert two[0]["weights"] == two[1]["weights"]  # to the bit: they must not drift apart
    assert (tmp_path / "run" / "checkpoint.safetensors").is_file()


def test_a_process_that_fails_ends_the_others(tmp_path: Path) -> None:
    done = launch(tmp_path, "bad")
    assert done.returncode != 0
    assert "ShapeError" in done.stderr


@given(count=st.integers(0, 50), size=st.integers(1, 9))
def test_every_sample_belongs_to_one_process(count: int, size: int) -> None:
    parts = [Processes(rank, size).bounds(count) for rank in range(size)]
    assert parts[0][0] == 0 and parts[-1][1] == count
    assert all(a[1] == b[0] for a, b in pairwise(parts))
    sizes = [high - low for low, high in parts]
    assert max(sizes) - min(sizes) <= 1
    turns = [list(Processes(rank, size).turns(range(count))) for rank in range(size)]
    assert sorted(n for turn in turns for n in turn) == list(range(count))


def test_an_encoder_sees_the_whole_batch() -> None:
    x = torch.rand(5, 3)
    part = Part(lambda y, draw=0: y.unsqueeze(0) + draw, 1, 4)
    assert torch.equal(part(x, 2), (x[1:4] + 2).unsqueeze(0))


def test_a_batch_needs_a_sample_for_each() -> None:
    with pytest.raises(ParameterError, match="batch of 3 cannot be divided between 4"):
        check_size(3, 4)
