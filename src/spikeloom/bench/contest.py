"""One side in one way of running it: which ways there are, and which is the fastest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

from spikeloom.bench.machine import WAYS, thread_env
from spikeloom.bench.worker import Worker
from spikeloom.errors import BenchmarkError


@dataclass(frozen=True, slots=True)
class Side:
    """Who takes part.

    Arguments:
        name: Name in the report.
        script: Worker script.
        python: Its interpreter; None takes ours.
        variants: Ways of running it that are tried, told to the script as ``variant``.
        config: What else the script is told.
    """

    name: str
    script: str | Path
    python: Path | None = None
    variants: tuple[str, ...] = ("",)
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """The fastest way found for a side, and the seconds of every way that was tried."""

    side: Side
    way: str
    variant: str
    tried: Mapping[str, float | str]

    @property
    def label(self) -> str:
        """Variant and way in one word."""
        return label(self.variant, self.way)


def label(variant: str, way: str) -> str:
    """How a way of running is called in the report.

    >>> label("eager", "kept")
    'eager, kept'
    """
    return f"{variant}, {way}" if variant else way


def start(side: Side, way: str, variant: str, *, threads: int, **config: Any) -> Worker:
    """A worker of this side, with its threads and its way of keeping memory."""
    told = {"side": side.name, "variant": variant, "threads": threads, **side.config, **config}
    env = {**thread_env(threads), **WAYS[way]}
    return Worker(side.script, told, python=side.python, env=env)


def fastest(
    side: Side,
    *,
    threads: int,
    ways: Sequence[str] = ("kept", "plain"),
    tell: Callable[[str], None] = lambda _: None,
    **config: Any,
) -> Choice:
    """Try each variant while memory is kept, then the fastest of them in the other ways.

    A variant that fails is left out of the choice but stays in what was tried.

    Raises:
        BenchmarkError: No variant runs at all.
    """
    tried: dict[str, float | str] = {}

    def attempt(way: str, variant: str) -> float:
        name = label(variant, way)
        tell(f"{side.name}: trying {name}")
        try:
            with start(side, way, variant, threads=threads, **config) as worker:
                worker.ask("prepare")
                tried[name] = took = min(worker.ask("time") for _ in range(3))
        except BenchmarkError as fault:
            tried[name] = fault.message
            return inf
        return took

    first, *others = ways
    if not others and len(side.variants) == 1:
        return Choice(side, first, side.variants[0], tried)
    took = {(attempt(first, variant), first, variant) for variant in side.variants}
    _, _, variant = min(took)
    took |= {(attempt(way, variant), way, variant) for way in others}
    best = min(took)
    if best[0] == inf:
        raise BenchmarkError(f"{side.name}: no way of running it works: {tried}.")
    return Choice(side, best[1], best[2], tried)
