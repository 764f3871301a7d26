"""What the commands that draw share: where a figure goes, how it is written, what they say."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from spikeloom.errors import ConfigError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SILENT = 2.0
"""Seconds before anything is said."""


def place(given: Path | None, name: str, known: Sequence[str]) -> Path:
    """Where to write: what was given, or a new PNG; it is found out at once whether that works.

    Raises:
        ConfigError: A type of file that is not written.
        StorageError: It cannot be written there.
    """
    from spikeloom.files import check_writable

    if given is None:
        given, number = Path(f"{name}.png"), 1
        while given.exists():
            number += 1
            given = Path(f"{name}-{number}.png")
    if given.suffix.lower() not in known:
        types = ", ".join(suffix[1:] for suffix in known)
        got = f"{given.suffix!r}" if given.suffix else "no ending"
        raise ConfigError(
            f"--save {given}: the ending says what to write, {types}; got {got}.",
            hint=f"for example --save {given.stem or name}{known[0]}",
        )
    check_writable(given)
    return given


def write(target: Path, content: Figure | bytes, quiet: bool) -> None:
    """Write a figure in the type that the name says, or bytes as they are."""
    import typer

    from spikeloom.files import write_file

    write_file(target, content if isinstance(content, bytes) else rendered(content, target.suffix))
    if not quiet:
        typer.echo(str(target))


def rendered(figure: Figure, suffix: str) -> bytes:
    """A figure as PNG, SVG or PDF; the same figure gives the same bytes."""
    from io import BytesIO

    from spikeloom.show import png
    from spikeloom.show.style import styled

    if suffix.lower() == ".png":
        return png(figure)
    kind = suffix.lower()[1:]
    nothing: dict[str, Any] = {"Creator": None, "CreationDate": None, "Producer": None}
    if kind == "svg":
        nothing = {"Creator": None, "Date": None, "Format": None, "Type": None}
    target = BytesIO()
    with styled():
        figure.savefig(target, format=kind, metadata=nothing)
    return target.getvalue()


class Stages:
    """What is being done, once it takes longer than two seconds, with the time left where known.

    Arguments:
        show: False says nothing at all.
        total: Number of stages, where it is known.
    """

    def __init__(self, show: bool = True, total: int | None = None) -> None:
        self._show, self._total = show, total
        self._began = time.perf_counter()
        self._done, self._status = 0, None
        self._text = ""

    def __enter__(self) -> Self:
        from rich.console import Console

        console = Console(stderr=True)
        if self._show and console.is_terminal:
            self._status = console.status("")
        return self

    def __exit__(self, *error: object) -> None:
        if self._status is not None:
            self._status.stop()

    def next(self, what: str) -> None:
        """The next stage begins."""
        self._say(what, self._done, self._total)
        self._done += 1

    def part(self, done: int, total: int) -> None:
        """So many of the pictures are drawn."""
        self._say(f"drawing picture {done} of {total}", done, total)

    def _say(self, what: str, done: int, total: int | None) -> None:
        spent = time.perf_counter() - self._began
        if self._status is None:
            return
        left = f", about {spent / done * (total - done):.0f} s left" if total and done else ""
        self._status.update(f"{what} ({spent:.0f} s{left})")
        if spent > SILENT or not total:
            self._status.start()
