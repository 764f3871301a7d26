"""Cut validation data from training data, the same way on every machine."""

from __future__ import annotations

import numpy as np

from spikeloom.errors import ParameterError
from spikeloom.nn.keys import derive_key


def permutation(n: int, seed: int, *counters: int | str) -> np.ndarray:
    """An order of 0 to n-1 that depends on nothing but its arguments.

    Sorts the first n words of a counter-based generator (Philox), whose stream is fixed for all
    versions of NumPy.

    >>> sorted(permutation(4, 0, "order", 1).tolist())
    [0, 1, 2, 3]
    """
    words = np.random.Philox(key=derive_key(seed, *counters)).random_raw(n)
    return np.argsort(np.atleast_1d(words), kind="stable")


def split_validation(
    targets: np.ndarray, fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Divide samples into training and validation, each class in its proportion.

    Arguments:
        targets: Labels (n,) of whole numbers; values with a fraction are split without classes.
        fraction: Share of validation, above 0 and below 1.
        seed: Another seed gives another division.

    Returns:
        Indices of training and of validation samples, ascending.

    Raises:
        ParameterError: A fraction that leaves one of the two empty.

    >>> train, validation = split_validation(np.array([0, 1] * 10), 0.2, seed=0)
    >>> len(train), len(validation)
    (16, 4)
    """
    n = len(targets)
    if not 0 < fraction < 1:
        raise ParameterError(f"validation must be above 0 and below 1, got {fraction!r}.")
    order = permutation(n, seed, "validation")
    if targets.ndim == 1 and np.issubdtype(targets.dtype, np.integer):
        groups = [order[targets[order] == label] for label in np.unique(targets)]
    else:
        groups = [order]
    taken = [group[: round(fraction * len(group))] for group in groups]
    validation = np.sort(np.concatenate(taken)) if taken else np.empty(0, np.int64)
    if not 0 < len(validation) < n:
        raise ParameterError(
            f"validation={fraction!r} takes {len(validation)} of {n} samples; "
            "both parts need at least one.",
            hint="give a share between 0 and 1 that fits the number of samples, or None",
        )
    chosen = np.zeros(n, dtype=bool)
    chosen[validation] = True
    return np.flatnonzero(~chosen), validation
