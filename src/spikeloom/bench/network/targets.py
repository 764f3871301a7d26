"""The figures that the network simulator set out for, and whether a report reaches them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from spikeloom.bench.report import Row


@dataclass(frozen=True)
class Target:
    """One figure.

    Arguments:
        row: Case of the row that it is about.
        figure: What is asked for, in words.
        wanted: Its least or greatest value.
        of: A peer's name for our ratio to it, or the name of a field of the row.
        more: Whether more is better.
    """

    row: str
    figure: str
    wanted: float
    of: str
    more: bool = True

    def found(self, row: Row) -> float | None:
        """The value in this row; None where it was not measured."""
        if self.of in row.peers:
            ratio = row.extra.get("ratios", {}).get(self.of, {}).get("median")
            return ratio or row.peers[self.of] / row.ours_s
        value = row.extra.get(self.of)
        return float(value) if isinstance(value, (int, float)) else None

    def judge(self, value: float) -> Literal["reached", "not reached"]:
        """Whether the value is good enough."""
        good = value >= self.wanted if self.more else value <= self.wanted
        return "reached" if good else "not reached"


def _beside(row: str, *, brian2: float | None = None, nest: float | None = None) -> list[Target]:
    words = {"brian2": "times as fast as Brian2", "nest": "times as fast as NEST"}
    wanted = {"brian2": brian2, "nest": nest}
    return [Target(row, words[p], value, p) for p, value in wanted.items() if value is not None]


TARGETS: tuple[Target, ...] = (
    *_beside("cuba, float32", brian2=12, nest=30),
    *_beside("cuba, whole job cold, float32", brian2=50),
    *_beside("coba, float32", brian2=8, nest=8),
    *_beside("cobahh, float32", brian2=4, nest=4),
    *_beside("brunel, float32", brian2=6, nest=6),
    *_beside("brunel-stdp, float32", brian2=6, nest=6),
    *_beside("microcircuit, float32", nest=5),
    *_beside("microcircuit, construction, float32", nest=5),
    Target("cuba-1m, float32", "x a neuron-step of 4,000", 2.0, "neuron_step_ratio", False),
    Target("cuba-1m, float32", "x a synaptic event of 4,000", 2.0, "event_ratio", False),
    Target("microcircuit-full, float32", "GB in all", 3.0, "peak_gb", False),
    Target("microcircuit-full, float32", "bytes per synapse", 6.0, "bytes_per_synapse", False),
    Target("regenerated, float32", "GB in all", 1.0, "peak_gb", False),
    Target("silent, float32", "x the run with a hundred synapses", 1.1, "cost_ratio", False),
    Target("brunel-stdp, two threads, float32", "times as fast as one thread", 1.0, "speedup"),
)  # fmt: skip


def judged(rows: Sequence[Row], targets: Sequence[Target] = TARGETS) -> list[dict[str, Any]]:
    """Each target that these rows say something about.

    >>> rows = [Row("cuba, float32", 0.02, {"nest": 0.8})]
    >>> [(t["wanted"], round(t["measured"]), t["verdict"]) for t in judged(rows)]
    [(30, 40, 'reached')]
    """
    found: list[dict[str, Any]] = []
    for row in rows:
        for target in targets:
            value = target.found(row) if target.row == row.case else None
            if value is not None:
                found.append(
                    {
                        "row": row.case,
                        "figure": target.figure,
                        "wanted": target.wanted,
                        "more": target.more,
                        "measured": value,
                        "verdict": target.judge(value),
                    }
                )
    return found
