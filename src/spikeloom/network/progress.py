"""How far a run is: nothing for two seconds, then time left and speed."""

from __future__ import annotations

import sys
import time
from typing import TextIO

SILENT = 2.0
"""Seconds before anything is said: short runs stay quiet."""


class Progress:
    """A line on standard error, redrawn in place on a terminal and every ten seconds elsewhere.

    Arguments:
        total: Length of the run in ms of the network's time.
        show: False says nothing at all.
        out: Where to write; standard error if None.
    """

    def __init__(self, total: float, *, show: bool = True, out: TextIO | None = None) -> None:
        self._total, self._show = total, show
        self._out = sys.stderr if out is None else out
        self._live = show and self._out.isatty()
        self._began = time.perf_counter()
        self._last = self._began + SILENT - (0.2 if self._live else 10.0)
        self._drawn = False

    def at(self, done: float) -> None:
        """So many ms of the network's time are done."""
        now = time.perf_counter()
        if not self._show or now - self._began < SILENT:
            return
        if now - self._last < (0.2 if self._live else 10.0):
            return
        self._last, self._drawn = now, True
        text = line(done, self._total, now - self._began)
        self._out.write(f"\r{text}\x1b[K" if self._live else f"{text}\n")
        self._out.flush()

    def close(self) -> None:
        """The run is over: a redrawn line is wiped."""
        if self._live and self._drawn:
            self._out.write("\r\x1b[K")
            self._out.flush()


def line(done: float, total: float, seconds: float) -> str:
    """Share, time left and real-time factor in words.

    >>> line(250.0, 1000.0, 5.0)
    '250 of 1000 ms (25 %), 15 s left, 20 s of computing per second'
    """
    share = done / total if total > 0 else 1.0
    left = seconds * (1 - share) / share if share > 0 else float("inf")
    factor = 1000 * seconds / done if done > 0 else float("inf")
    return (
        f"{done:.0f} of {total:.0f} ms ({100 * share:.0f} %), {left:.0f} s left, "
        f"{factor:.3g} s of computing per second"
    )
