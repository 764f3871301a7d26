"""How regularly each neuron fires: its intervals between spikes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from spikeloom.equations.quantity import Quantity
from spikeloom.network.measures.measure import Measure, Spikes
from spikeloom.network.recording.collector import Stored

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class IntervalStatistics:
    """Intervals between the spikes of each neuron.

    Arguments:
        number: Intervals of each neuron, (neurons,).
        means: Mean interval of each in ms, (neurons,); NaN without intervals.
        cvs: Coefficient of variation of each, (neurons,); NaN without intervals.
        parts: Name and number of neurons of each recorded part.

    >>> IntervalStatistics(np.array([9, 1]), np.array([20.0, 5.0]), np.array([0.8, 0.0]))
    intervals of neurons: 10 of 2 neurons, mean 18.5 ms, CV 0.8
    """

    number: Array = field(repr=False)
    means: Array = field(repr=False)
    cvs: Array = field(repr=False)
    parts: tuple[tuple[str, int], ...] = ()

    def cv(self, fewest: int = 3) -> float:
        """Mean coefficient of variation over neurons.

        Arguments:
            fewest: Neurons with fewer intervals are left out; NaN if all are.
        """
        use = self.number >= max(fewest, 1)
        return float(np.mean(self.cvs[use])) if use.any() else float("nan")

    def mean(self) -> float:
        """Mean interval in ms over all intervals; NaN without any."""
        number = int(self.number.sum())
        some = self.number > 0
        total = float(np.sum(self.means[some] * self.number[some]))
        return total / number if number else float("nan")

    def __repr__(self) -> str:
        names = " + ".join(name for name, _ in self.parts) or "neurons"
        return (
            f"intervals of {names}: {int(self.number.sum()):,} of {len(self.number):,} neurons, "
            f"mean {self.mean():.3g} ms, CV {self.cv():.3g}"
        )


@dataclass(frozen=True)
class Intervals(Measure[IntervalStatistics]):
    """Number, mean and coefficient of variation of each neuron's intervals.

    Intervals are whole numbers of steps, so that their sums and sums of squares are exact.

    >>> Intervals().name
    'intervals'
    """

    name: ClassVar[str] = "intervals"

    def begin(self, sizes: tuple[int, ...], dt: Quantity) -> dict[str, Array]:
        size = sum(sizes)
        return {
            "last": np.full(size, -1, np.int64),
            "number": np.zeros(size, np.int64),
            "sum": np.zeros(size, np.int64),
            "square": np.zeros(size, np.int64),
        }

    def take(
        self, state: dict[str, Array], numbers: Mapping[str, Any], spikes: Spikes
    ) -> Mapping[str, Array]:
        order = np.argsort(spikes.ids, kind="stable")
        who, at = spikes.ids[order], spikes.steps[order]
        first = np.ones(len(who), bool)
        first[1:] = who[1:] != who[:-1]
        before = np.empty_like(at)
        before[1:] = at[:-1]
        before[first] = state["last"][who[first]]
        known = before >= 0
        gaps, owner = (at - before)[known], who[known]
        np.add.at(state["number"], owner, 1)
        np.add.at(state["sum"], owner, gaps)
        np.add.at(state["square"], owner, gaps * gaps)
        final = np.ones(len(who), bool)
        final[:-1] = first[1:]
        state["last"][who[final]] = at[final]
        return {}

    @staticmethod
    def value(stored: Stored) -> IntervalStatistics:
        n, total, square = (stored.state[name] for name in ("number", "sum", "square"))
        count = np.maximum(n, 1)
        # Squares around a whole number near the mean: nothing cancels, and every term is exact.
        near = total // count
        rest = total - n * near
        around = square - 2 * near * total + n * near * near
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = total / np.where(n > 0, n, np.nan)
            spread = np.sqrt(np.maximum(around / count - (rest / count) ** 2, 0))
            cvs = spread / mean
        return IntervalStatistics(n, mean * stored.dt, cvs, stored.parts)
