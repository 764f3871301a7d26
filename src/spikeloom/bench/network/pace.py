"""How far a benchmark is, with an estimate of the time left."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """Says what is being done and, once parts of equal length run, how long they will take.

    Arguments:
        update: Shows a line.
        what: Begins each line.
        clock: Seconds of a clock.

    >>> lines, now = [], iter([0.0, 2.0])
    >>> pace = Pace(lines.append, "bench", lambda: next(now))
    >>> pace.begin(4)
    >>> pace.done("nest")
    >>> lines
    ['bench: nest, 1 of 4, about 6 s left']
    """

    def __init__(
        self,
        update: Callable[[str], None],
        what: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._update, self._what, self._clock = update, what, clock
        self._parts = self._ready = 0
        self._began = 0.0

    def tell(self, what: str) -> None:
        """Something whose length is not known."""
        self._update(f"{self._what}: {what}")

    def begin(self, parts: int) -> None:
        """So many parts follow."""
        self._parts, self._ready, self._began = parts, 0, self._clock()

    def done(self, what: str) -> None:
        """One more part is done."""
        self._ready += 1
        left = (self._clock() - self._began) / self._ready * (self._parts - self._ready)
        shown = f"{left:.0f} s" if left < 100 else f"{left / 60:.0f} min"
        self.tell(f"{what}, {self._ready} of {self._parts}, about {shown} left")
