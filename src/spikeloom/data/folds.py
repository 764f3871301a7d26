"""Take turns at being the test: by group, or in folds with every class in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from spikeloom.data.dataset import Dataset, Splits
from spikeloom.data.split import mix
from spikeloom.errors import DataError, ParameterError


def leave_one_group_out(data: Dataset) -> Iterator[tuple[str, Splits]]:
    """Each group once as the test, all others for training: a speaker never heard, say.

    Arguments:
        data: Has `groups`; `Splits.together` gives all examples of a loader.
    Returns:
        For each group in alphabetical order its name and the splits.
    Raises:
        DataError: No groups, only one, or a side with one class.

    >>> data = Dataset(
    ...     "four",
    ...     np.zeros((4, 2), "f4"),
    ...     np.array([0, 1, 0, 1]),
    ...     ("a", "b"),
    ...     "made up",
    ...     "CC0",
    ...     groups=np.array(["ann", "ann", "bob", "bob"]),
    ... )
    >>> [(name, len(splits.train)) for name, splits in leave_one_group_out(data)]
    [('ann', 2), ('bob', 2)]
    """
    if data.groups is None:
        raise DataError(
            f"{data.name}: does not say which group an example is from.",
            hint="use k_fold, or give the data set its groups",
        )
    for name in np.unique(data.groups):
        yield str(name), by_rows(data, data.groups == name, f"without {name}", str(name))


def k_fold(data: Dataset, folds: int = 5, key: int = 0) -> Iterator[Splits]:
    """Each of `folds` parts once as the test; every part has its share of every class.

    Example i draws the number mix(i, key); within a class, ranks of these numbers are dealt to
    the folds in turn, so the parts are the same on every machine.

    Arguments:
        data: `Splits.together` gives all examples of a loader.
        folds: How many parts, at least 2.
        key: Another key gives another division.
    Raises:
        ParameterError: Fewer than two folds, or more than the smallest class has examples.

    >>> data = Dataset(
    ...     "ten", np.zeros((10, 2), "f4"), np.arange(10) % 2, ("a", "b"), "made up", "CC0"
    ... )
    >>> [len(splits.test) for splits in k_fold(data, 5)]
    [2, 2, 2, 2, 2]
    """
    counts = np.bincount(data.targets, minlength=len(data.classes))
    fewest = int(counts[counts > 0].min()) if len(data) else 0
    if not 2 <= folds <= fewest:
        raise ParameterError(
            f"{data.name}: folds must be 2 to {fewest}, got {folds}.",
            hint="every fold needs an example of every class; "
            f"the smallest class has {fewest} examples",
        )
    draw = mix(np.arange(len(data)), key)
    order = np.lexsort((draw, data.targets))
    part = np.empty(len(data), np.int64)
    part[order] = np.arange(len(data)) % folds  # the deal goes on from class to class: even parts
    for number in range(folds):
        role = f"fold {number + 1} of {folds}"
        yield by_rows(data, part == number, f"without {role}", role)


def by_rows(data: Dataset, chosen: np.ndarray, train: str, test: str) -> Splits:
    """The chosen rows as the test, the others for training; neither may have one class only."""
    splits = Splits(
        replace(data[~chosen], name=f"{data.name} {train}"),
        replace(data[chosen], name=f"{data.name} {test}"),
    )
    for part in (splits.train, splits.test):
        check_classes(part)
    return splits


def check_classes(part: Dataset) -> None:
    """Refuse a part without examples, or with a single class."""
    if not len(part):
        raise DataError(f"{part.name}: there are no examples.", hint="check how they were chosen")
    if part.targets.min() == part.targets.max():
        raise DataError(
            f"{part.name}: all {len(part):,} examples are of class "
            f"{part.classes[int(part.targets[0])]!r}.",
            hint="with one class there is nothing to learn or to judge: check how they were chosen",
        )
