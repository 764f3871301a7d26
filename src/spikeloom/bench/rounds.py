"""Fair timing: every side takes its turn in each round, and the median counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import TypeVar

Told = TypeVar("Told")


def take_turns(sides: Mapping[str, Callable[[], Told]], rounds: int) -> dict[str, list[Told]]:
    """What every side tells in every round, mostly seconds; the order turns so that no side is
    always first.

    >>> take_turns({"a": lambda: 1.0, "b": lambda: 2.0}, 2)
    {'a': [1.0, 1.0], 'b': [2.0, 2.0]}
    """
    times: dict[str, list[Told]] = {name: [] for name in sides}
    names = list(sides)
    for turn in range(rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            times[name].append(sides[name]())
    return times


def medians(times: Mapping[str, list[float]]) -> dict[str, float]:
    """The median of each side."""
    return {name: median(values) for name, values in times.items()}


def ratios(theirs: Sequence[float], ours: Sequence[float]) -> dict[str, float]:
    """Theirs for one of ours, round by round: what disturbs a round disturbs both.

    >>> ratios([2.0, 6.0, 2.0], [1.0, 2.0, 1.0])
    {'median': 2.0, 'low': 2.0, 'high': 3.0}
    """
    each = [a / b for a, b in zip(theirs, ours, strict=True)]
    return {"median": median(each), "low": min(each), "high": max(each)}
