"""The Yin-Yang task: points of the plane, three classes that no straight line parts."""

from __future__ import annotations

import numpy as np

from spikeloom.data.dataset import Dataset, Splits
from spikeloom.errors import ParameterError

SOURCE = "Kriener, Göltz & Petrovici 2022, The Yin-Yang dataset, NICE; arXiv:2102.08211"
BIG, SMALL = 0.5, 0.1
"""Radius of the whole, and of each of the two dots."""


def load_yin_yang(*, train: int = 5000, test: int = 1000, key: int = 0) -> Splits:
    """Points (x, y, 1 - x, 1 - y) in a circle; classes yin, yang and dot, equally many.

    Made here by rejection from uniform points, with numbers of its own: results compare with those
    of the paper, the single points do not.

    Arguments:
        train, test: How many points of each.
        key: Another key gives other points.

    Returns:
        Training and test points, float32 (n, 4) in [0, 1].

    Raises:
        ParameterError: A negative count.

    Source: Kriener, Göltz & Petrovici 2022, NICE.

    >>> load_yin_yang().train
    yin-yang train: 5000 examples of 4, 3 classes (CC0)
    """
    for name, count in (("train", train), ("test", test)):
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise ParameterError(f"load_yin_yang: {name} must be a count, got {count!r}.")
    return Splits(_draw("train", train, (key, 0)), _draw("test", test, (key, 1)))


def yin_yang_class(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """0 yin, 1 yang, 2 dot for points inside the circle, -1 outside.

    >>> yin_yang_class(np.array([0.25, 0.5, 0.5]), np.array([0.5, 0.8, 0.2])).tolist()
    [2, 0, 1]
    """
    right = np.hypot(x - 1.5 * BIG, y - BIG)
    left = np.hypot(x - 0.5 * BIG, y - BIG)
    yin = (right <= SMALL) | ((left > SMALL) & (left <= 0.5 * BIG))
    yin |= (y > BIG) & (right > 0.5 * BIG)
    dot = (right < SMALL) | (left < SMALL)
    made = np.where(dot, 2, np.where(yin, 0, 1))
    return np.where(np.hypot(x - BIG, y - BIG) > BIG, -1, made)


def _draw(role: str, count: int, key: tuple[int, int]) -> Dataset:
    draws = np.random.Generator(np.random.Philox(key=list(key)))
    wanted = np.arange(count) % 3
    made = np.empty((count, 2))
    for label in range(3):
        rows, found = np.flatnonzero(wanted == label), 0
        while found < len(rows):
            points = draws.random((4096, 2))
            points = points[yin_yang_class(points[:, 0], points[:, 1]) == label]
            points = points[: len(rows) - found]
            made[rows[found : found + len(points)]] = points
            found += len(points)
    order = draws.permutation(count)
    made, wanted = made[order], wanted[order]
    inputs = np.concatenate([made, 1 - made], 1).astype(np.float32)
    classes = ("yin", "yang", "dot")
    return Dataset(f"yin-yang {role}", inputs, wanted.astype(np.int64), classes, SOURCE, "CC0")
