"""The process on the other side: answers, faults, silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikeloom.bench import machine
from spikeloom.bench.rounds import take_turns
from spikeloom.bench.worker import SCRIPTS, Worker
from spikeloom.errors import BenchmarkError

HEAD = f"import sys, os, time\nsys.path.insert(0, {str(SCRIPTS)!r})\nimport loop\n"


def script(folder: Path, body: str) -> Path:
    path = folder / "side.py"
    path.write_text(HEAD + body)
    return path


def test_answers_are_not_mixed_with_what_libraries_print(tmp_path: Path):
    body = "def f(x):\n    print('noise'); os.system('echo noise')\n    return x + 1\n"
    with Worker(script(tmp_path, body + "loop.serve({'f': f})"), {}) as worker:
        assert worker.ask("f", x=1) == 2
        assert worker.ask("f", x=2) == 3


def test_a_fault_names_the_side_and_says_what_it_said(tmp_path: Path):
    path = script(tmp_path, "loop.serve({'f': lambda: 1 / 0})")
    with Worker(path, {"side": "peer"}) as worker, pytest.raises(BenchmarkError) as caught:
        worker.ask("f")
    assert "'peer'" in str(caught.value)
    assert "ZeroDivisionError" in str(caught.value)


def test_a_process_that_ends_is_an_error(tmp_path: Path):
    path = script(tmp_path, "sys.exit('no such library')")
    with Worker(path, {}) as worker, pytest.raises(BenchmarkError, match="no such library"):
        worker.ask("f")


def test_a_silent_process_is_given_up(tmp_path: Path):
    path = script(tmp_path, "loop.serve({'f': lambda: time.sleep(60)})")
    with Worker(path, {}, timeout=1) as worker, pytest.raises(BenchmarkError, match="silent"):
        worker.ask("f")


def test_peak_counts_what_a_run_holds_and_not_what_was_there(tmp_path: Path):
    body = (
        "before = bytearray(64 << 20)\n"
        "def big():\n    return os.urandom(1) * (32 << 20)\n"
        "loop.serve({'big': lambda: loop.peak_mb(big)[1], 'none': lambda: loop.peak_mb(int)[1]})"
    )
    with Worker(script(tmp_path, body), {}) as worker:
        assert 30 < worker.ask("big") < 40
        assert worker.ask("none") < 4


def test_turns_rotate_so_that_nobody_is_always_first():
    order: list[str] = []
    sides = {name: lambda name=name: order.append(name) or 0.0 for name in "abc"}
    times = take_turns(sides, 3)
    assert order == list("abcbcacab")
    assert {len(values) for values in times.values()} == {3}


def test_peers_are_found_from_the_folder_upwards(tmp_path: Path):
    python = tmp_path / ".venv-peers-sim" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    (tmp_path / "deep" / "er").mkdir(parents=True)
    assert machine.peer_python(".venv-peers-sim", tmp_path / "deep" / "er") == python
    assert machine.peer_python(".venv-no-such", tmp_path) is None


def test_threads_are_set_for_every_library():
    assert set(machine.thread_env(3).values()) == {"3"}
