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
        cv2s: Mean variation of neighbouring intervals of each, (neurons,), as `SpikeTrains.cv2`
            defines it; NaN without two intervals.
        lvs: Local variation of each, (neurons,), as `SpikeTrains.lv` defines it.
        parts: Name and number of neurons of each recorded part.

    >>> some = np.array([0.8, 0.0])
    >>> IntervalStatistics(np.array([9, 1]), np.array([20.0, 5.0]), some, some, some)
    intervals of neurons: 10 of 2 neurons, mean 18.5 ms, CV 0.8
    """

    number: Array = field(repr=False)
    means: Array = field(repr=False)
    cvs: Array = field(repr=False)
    cv2s: Array = field(repr=False)
    lvs: Array = field(repr=False)
    parts: tuple[tuple[str, int], ...] = ()

    def cv(self, fewest: int = 3) -> float:
        """Mean coefficient of variation over neurons.

        Arguments:
            fewest: Neurons with fewer intervals are left out; NaN if all are.
        """
        use = self.number >= max(fewest, 1)
        return float(np.mean(self.cvs[use])) if use.any() else float("nan")

    def cv2(self, fewest: int = 3) -> float:
        """Mean variation of neighbouring intervals, mean over neurons; as `cv`."""
        use = self.number >= max(fewest, 2)
        return float(np.mean(self.cv2s[use])) if use.any() else float("nan")

    def lv(self, fewest: int = 3) -> float:
        """Local variation, mean over neurons; as `cv`."""
        use = self.number >= max(fewest, 2)
        return float(np.mean(self.lvs[use])) if use.any() else float("nan")

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
    """Number, mean and variation (CV, CV2, LV) of each neuron's intervals.

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
            "gap": np.zeros(size, np.int64),
            "cv2": np.zeros(size),
            "lv": np.zeros(size),
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
        _neighbours(state, gaps, owner)
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
            pairs = np.where(n > 1, n - 1, np.nan)
            cv2s, lvs = (stored.state[name] / pairs for name in ("cv2", "lv"))
        return IntervalStatistics(n, mean * stored.dt, cvs, cv2s, lvs, stored.parts)


def _neighbours(state: dict[str, Array], gaps: Array, owner: Array) -> None:
    """Add up how each interval differs from the one before it, one after the other."""
    first = np.ones(len(owner), bool)
    first[1:] = owner[1:] != owner[:-1]
    before = np.empty_like(gaps)
    before[1:] = gaps[:-1]
    before[first] = state["gap"][owner[first]]
    pair = before > 0
    a, b, who = before[pair], gaps[pair], owner[pair]
    np.add.at(state["cv2"], who, 2 * np.abs(b - a) / (a + b))
    np.add.at(state["lv"], who, 3 * ((a - b) / (a + b)) ** 2)
    final = np.ones(len(owner), bool)
    final[:-1] = first[1:]
    state["gap"][owner[final]] = gaps[final]
