"""Settings of torch that training changes for its own duration and puts back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

MOST_THREADS = 1024
"""More than any one machine has use for; far more than that takes a process down."""


@contextmanager
def repeatable(threads: int) -> Iterator[None]:
    """Deterministic kernels, a fixed number of threads, and a private random state of torch.

    The number of threads decides in which order torch adds up products; so it has to be fixed for
    the same bits on every machine. The caller's random state and settings are as before afterwards.

    Arguments:
        threads: For torch's own operations.

    >>> before = torch.get_rng_state()
    >>> with repeatable(threads=1):
    ...     _ = torch.rand(3)
    >>> bool((torch.get_rng_state() == before).all())
    True
    """
    strict = torch.are_deterministic_algorithms_enabled()
    lenient = torch.is_deterministic_algorithms_warn_only_enabled()
    before = torch.get_num_threads()
    memory: Any = torch.utils.deterministic
    fill = memory.fill_uninitialized_memory
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    with torch.random.fork_rng(devices=devices):
        try:
            torch.set_num_threads(threads)
            torch.use_deterministic_algorithms(True)
            # Filling fresh tensors with NaN would touch every page of memory a second time.
            memory.fill_uninitialized_memory = False
            yield
        finally:
            torch.set_num_threads(before)
            torch.use_deterministic_algorithms(strict, warn_only=lenient)
            memory.fill_uninitialized_memory = fill


def set_chance(key: int) -> None:
    """Set torch's global generators for what follows; only inside `repeatable`.

    ``torch.manual_seed`` does the same, but formats a stack trace for each kind of device that is
    not in use, which takes longer than a small batch.

    >>> with repeatable(threads=1):
    ...     set_chance(3)
    ...     first = torch.rand(2)
    ...     set_chance(3)
    ...     bool((torch.rand(2) == first).all())
    True
    """
    torch.default_generator.manual_seed(key)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(key)
