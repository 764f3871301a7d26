"""Cut validation data from training data, the same way on every machine."""

from __future__ import annotations

import numpy as np

from spikeloom.errors import ParameterError
from spikeloom.nn.keys import derive_key

DRAWS = 500
"""Choices of groups that `split_groups` compares."""


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


def split_groups(
    targets: np.ndarray, groups: np.ndarray, fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Divide samples into training and validation so that no group stands on both sides.

    A group is a speaker or a patient. Of `DRAWS` random choices of groups, that one is taken whose
    share of every class is nearest to the fraction (least sum of squares): groups differ in what
    they hold, and a class that stood on one side alone could not be learnt or not be judged.

    Arguments:
        targets: Labels (n,), whole numbers.
        groups: Group of each sample (n,).
        fraction: Share of the groups for validation, above 0 and below 1; one group at least.
        seed: Another seed gives another division.

    Returns:
        Indices of training and of validation samples, ascending.

    Raises:
        ParameterError: A fraction out of range, or fewer than two groups.

    >>> train, validation = split_groups(np.array([0, 1] * 4), np.repeat([0, 1, 2, 3], 2), 0.25, 0)
    >>> len(train), len(validation)
    (6, 2)
    """
    if not 0 < fraction < 1:
        raise ParameterError(f"validation must be above 0 and below 1, got {fraction!r}.")
    names, member = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        raise ParameterError(
            f"validation by groups needs two groups or more, the training data hold {len(names)}.",
            hint='validate_by="class" cuts it from all samples',
        )
    count = min(max(round(fraction * len(names)), 1), len(names) - 1)
    labels, label = np.unique(targets, return_inverse=True)
    table = np.zeros((len(names), len(labels)))
    np.add.at(table, (member, label), 1)
    total = table.sum(0)
    wanted = count / len(names)

    def distance(chosen: np.ndarray) -> float:
        return float((((table[chosen].sum(0) / total) - wanted) ** 2).sum())

    draws = (permutation(len(names), seed, "groups", k)[:count] for k in range(DRAWS))
    best = min(draws, key=distance)
    held = np.isin(member, best)
    return np.flatnonzero(~held), np.flatnonzero(held)
