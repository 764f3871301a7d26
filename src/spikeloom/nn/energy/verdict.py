"""Who needs less energy, and the firing rate at which that changes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Verdict:
    r"""Two energies, one of which grows with the firing rate.

    With all rates multiplied by s the spiking network needs $E(s) = F + s V$. It needs what the
    twin does at $s^* = (E_{twin} - F) / V$.

    Arguments:
        network_nj: Of the spiking network, nJ for one sample.
        twin_nj: Of its plain twin.
        by_spikes_nj: V: the part of the first that follows the firing rate.
        rate: Mean firing rate, spikes for each neuron and step.
        dt_ms: Length of a step, ms; None if unknown.

    >>> verdict = Verdict(3.0, 5.0, 2.0, rate=0.1, dt_ms=1.0)
    >>> verdict.flip_scale, verdict.flip_rate
    (2.0, 0.2)
    >>> print(verdict)
    the spiking network needs 1.67 times less; the verdict flips at 0.2 spikes a step (200 Hz)
    >>> print(Verdict(3.0, 0.5, 2.0, rate=0.1))
    the twin needs 6 times less, and would at any rate: what does not follow the spikes is 1 nJ
    """

    network_nj: float
    twin_nj: float
    by_spikes_nj: float
    rate: float
    dt_ms: float | None = None

    @property
    def cheaper(self) -> str:
        """``"spiking"``, ``"twin"`` or ``"equal"``."""
        if self.network_nj == self.twin_nj:
            return "equal"
        return "spiking" if self.network_nj < self.twin_nj else "twin"

    @property
    def factor(self) -> float:
        """How many times less the cheaper one needs, 1 or more; infinite beside nothing."""
        low, high = sorted((self.network_nj, self.twin_nj))
        return 1.0 if low == high else high / low if low else math.inf

    @property
    def fixed_nj(self) -> float:
        """F: what the spiking network needs without any spike, nJ."""
        return self.network_nj - self.by_spikes_nj

    @property
    def flip_scale(self) -> float | None:
        """s*: how many times the rate would have to be; None if no rate flips the verdict."""
        left = self.twin_nj - self.fixed_nj
        return left / self.by_spikes_nj if self.by_spikes_nj > 0 and left > 0 else None

    @property
    def flip_rate(self) -> float | None:
        """Spikes for each neuron and step at which both need the same; above 1 is out of reach."""
        scale = self.flip_scale
        return None if scale is None else scale * self.rate

    @property
    def flip_rate_hz(self) -> float | None:
        """The same in Hz."""
        rate = self.flip_rate
        return None if rate is None or self.dt_ms is None else 1000.0 * rate / self.dt_ms

    def at(self, scale: float) -> float:
        """Energy of the spiking network with all rates multiplied, nJ."""
        return self.fixed_nj + scale * self.by_spikes_nj

    def __str__(self) -> str:
        names = {"spiking": "the spiking network needs", "twin": "the twin needs"}
        text = "both need the same"
        if self.cheaper in names:
            text = f"{names[self.cheaper]} {self.factor:.3g} times less"
        rate, hz = self.flip_rate, self.flip_rate_hz
        if rate is not None:
            told = "" if hz is None else f" ({hz:.4g} Hz)"
            beyond = ", more than there are steps" if rate > 1 else ""
            return f"{text}; the verdict flips at {rate:.3g} spikes a step{told}{beyond}"
        if self.by_spikes_nj > 0:
            fixed = f"what does not follow the spikes is {self.fixed_nj:.3g} nJ"
            return f"{text}, and would at any rate: {fixed}"
        return f"{text}; no spike was counted, so it has no rate to flip at"

    def to_record(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {
            "network_nj": self.network_nj,
            "twin_nj": self.twin_nj,
            "by_spikes_nj": self.by_spikes_nj,
            "rate_per_step": self.rate,
            "cheaper": self.cheaper,
            "factor": self.factor if math.isfinite(self.factor) else None,
            "flip_scale": self.flip_scale,
            "flip_rate_per_step": self.flip_rate,
            "flip_rate_hz": self.flip_rate_hz,
            "text": str(self),
        }
