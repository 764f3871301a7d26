"""Showing how training goes: a live line on a terminal, one line an epoch elsewhere, or nothing."""

from __future__ import annotations

import time
from typing import Any, Literal, Protocol, TypeAlias

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from spikeloom.errors import ParameterError
from spikeloom.train.loop.history import Epoch
from spikeloom.train.memory.plan import MemoryPlan
from spikeloom.train.memory.table import show_plan


class Reporter(Protocol):
    """Hears what happens in a long job."""

    def start(self, title: str, epochs: int, steps: int, done: int) -> None:
        """A job of ``epochs * steps`` batches begins, ``done`` of which are behind it."""
        ...

    def batch(self, samples: int, loss: float | None = None) -> None:
        """One batch is done."""
        ...

    def epoch(self, epoch: Epoch) -> None:
        """One epoch is done."""
        ...

    def close(self) -> None:
        """The job is over, well or not."""
        ...


Show: TypeAlias = "Reporter | Literal['auto', 'quiet']"


def reporter(show: Show) -> Reporter:
    """The reporter for a choice: ``"auto"`` looks whether standard error is a terminal.

    >>> isinstance(reporter("quiet"), Silent)
    True
    """
    if show == "quiet":
        return Silent()
    if show == "auto":
        console = Console(stderr=True)
        return Live(console) if console.is_terminal else Plain(console)
    if not hasattr(show, "start"):
        raise ParameterError(f"show must be 'auto', 'quiet' or a reporter, got {show!r}.")
    return show


def show_on(report: Reporter, plan: MemoryPlan) -> None:
    """Show the memory plan where a reporter has a console to show it on."""
    console = getattr(report, "console", None)
    if isinstance(console, Console):
        show_plan(console, plan)


class Silent:
    """Says nothing."""

    def start(self, title: str, epochs: int, steps: int, done: int) -> None: ...

    def batch(self, samples: int, loss: float | None = None) -> None: ...

    def epoch(self, epoch: Epoch) -> None: ...

    def close(self) -> None: ...


class Plain:
    """One line for each epoch: for log files and pipes."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._title, self._epochs, self._samples = "", 0, 0
        self._since = time.perf_counter()

    def start(self, title: str, epochs: int, steps: int, done: int) -> None:
        self._title, self._epochs, self._samples = title, epochs, 0
        self._since = time.perf_counter()

    def batch(self, samples: int, loss: float | None = None) -> None:
        self._samples += samples

    def epoch(self, epoch: Epoch) -> None:
        seconds = max(time.perf_counter() - self._since, 1e-9)
        left = seconds * (self._epochs - epoch.number)
        text = f"{self._title}  epoch {epoch.number}/{self._epochs}  {epoch.figures}"
        speed = f"{self._samples / seconds:,.0f} samples/s  {left:.0f} s left"
        self.console.print(f"{text}  {speed}", highlight=False, soft_wrap=True, markup=False)
        self._samples, self._since = 0, time.perf_counter()

    def close(self) -> None: ...


class Live:
    """A bar with time left, loss, validation accuracy and speed, redrawn in place."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
            refresh_per_second=4,
        )
        self._task: Any = None
        self._title, self._note = "", ""
        self._epochs, self._loss, self._samples = 0, None, 0
        self._since = self._drawn = time.perf_counter()
        self._behind = 0

    def start(self, title: str, epochs: int, steps: int, done: int) -> None:
        self._title, self._epochs, self._note = title, epochs, ""
        self._loss, self._samples = None, 0
        self._since = time.perf_counter()
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(
            title, total=max(epochs * steps, 1), completed=done, note=""
        )
        self._progress.start()

    def batch(self, samples: int, loss: float | None = None) -> None:
        self._samples += samples
        self._behind += 1
        self._loss = loss if loss is not None else self._loss
        now = time.perf_counter()
        if now - self._drawn > 0.1:
            self._draw(now)

    def epoch(self, epoch: Epoch) -> None:
        self._note = f"epoch {epoch.number}/{self._epochs} {epoch.figures}"
        self._draw(time.perf_counter())

    def close(self) -> None:
        if self._task is not None:
            self._draw(time.perf_counter())
        self._progress.stop()

    def _draw(self, now: float) -> None:
        speed = self._samples / max(now - self._since, 1e-9)
        loss = "" if self._loss is None or self._note else f"loss {self._loss:.4f}"
        note = f"{self._note or loss}  {speed:,.0f} samples/s"
        self._progress.update(self._task, advance=self._behind, note=note)
        self._behind, self._drawn = 0, now
