"""How far a fit is: nothing for two seconds, then what is best so far and the time that is left."""

from __future__ import annotations

import sys
import time
from typing import TextIO

SILENT = 2.0
"""Seconds before anything is said."""


class FitProgress:
    """A line on standard error, redrawn in place on a terminal and every ten seconds elsewhere.

    Arguments:
        show: False says nothing at all.
        out: Where to write; standard error if None.
    """

    def __init__(self, show: bool = True, out: TextIO | None = None) -> None:
        self._show = show
        self._out = sys.stderr if out is None else out
        self._live = show and self._out.isatty()
        self._began = time.perf_counter()
        self._last = self._began + SILENT - (0.2 if self._live else 10.0)
        self._drawn = False

    def at(self, what: str, done: int, most: int, best: float) -> None:
        """So many rounds of at most so many are done, and the best cost is this."""
        now = time.perf_counter()
        pause = 0.2 if self._live else 10.0
        if not self._show or now - self._began < SILENT or now - self._last < pause:
            return
        self._last, self._drawn = now, True
        text = line(what, done, most, best, now - self._began)
        self._out.write(f"\r{text}\x1b[K" if self._live else f"{text}\n")
        self._out.flush()

    def close(self) -> None:
        """It is over: a redrawn line is wiped."""
        if self._live and self._drawn:
            self._out.write("\r\x1b[K")
            self._out.flush()


def line(what: str, done: int, most: int, best: float, seconds: float) -> str:
    """Where it stands in words.

    >>> line("generation", 12, 100, 0.0123, 6.0)
    'fit: generation 12 of at most 100, cost 0.0123, at most 44 s left'
    """
    left = seconds * (most - done) / max(done, 1)
    return f"fit: {what} {done} of at most {most}, cost {best:.3g}, at most {left:.0f} s left"
