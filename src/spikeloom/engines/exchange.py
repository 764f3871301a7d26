"""Spikes on their way between processes that each hold a part of the neurons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Log:
    """Who spiked in some steps, noted by one thread.

    Arguments:
        counts: Spikes in each step of each population, uint32 (steps, populations).
        ids: Numbers of the neurons in the whole populations, uint32; by step, population, number.

    >>> log = Log(np.array([[1, 0], [0, 2]], np.uint32), np.array([7, 3, 5], np.uint32))
    >>> log.ends.tolist()
    [0, 1, 1, 1, 3]
    """

    counts: Array
    ids: Array

    @property
    def ends(self) -> Array:
        """Where each step and population begins in `ids`, and the end; int64."""
        found = np.zeros(self.counts.size + 1, np.int64)
        np.cumsum(self.counts, out=found[1:])
        return found


Exchange: TypeAlias = Callable[[Sequence[Log]], Sequence[Log]]
"""The logs of this process in, those of all processes out, in the order of their neurons."""


def log_of(fired: Sequence[Array], firsts: Sequence[int]) -> Log:
    """The log of one step, from the neurons of each population that spiked.

    Arguments:
        fired: Of each population, counted among the neurons of this process.
        firsts: Number of the first of these neurons in each whole population.
    """
    counts = np.array([[len(ids) for ids in fired]], np.uint32)
    whole = [np.asarray(ids) + first for ids, first in zip(fired, firsts, strict=True)]
    return Log(counts, np.concatenate([np.empty(0, np.uint32), *whole]).astype(np.uint32))


def merged(logs: Sequence[Log]) -> list[Array]:
    """The neurons of each population in logs of one step."""
    parts = [np.split(log.ids.astype(np.int64), log.ends[1:-1]) for log in logs]
    return [np.concatenate(of_population) for of_population in zip(*parts, strict=True)]
