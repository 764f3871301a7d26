"""Threads that each own a contiguous slice of columns.

A slice starts at a multiple of the group size, and no sum crosses columns inside a kernel, so the
result is the same to the last bit at any number of threads.
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np

from spikeloom.engines.cpu.build import Native

WORK_PER_THREAD = 1_000_000
"""Smallest work worth a thread, in vector instructions: 0.5 ms, a few times a thread's wake-up."""


SHARES = 4
"""Slices for each thread."""
PATIENCE = 0.002
"""Seconds to look for the end of another thread before sleeping until it comes."""


def available() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@lru_cache(maxsize=4)
def _pool(process: int, threads: int) -> ThreadPoolExecutor:
    """One pool a process: the threads of a parent do not exist in its forked child."""
    del process
    return ThreadPoolExecutor(threads, thread_name_prefix="spikeloom")


class _Memory(threading.local):
    """Scratch memory of one thread, kept because fresh pages are slow to get."""

    def __init__(self) -> None:
        self.block = np.empty(0, np.uint8)

    def address(self, size: int) -> int:
        """Address of at least ``size`` bytes, at a multiple of 64."""
        if self.block.size < size + 64:
            self.block = np.empty(size + 64, np.uint8)
        return (self.block.ctypes.data + 63) // 64 * 64


_memory = _Memory()


def slices(columns: int, parts: int, group: int) -> list[tuple[int, int]]:
    """At most ``parts`` slices of whole groups that cover all columns.

    >>> slices(100, 2, 16)
    [(0, 64), (64, 100)]
    """
    groups = -(-columns // group)
    parts = max(1, min(parts, groups))
    size = -(-groups // parts) * group
    return [(k, min(k + size, columns)) for k in range(0, columns, size)]


def run(
    native: Native,
    slots: np.ndarray,
    columns: int,
    *,
    group: int,
    scratch: int,
    work: float,
    threads: int | None,
) -> None:
    """Call a kernel on all columns.

    Arguments:
        native: The kernel.
        slots: Its slots, int64.
        columns: How many columns there are.
        group: Slices start at multiples of this.
        scratch: Bytes of memory that each call needs.
        work: Vector instructions in total; decides whether threads are worth it.
        threads: Most threads to use; None for one a processor.
    """
    if columns == 0:
        return
    address = slots.ctypes.data

    def call(begin: int, end: int) -> None:
        native(address, begin, end, _memory.address(scratch))

    most = available() if threads is None else threads
    wanted = min(most, max(1, int(work / WORK_PER_THREAD)))
    if wanted == 1:
        call(0, columns)
        return
    # Each thread takes the next slice when it is done with one: a thread that the system holds
    # back then delays nobody. Handing out slices is one step of a list iterator, under the GIL.
    waiting = iter(slices(columns, wanted * SHARES, group))

    def share() -> None:
        for part in waiting:
            call(*part)

    pool = _pool(os.getpid(), most)
    others = [pool.submit(share) for _ in range(wanted - 1)]
    share()
    patience = time.perf_counter() + PATIENCE
    for other in others:
        if other.cancel():
            continue
        # Being woken costs more than the last slice takes: look for its end for a while first.
        while not other.done() and time.perf_counter() < patience:
            time.sleep(0)
        other.result()
