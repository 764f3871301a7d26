"""What the command line says when something goes wrong, and the exit code that goes with it.

====  ===========================================================
 0    done
 1    an error with a message: what happened and the way out
 2    the command was not understood
 3    `spikeloom doctor` found something grave
 70   a fault of spikeloom itself
 130  interrupted with Ctrl-C
====  ===========================================================
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from spikeloom.errors import SpikeloomError

FAILED, FAULT, INTERRUPTED = 1, 70, 130


class Guarded(TyperGroup):
    """A command group that turns exceptions into messages; ``--debug`` may stand anywhere."""

    def main(self, args: Sequence[str] | None = None, *more: Any, **options: Any) -> Any:
        """Run a command line; exceptions end as a message and an exit code."""
        words = list(sys.argv[1:] if args is None else args)
        ours = words[: words.index("--")] if "--" in words else words
        debug = "--debug" in ours or os.environ.get("SPIKELOOM_DEBUG", "") not in ("", "0")
        words = [word for word in ours if word != "--debug"] + words[len(ours) :]
        try:
            return super().main(words, *more, **options)
        except BrokenPipeError:
            _close_quietly()  # the reader of our output, say `head`, has seen enough
        except Exception as error:
            _fail(error, debug)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; Ctrl-C is told here, before typer swallows it."""
        try:
            with ctrl_c():
                return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            say("interrupted", str(stop) or "stopped by Ctrl-C", None)
            raise typer.Exit(INTERRUPTED) from stop


@contextmanager
def ctrl_c() -> Iterator[None]:
    """Whatever fails after Ctrl-C ends as KeyboardInterrupt.

    Some packages swallow the interrupt while they are being imported and fail with an error of
    their own a moment later; nobody who pressed Ctrl-C wants to hear about that.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread receives signals
        return
    pressed = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        pressed.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    except Exception as error:
        if pressed.is_set():
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGINT, before)


def say(word: str, message: str, hint: str | None) -> None:
    """One message on stderr, its first word in colour on a terminal, never wrapped or reflowed."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(Text.assemble((f"{word}:", "bold red"), " ", message))
    if hint:
        console.print(Text.assemble((" hint:", "bold"), " ", hint))


def _fail(error: Exception, debug: bool) -> NoReturn:
    if debug:
        traceback.print_exception(error)
    if isinstance(error, SpikeloomError):
        say("error", error.message, error.hint)
        sys.exit(FAILED)
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error):  # torch's way
        say("error", "there is not enough memory.", "close other programs, or use a smaller batch")
        sys.exit(FAILED)
    if isinstance(error, ModuleNotFoundError) and (extra := _extra(error.name or "")):
        say(
            "error",
            f"this command needs the package {error.name!r}, which is not installed.",
            f"install it with: pip install 'spikeloom[{extra}]'",
        )
        sys.exit(FAILED)
    say(
        "sorry",
        f"spikeloom made a mistake ({type(error).__name__}: {error}).",
        None if debug else "run the same command with --debug to see where, and please report it",
    )
    sys.exit(FAULT)


def _extra(module: str) -> str | None:
    """The extra that brings an optional package."""
    extras = {"torch": "train", "safetensors": "train", "matplotlib": "plot", "PIL": "data"}
    return extras.get(module.partition(".")[0])


def _close_quietly() -> NoReturn:
    """Leave without Python's complaint that it cannot flush a closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(FAILED)
