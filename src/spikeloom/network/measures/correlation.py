"""How much neurons fire together: correlations of their counts of spikes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from spikeloom.equations.quantity import Quantity
from spikeloom.errors import ParameterError
from spikeloom.network.measures.binned import Bins
from spikeloom.network.measures.measure import Measure, Spikes, bin_steps
from spikeloom.network.recording.collector import Stored

Array = np.ndarray[Any, np.dtype[Any]]
MOST = 4096
"""Neurons of which all pairs are kept: above, the matrix takes more than 128 MB."""
AT_ONCE = 1 << 22
"""Counts that are held at once."""


@dataclass(frozen=True, eq=False)
class CorrelationMatrix:
    """Correlations of the counts of spikes of all pairs of some neurons.

    Arguments:
        matrix: Pearson's coefficients, (neurons, neurons); NaN where a neuron's count is constant.
        means: Mean count of each neuron in a bin, (neurons,).
        variances: Variance of the count of each, (neurons,).
        bin: Width of the bins in ms.
        bins: How many there were.
        parts: Name and number of neurons of each recorded part.

    >>> two = np.array([[1.0, 0.2], [0.2, 1.0]])
    >>> CorrelationMatrix(two, np.ones(2), np.ones(2), 5.0, 200)
    correlations of neurons: 2 neurons, 200 bins of 5 ms, mean 0.2
    """

    matrix: Array = field(repr=False)
    means: Array = field(repr=False)
    variances: Array = field(repr=False)
    bin: float
    bins: int
    parts: tuple[tuple[str, int], ...] = ()

    @property
    def pairs(self) -> Array:
        """Coefficients of all pairs of different neurons that have one, (pairs,)."""
        values = self.matrix[np.triu_indices(len(self.matrix), 1)]
        return values[np.isfinite(values)]

    @property
    def fano(self) -> Array:
        """Variance over mean of each neuron's count, (neurons,); NaN where it never fired."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.variances / self.means

    def mean(self) -> float:
        """Mean over all pairs that have a coefficient; NaN where there is none."""
        return float(np.mean(self.pairs)) if len(self.pairs) else float("nan")

    def __repr__(self) -> str:
        names = " + ".join(name for name, _ in self.parts) or "neurons"
        return (
            f"correlations of {names}: {len(self.matrix):,} neurons, {self.bins:,} bins of "
            f"{self.bin:g} ms, mean {self.mean():.3g}"
        )


@dataclass(frozen=True)
class Correlation(Measure[CorrelationMatrix]):
    """Correlations of the counts of spikes of all pairs, summed up while the network runs.

    Take a sample of a large population: ``net.record(exc[::100], Correlation(2 * ms))``.

    Arguments:
        bin: Width of the bins, a whole number of steps. A rest at the end is left out.

    >>> from spikeloom import ms
    >>> Correlation(2 * ms).name
    'correlations'
    """

    bin: Quantity

    name: ClassVar[str] = "correlations"

    def check(self, size: int, dt: Quantity) -> None:
        bin_steps("Correlation", self.bin, dt)
        if size > MOST:
            raise ParameterError(
                f"Correlation: all pairs of {size:,} neurons are too many; at most {MOST:,}.",
                hint=f"take a sample: exc[::{-(-size // MOST)}]",
            )

    def numbers(self, dt: Quantity) -> dict[str, Any]:
        return {"bin": bin_steps("Correlation", self.bin, dt)}

    def begin(self, sizes: tuple[int, ...], dt: Quantity) -> dict[str, Array]:
        size = sum(sizes)
        return {
            "rest": np.zeros(size, np.int64),
            "bins": np.array(0),
            "sum": np.zeros(size, np.int64),
            "products": np.zeros((size, size), np.int64),
        }

    def take(
        self, state: dict[str, Array], numbers: Mapping[str, Any], spikes: Spikes
    ) -> Mapping[str, Array]:
        width, first = numbers["bin"], spikes.first
        stride = max(1, AT_ONCE // len(state["rest"])) * width
        while True:
            last = min(first // stride * stride + stride, spikes.last)
            low, high = np.searchsorted(spikes.steps, [first, last])
            some = Spikes(spikes.steps[low:high], spikes.ids[low:high], first, last)
            # Whole numbers far below 2⁵³ are exact in float64, whose products are fast.
            counts = Bins(width, state["rest"]).fill(some, some.ids).astype(np.float64)
            state["bins"] += len(counts)
            state["sum"] += counts.sum(axis=0).astype(np.int64)
            state["products"] += (counts.T @ counts).astype(np.int64)
            if last >= spikes.last:
                return {}
            first = last

    @staticmethod
    def value(stored: Stored) -> CorrelationMatrix:
        state, bins = stored.state, int(stored.state["bins"])
        total = state["sum"]
        # n Σxy − Σx Σy in whole numbers: nothing is lost where the two are nearly equal.
        spread = bins * state["products"] - np.outer(total, total)
        root = np.sqrt(np.diagonal(spread).astype(np.float64))
        with np.errstate(invalid="ignore", divide="ignore"):
            return CorrelationMatrix(
                matrix=spread / np.outer(root, root),
                means=total / np.float64(bins),
                variances=np.diagonal(spread) / np.float64(bins) ** 2,
                bin=stored.about["bin"] * stored.dt,
                bins=bins,
                parts=stored.parts,
            )
