"""What the doctor reads from a network, and what it says."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Reading:
    """Figures of one spiking layer on one batch.

    Arguments:
        layer: Its name.
        neurons: How many.
        rate: Mean number of spikes a step.
        silent: Share of neurons without a spike in the whole batch.
        saturated: Share of neurons that fire in nearly every step.
        blocked: Share of neurons to which a gradient comes, and through which none goes.
        reach: Steps from the last one back to where the gradient of the last output has fallen to
            a hundredth of its peak; the whole run if it never does.
        growth: Largest size of that gradient over its size near the last step.
    """

    layer: str
    neurons: int
    rate: float
    silent: float
    saturated: float
    blocked: float
    reach: int
    growth: float


@dataclass(frozen=True)
class Finding:
    """Something that keeps a network from learning, or may.

    Arguments:
        kind: ``silent``, ``saturated``, ``blocked``, ``exploding``, ``vanishing``, ``tau`` or
            ``axes``.
        layer: Name of the layer; empty for the whole network.
        what: What was measured.
        advice: What to change.
        grave: Whether training is likely to fail as it stands.

    >>> print(Finding("silent", "hidden", "no neuron fires.", "call scale_to_rate(...)", True))
    hidden: no neuron fires.
      try: call scale_to_rate(...)
    """

    kind: str
    layer: str
    what: str
    advice: str
    grave: bool

    def __str__(self) -> str:
        where = f"{self.layer}: " if self.layer else ""
        return f"{where}{self.what}\n  try: {self.advice}"


@dataclass(frozen=True)
class Diagnosis:
    """Readings of all spiking layers, and what they mean.

    Arguments:
        readings: One for each spiking layer, from the input on.
        findings: The gravest first.
        steps: Time steps of the run.
        dt_ms: Duration of one step, ms.

    >>> print(Diagnosis((), (), steps=10, dt_ms=1.0))
    Nothing stands in the way of learning.
    """

    readings: tuple[Reading, ...]
    findings: tuple[Finding, ...]
    steps: int
    dt_ms: float

    @property
    def healthy(self) -> bool:
        """Whether nothing grave was found."""
        return not any(f.grave for f in self.findings)

    def to_record(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "healthy": self.healthy}

    def __str__(self) -> str:
        head = f"{'layer':<18}{'neurons':>8}{'rate':>11}{'silent':>8}{'satur.':>8}{'blocked':>9}"
        rows = [f"{head}{'reach':>10}"] if self.readings else []
        for r in self.readings:
            hertz = 1000.0 * r.rate / self.dt_ms
            rows.append(
                f"{r.layer:<18}{r.neurons:>8}{hertz:>8.1f} Hz{r.silent:>8.0%}{r.saturated:>8.0%}"
                f"{r.blocked:>9.0%}{r.reach:>4} of {self.steps}"
            )
        told = [str(f) for f in self.findings] or ["Nothing stands in the way of learning."]
        return "\n".join([*rows, *(["", *told] if rows else told)])
