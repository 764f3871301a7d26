"""F1 of each class and their mean, from a table of true and chosen classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def class_f1(confusion: ArrayLike) -> np.ndarray:
    """F1 of each class, 2 TP / (2 TP + FP + FN); NaN for one neither there nor ever chosen.

    Arguments:
        confusion: Counts (classes, classes): row is the true class, column the chosen one.

    >>> class_f1([[8, 2], [0, 10]]).round(3).tolist()
    [0.889, 0.909]
    """
    table = np.asarray(confusion, dtype=float)
    hits = np.diagonal(table)
    whole = table.sum(0) + table.sum(1)
    return np.divide(2 * hits, whole, out=np.full(len(table), np.nan), where=whole > 0)


def macro_f1(confusion: ArrayLike) -> float:
    """Mean of the F1 of all classes that occur or were chosen: each class counts alike.

    Arguments:
        confusion: As for `class_f1`.

    >>> macro_f1([[90, 0], [10, 0]])  # 90 % right, and blind to the second class
    0.47368421052631576
    """
    values = class_f1(confusion)
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else 0.0
