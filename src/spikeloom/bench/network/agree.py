"""Do all sides run the same network? Asked before any time is reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spikeloom.bench.network.spec import Spec
from spikeloom.errors import BenchmarkError
from spikeloom.network import SpikeTrains

HINT = "no time is reported; make the sides do the same work first"
APART = 4.0
"""Standard deviations that the number of synapses of a random graph may lie from its mean."""
CV_APART = 0.15
"""How far the coefficients of variation of the intervals of two sides may lie apart: relative to
the larger where that is above 1, for bursts scatter from graph to graph."""

WEIGHTS = 0.02
"""How far the mean weights of two sides may lie apart, relative to the larger, after learning."""


@dataclass(frozen=True)
class Activity:
    """What one side's network did in the stretch that proves it.

    Arguments:
        rates: Spikes per neuron and second of each population.
        rate: The same of all neurons.
        cv: Coefficient of variation of the intervals, mean over neurons; NaN with few spikes.
        synapses: How many synapses it has.
        weight: Mean of the weights that learn; None where none does.
    """

    rates: Mapping[str, float]
    rate: float
    cv: float
    synapses: int
    weight: float | None = None

    @classmethod
    def read(cls, path: Path, spec: Spec, synapses: int) -> Activity:
        """From the spikes that a worker has written.

        Raises:
            BenchmarkError: The worker has written spikes of neurons or times that there are not.
        """
        rates: dict[str, float] = {}
        count, weighted, weight = 0, 0.0, 0
        with np.load(path) as data:
            weight_now = float(np.mean(data["weights"])) if "weights" in data else None
            for name, size in spec.sizes.items():
                times, ids = data[f"times:{name}"], data[f"ids:{name}"].astype(np.int64)
                length = times.max() - times.min() if times.size else 0.0
                if times.size and (ids.min() < 0 or ids.max() >= size or length > spec.stretch):
                    raise BenchmarkError(f"{path.stem}: spikes that cannot be of {name!r}.")
                order = np.argsort(times, kind="stable")
                trains = SpikeTrains(times[order], ids[order], size, 0.0, spec.stretch)
                rates[name] = trains.rate()
                count += len(trains)
                if np.isfinite(cv := trains.cv()):
                    weighted, weight = weighted + cv * len(trains), weight + len(trains)
        cv = weighted / weight if weight else float("nan")
        rate = count / spec.neurons / spec.stretch * 1000
        return cls(rates, rate, cv, synapses, weight_now)

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        cv = self.cv if np.isfinite(self.cv) else None
        return {
            "rate": self.rate,
            "cv": cv,
            "rates": dict(self.rates),
            "synapses": self.synapses,
            "weight": self.weight,
        }


def agree(
    spec: Spec,
    found: Mapping[str, Activity],
    tolerance: float,
    band: tuple[float, float] | None = None,
) -> float:
    """The largest relative difference between the rates of two sides, once all sides agree.

    Arguments:
        spec: The network that all were told to run.
        found: Side -> what its network did.
        tolerance: Largest relative difference of mean rates.
        band: Where the mean rate is known to lie, in Hz.

    Raises:
        BenchmarkError: A number of synapses, a rate or an irregularity does not fit.
    """
    where = f"benchmark case {spec.name!r}"
    for side, what in found.items():
        off = abs(what.synapses - spec.synapses)
        if off > max(APART * spec.uncertainty, 1e-9):
            raise BenchmarkError(
                f"{where}: {side} has {what.synapses:,} synapses instead of about "
                f"{spec.synapses:,.0f}.", hint=HINT,
            )  # fmt: skip
        if band and not band[0] <= what.rate <= band[1]:
            raise BenchmarkError(
                f"{where}: {side} fires at {what.rate:.3g} Hz, known is {band[0]:g} to "
                f"{band[1]:g} Hz.", hint=HINT,
            )  # fmt: skip
    rates = {side: what.rate for side, what in found.items()}
    high = float(np.max([*rates.values()]))  # NaN stays NaN
    apart = (high - min(rates.values())) / high if high else 0.0
    if not apart <= tolerance:
        raise BenchmarkError(
            f"{where}: the rates do not agree to {100 * tolerance:g} %: {_each(rates, 'Hz')}.",
            hint=HINT,
        )
    cvs = {side: what.cv for side, what in found.items() if np.isfinite(what.cv)}
    if cvs and max(cvs.values()) - min(cvs.values()) > CV_APART * max(1.0, *cvs.values()):
        raise BenchmarkError(
            f"{where}: the intervals are not equally irregular: CV {_each(cvs, '')}.", hint=HINT
        )
    learnt = {side: what.weight for side, what in found.items() if what.weight is not None}
    if learnt and max(learnt.values()) - min(learnt.values()) > WEIGHTS * max(learnt.values()):
        raise BenchmarkError(
            f"{where}: the weights did not learn the same: means {_each(learnt, '')}.", hint=HINT
        )
    return apart


def _each(values: Mapping[str, float], unit: str) -> str:
    return ", ".join(f"{side} {value:.3g} {unit}".rstrip() for side, value in values.items())
