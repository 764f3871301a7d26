"""The command line around the commands: messages, exit codes, help, start-up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from spikeloom.cli import app
from spikeloom.cli.guard import Guarded, ctrl_c
from spikeloom.errors import DataError

COMMAND = [sys.executable, "-m", "spikeloom.cli"]


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=120,
        check=False,
    )


def trial(error: BaseException) -> typer.Typer:
    """An app with one command that fails in a given way."""
    made = typer.Typer(cls=Guarded, pretty_exceptions_enable=False)

    @made.callback()
    def root() -> None: ...

    @made.command()
    def go() -> None:
        raise error

    return made


@pytest.mark.parametrize(
    "error, code, words",
    [
        (DataError("file x is cut short.", hint="fetch it again"), 1, "hint: fetch it again"),
        (MemoryError(), 1, "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 TB"), 1, "not enough memory"),
        (ModuleNotFoundError("no torch", name="torch"), 1, "spikeloom[train]"),
        (ZeroDivisionError("by zero"), 70, "--debug"),
        (KeyboardInterrupt("saved in runs/x"), 130, "interrupted: saved in runs/x"),
        (KeyboardInterrupt(), 130, "stopped by Ctrl-C"),
    ],
)
def test_failures_are_told_without_a_traceback(error, code: int, words: str) -> None:
    done = CliRunner().invoke(trial(error), ["go"])
    assert done.exit_code == code
    assert words in done.stderr and "Traceback" not in done.output


@pytest.mark.parametrize("words", [["go", "--debug"], ["--debug", "go"]])
def test_debug_shows_the_traceback_wherever_it_stands(words: list[str]) -> None:
    done = CliRunner().invoke(trial(ZeroDivisionError("by zero")), words)
    assert done.exit_code == 70 and "Traceback" in done.stderr


def test_debug_by_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPIKELOOM_DEBUG", "1")
    assert "Traceback" in CliRunner().invoke(trial(DataError("no")), ["go"]).stderr


def test_debug_after_two_dashes_is_not_ours() -> None:
    assert (
        "Traceback"
        not in CliRunner().invoke(trial(DataError("no")), ["go", "--", "--debug"]).stderr
    )


def test_messages_keep_their_lines_and_brackets() -> None:
    message = "a [bold]long[/bold] path " + "x" * 200
    assert message in CliRunner().invoke(trial(DataError(message)), ["go"]).stderr


@pytest.mark.parametrize("command", ["train", "predict", "explain", "models", "bench"])
def test_help_has_words_and_an_example(command: str) -> None:
    done = CliRunner().invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert f"spikeloom {command}" in done.stdout or "make bench-peers" in done.stdout


def test_exit_codes_of_a_real_process() -> None:
    assert run("version").returncode == 0
    assert run("frobnicate").returncode == 2
    wrong = run("explain", "lfi")
    assert wrong.returncode == 1
    assert "did you mean 'LIF'?" in wrong.stderr and wrong.stdout == ""


def test_a_closed_pipe_is_no_drama() -> None:
    words = " ".join([*COMMAND, "explain", "HodgkinHuxley"])
    done = subprocess.run(
        ["bash", "-c", f"{words} | head -1"], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("HodgkinHuxley") and "Traceback" not in done.stderr


def test_help_and_version_import_nothing_heavy() -> None:
    code = (
        "import sys; from spikeloom.cli import app\n"
        "try: app(['--help'])\nexcept SystemExit: pass\n"
        "print([m for m in ('torch','sympy','llvmlite','matplotlib','numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


def test_ctrl_c_before_anything_was_saved(tmp_path: Path) -> None:
    code = (
        "import typer, time; from spikeloom.cli.guard import Guarded\n"
        "a = typer.Typer(cls=Guarded)\n"
        "@a.callback()\ndef root(): ...\n"
        "@a.command()\ndef go(): print('ready', flush=True); time.sleep(60)\n"
        "a(['go'])"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    _, told = child.communicate(timeout=30)
    assert child.returncode == 130 and "interrupted" in told and "Traceback" not in told


def test_an_error_in_the_wake_of_ctrl_c_is_ctrl_c() -> None:
    with pytest.raises(KeyboardInterrupt), ctrl_c():
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise AttributeError("half-imported") from None
    with pytest.raises(AttributeError), ctrl_c():
        raise AttributeError("not interrupted")
