"""Settings of torch that training changes for its own duration and puts back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def repeatable() -> Iterator[None]:
    """Deterministic kernels, and a private copy of torch's global random state.

    The caller's random state and settings are as before afterwards.

    >>> before = torch.get_rng_state()
    >>> with repeatable():
    ...     _ = torch.rand(3)
    >>> bool((torch.get_rng_state() == before).all())
    True
    """
    strict = torch.are_deterministic_algorithms_enabled()
    lenient = torch.is_deterministic_algorithms_warn_only_enabled()
    memory: Any = torch.utils.deterministic
    fill = memory.fill_uninitialized_memory
    with torch.random.fork_rng():
        try:
            torch.use_deterministic_algorithms(True)
            # Filling fresh tensors with NaN would touch every page of memory a second time.
            memory.fill_uninitialized_memory = False
            yield
        finally:
            torch.use_deterministic_algorithms(strict, warn_only=lenient)
            memory.fill_uninitialized_memory = fill
