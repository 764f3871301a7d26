"""Object code on disk: reused without compiling, never trusted when damaged, safe to race for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.engines.cpu.setting import setting

from spikeloom.engines.cpu import CPU, cache, library

WORKER = """
from tests.engines.cpu.setting import setting
from spikeloom.engines.cpu import CPU
s = setting()
f = CPU().forward(s.program, s.coefs, s.inputs, s.state, s.steps)
print(int(f.out.sum()))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cold cache, on disk and in memory."""
    monkeypatch.setenv("SPIKELOOM_CACHE", str(tmp_path))
    library._prepare.cache_clear()
    return tmp_path / "cpu"


def spikes() -> int:
    s = setting()
    return int(CPU().forward(s.program, s.coefs, s.inputs, s.state, s.steps).out.sum())


def again() -> int:
    """As in a new process: nothing is kept in memory."""
    library._prepare.cache_clear()
    return spikes()


def test_a_second_process_does_not_compile(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = spikes()
    assert len(list(folder.glob("*.o"))) == 1

    def refuse(*_: object) -> bytes:
        raise AssertionError("compiled although the code is in the cache")

    monkeypatch.setattr(library, "compile_text", refuse)
    monkeypatch.setattr(library, "write_kernel", refuse)
    assert again() == first


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other"])
def test_a_damaged_file_is_replaced(folder: Path, damage: str) -> None:
    first = spikes()
    (path,) = folder.glob("*.o")
    good = path.read_bytes()
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 1
    bad = {"cut": good[:-100], "flip": bytes(flipped), "empty": b"", "other": b"no such thing" * 9}
    path.write_bytes(bad[damage])
    assert again() == first
    assert path.read_bytes() == good


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs file owners")
def test_a_file_that_others_may_write_is_not_run(folder: Path) -> None:
    spikes()
    (path,) = folder.glob("*.o")
    assert cache.read(path.stem) is not None
    path.chmod(0o666)
    assert cache.read(path.stem) is None


def test_a_folder_that_cannot_be_written_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("SPIKELOOM_CACHE", str(blocked))
    assert again() > 0
    assert not cache.write("name", b"code")


def test_two_processes_race_for_a_cold_cache(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    env = os.environ | {"SPIKELOOM_CACHE": str(tmp_path)}
    path = os.pathsep.join([str(root), str(root / "src")])
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER], env=env | {"PYTHONPATH": path}, stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    answers = [run.communicate(timeout=120)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert answers[0] == answers[1] == f"{spikes()}\n"
    assert len(list((tmp_path / "cpu").iterdir())) == 1


def test_the_key_depends_on_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    from spikeloom.engines.cpu.host import Host

    host = Host("cpu", "+fma")
    keys = {
        cache.key("program", "variant", host),
        cache.key("other", "variant", host),
        cache.key("program", "other", host),
        cache.key("program", "variant", Host("other", "+fma")),
        cache.key("program", "variant", Host("cpu", "+avx")),
    }
    monkeypatch.setattr(cache, "engine_version", lambda: "changed")
    keys.add(cache.key("program", "variant", host))
    assert len(keys) == 6


def test_importing_spikeloom_does_not_load_llvm() -> None:
    code = "import spikeloom.engines.cpu, sys; print('llvmlite' in sys.modules)"
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(root / "src")},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == "False\n"
