"""Ways to turn activations into firing rates, as objects: where the scale of each layer goes.

Between one activation and the next everything is linear. With the activation before in units of
``before`` (what one spike stands for) and the level ``top`` that a neuron shall reach by firing in
every step, each method says by how much the weights and the biases in between are multiplied, and
what threshold the neurons get. All three give the same potentials in units of the threshold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from spikeloom.errors import ParameterError


@dataclass(frozen=True)
class Scale:
    """What happens to one stretch of linear layers and the neurons behind it.

    Arguments:
        weights: Factor of the stretch's first weights.
        biases: Factor of all its biases.
        threshold: Of the neurons.
    """

    weights: float
    biases: float
    threshold: float


class Conversion(Protocol):
    """A way to convert a network."""

    @property
    def start(self) -> float:
        """Potential at the start in units of the threshold."""
        ...

    @property
    def percentile(self) -> float | None:
        """Of the activations above 0 on the data: the level of full rate; None takes no data."""
        ...

    @property
    def levels(self) -> int | None:
        """Steps of the activation, where it has them."""
        ...

    def scale(self, before: float, top: float) -> Scale:
        """Factors for a stretch between two activations."""
        ...

    def last(self, before: float) -> tuple[float, float]:
        """Factors of the weights and biases behind the last activation."""
        ...


@dataclass(frozen=True)
class WeightNorm:
    """Data-based weight normalisation: W before / top, b / top, all thresholds 1.

    Arguments:
        percentile: Share in % of a layer's activations above 0 that lie below the level at which a
            neuron fires in every step. 100 takes the largest: nothing is cut, but one outlier makes
            all others slow.
        start: Potential at the start in units of the threshold. 0.5 rounds where 0 rounds down.

    Source: Diehl et al. 2015, IJCNN; with the percentile of Rueckauer et al. 2017, Front. Neurosci.
    11:682.

    >>> WeightNorm().scale(before=2.0, top=4.0)
    Scale(weights=0.5, biases=0.25, threshold=1.0)
    """

    percentile: float = 99.9
    start: float = 0.5

    def __post_init__(self) -> None:
        _check("WeightNorm", self.start, self.percentile)

    @property
    def levels(self) -> None:
        """Rectified units have no steps."""

    def scale(self, before: float, top: float) -> Scale:
        """Factors for a stretch between two activations."""
        return Scale(before / top, 1 / top, 1.0)

    def last(self, before: float) -> tuple[float, float]:
        """Factors behind the last activation: the scores are those of the plain network."""
        return before, 1.0


@dataclass(frozen=True)
class ThresholdBalance:
    """Threshold balancing: the weights stay as they are, the threshold becomes top / before.

    Biases are divided by ``before``, because a spike stands for that much and carries weight 1.

    Arguments:
        percentile, start: As for `WeightNorm`.

    Source: Diehl et al. 2015, IJCNN; Sengupta et al. 2019, Front. Neurosci. 13:95.

    >>> ThresholdBalance().scale(before=2.0, top=4.0)
    Scale(weights=1.0, biases=0.5, threshold=2.0)
    """

    percentile: float = 99.9
    start: float = 0.5

    def __post_init__(self) -> None:
        _check("ThresholdBalance", self.start, self.percentile)

    @property
    def levels(self) -> None:
        """Rectified units have no steps."""

    def scale(self, before: float, top: float) -> Scale:
        """Factors for a stretch between two activations."""
        return Scale(1.0, 1 / before, top / before)

    def last(self, before: float) -> tuple[float, float]:
        """Factors behind the last activation: scores in units of ``before``."""
        return 1.0, 1 / before


@dataclass(frozen=True)
class QCFS:
    """For networks trained with `QCFSActivation`, whose level lambda is the threshold.

    Arguments:
        levels: Steps L of the activation; the network must have been trained with as many.
        start: Potential at the start in units of the threshold; 0.5 is what the activation assumes.

    Source: Bu et al. 2022, ICLR, Optimal ANN-SNN conversion.

    >>> QCFS().scale(before=2.0, top=4.0)
    Scale(weights=2.0, biases=1.0, threshold=4.0)
    """

    levels: int = 8
    start: float = 0.5

    def __post_init__(self) -> None:
        _check("QCFS", self.start, None)
        check_levels("QCFS", self.levels)

    @property
    def percentile(self) -> None:
        """The network brings its levels along; no data are needed."""

    def scale(self, before: float, top: float) -> Scale:
        """Factors for a stretch between two activations."""
        return Scale(before, 1.0, top)

    def last(self, before: float) -> tuple[float, float]:
        """Factors behind the last activation: the scores are those of the plain network."""
        return before, 1.0


def check_levels(who: str, levels: int) -> None:
    """Raise `ParameterError` unless the number of steps is whole and at least 1."""
    if not isinstance(levels, int) or isinstance(levels, bool) or levels < 1:
        raise ParameterError(f"{who}: levels must be a whole number >= 1, got {levels!r}.")


def _check(who: str, start: float, percentile: float | None) -> None:
    if not _number(start) or not 0 <= start < 1:
        raise ParameterError(
            f"{who}: start must be from 0 to below 1, in units of the threshold, got {start!r}.",
            hint="0.5 rounds rates to the nearest level",
        )
    if percentile is not None and (not _number(percentile) or not 0 < percentile <= 100):
        raise ParameterError(
            f"{who}: percentile must lie above 0 and up to 100, got {percentile!r}.",
            hint="percentile=99.9 is in %, not a share",
        )


def _number(x: object) -> bool:
    return isinstance(x, int | float) and not isinstance(x, bool) and math.isfinite(x)
