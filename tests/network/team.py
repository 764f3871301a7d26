"""Processes of a network, played by threads: what each says is heard by all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
PATIENCE = 60.0


class Played:
    """One of several threads that stand for processes.

    Arguments:
        rank: Which.
        barrier: Where all of them wait.
        table: One place for each.
    """

    def __init__(self, rank: int, barrier: threading.Barrier, table: list[Any]) -> None:
        self.rank, self.size = rank, len(table)
        self._barrier, self._table = barrier, table

    def gather(self, part: Any) -> list[Any]:
        """What all of them have said, by rank."""
        self._table[self.rank] = part
        self._barrier.wait(PATIENCE)
        everyone = list(self._table)
        self._barrier.wait(PATIENCE)  # nobody says more before all have heard this
        return everyone


def play(size: int, script: Callable[[Played], T]) -> list[T]:
    """Run a script in several threads at once.

    Returns:
        What each gave back; an exception is given back too.
    """
    barrier, table = threading.Barrier(size), [None] * size
    found: list[Any] = [None] * size

    def run(rank: int) -> None:
        try:
            found[rank] = script(Played(rank, barrier, table))
        except BaseException as error:
            found[rank] = error

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
