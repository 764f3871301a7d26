"""What to say when a batch does not fit into memory: the largest one that does."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import NoReturn

import torch

from spikeloom.errors import EngineError

WORDS = ("out of memory", "can't allocate memory", "cannot allocate memory")


def is_full(error: BaseException) -> bool:
    """Whether an error says that memory, the device's or the machine's, is used up.

    >>> is_full(torch.OutOfMemoryError("CUDA out of memory.")), is_full(RuntimeError("shape"))
    (True, False)
    """
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(w in str(error).lower() for w in WORDS)


def refuse(error: BaseException, count: int, attempt: Callable[[int], object]) -> NoReturn:
    """Find the largest batch that fits by halving intervals, and say it.

    Arguments:
        error: What told that memory is full.
        count: Samples in the batch that did not fit.
        attempt: Runs the first so many samples of it; fails as ``error`` did if they are too many.

    Raises:
        EngineError: Always.

    >>> def attempt(n):
    ...     if n > 37:
    ...         raise MemoryError
    >>> refuse(MemoryError(), 64, attempt)
    Traceback (most recent call last):
    spikeloom.errors.EngineError: a batch of 64 samples does not fit into memory; 37 do.
      hint: batch_size=37, or batch_size=32 with accumulate=2 for the steps of a batch of 64
    """
    fits, full = 0, count
    gc.collect()
    while full - fits > 1:
        size = (fits + full) // 2
        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()
        try:
            attempt(size)
        except Exception as again:
            if not is_full(again):
                raise
            full = size
        else:
            fits = size
    if fits == 0:
        raise EngineError(
            f"a batch of {count} does not fit into memory, nor does a single sample.",
            hint="fewer steps, a smaller network, or rule=BPTT(chunk=...), which keeps less",
        ) from error
    parts = -(-count // fits)
    hint = f"batch_size={fits}, or batch_size={-(-count // parts)} with accumulate={parts} for"
    raise EngineError(
        f"a batch of {count} samples does not fit into memory; {fits} do.",
        hint=f"{hint} the steps of a batch of {count}",
    ) from error
