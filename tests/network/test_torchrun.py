"""The same script in one process, in two under torchrun, and in four."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.network.everything import everything
from tests.network.torchrun_script import seen

pytest.importorskip("torch.distributed")
ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("torchrun_script.py")
PATIENCE = 300.0


def environment(**more: str) -> dict[str, str]:
    """Of a process that finds the package and the tests."""
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", **more}


def told(folder: Path, count: int) -> list[dict[str, Any]]:
    """What each process has written down."""
    files = [folder / f"told-{rank}-of-{count}.json" for rank in range(count)]
    return [json.loads(file.read_text()) for file in files]


def test_two_processes_of_torchrun_have_the_bits_of_one(tmp_path: Path) -> None:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [*launcher, "--nproc-per-node", "2", str(SCRIPT), str(tmp_path), "", "interrupt"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    two, alone = told(tmp_path, 2), seen(everything(threads=1), tmp_path, "")
    assert alone["ranks"] == 1 and alone["spikes"] > 20
    assert [each["ranks"] for each in two] == [2, 2]
    assert [each["bits"] for each in two] == [alone["bits"]] * 2
    # Ctrl-C at one of them has ended both, after the same step.
    assert two[0]["stopped"] == two[1]["stopped"] < 1_000_000
    assert not any(each["complete"] for each in two)


def test_four_processes_go_on_from_a_file_and_end_together(tmp_path: Path) -> None:
    """Started by hand, as another launcher would."""
    seen(everything(threads=1), tmp_path, "")
    first = str((tmp_path / "state-1").rename(tmp_path / "first"))
    expected = seen(everything(threads=1), tmp_path, first)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    given = {"WORLD_SIZE": "4", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    processes = [
        subprocess.Popen(
            [sys.executable, str(SCRIPT), str(tmp_path), first, "fail"],
            env=environment(RANK=str(rank), LOCAL_WORLD_SIZE="4", **given),
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(4)
    ]
    errors = [process.communicate(timeout=PATIENCE)[1] for process in processes]
    assert [each["bits"] for each in told(tmp_path, 4)] == [expected["bits"]] * 4, errors[0]
    # An error in one of them ends all, with its reason.
    assert all(process.returncode for process in processes)
    assert "ParameterError: run: duration: 0.05 ms is not a whole number of steps" in errors[1]
    for text in (errors[0], errors[2], errors[3]):
        assert "rank 1 of 4 has failed: run: ParameterError" in text
