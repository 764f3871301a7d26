"""What a data set is: labelled examples, where they come from, and what may be done with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeloom.errors import DataError


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Labelled examples with values in [0, 1], their origin and their licence.

    Arguments:
        name: Short name, e.g. ``"digits test"``.
        inputs: float32 array (n, *shape), every value in [0, 1].
        targets: int64 array (n,), each an index into `classes`.
        classes: Names of the classes, in the order of their indices.
        source: Who made the data and where it is described.
        licence: Under which terms it may be passed on.
    Raises:
        DataError: A dtype, shape, range or count does not fit.

    >>> import numpy as np
    >>> two = Dataset(
    ...     "two", np.zeros((2, 8, 8), "f4"), np.array([0, 1]), ("a", "b"), "made up", "CC0"
    ... )
    >>> two
    two: 2 examples of 8 × 8, 2 classes (CC0)
    >>> len(two[:1])
    1
    """

    name: str
    inputs: np.ndarray
    targets: np.ndarray
    classes: tuple[str, ...]
    source: str
    licence: str

    def __post_init__(self) -> None:
        if self.inputs.dtype != np.float32 or self.targets.dtype != np.int64:
            raise DataError(
                f"data set {self.name!r}: inputs must be float32 and targets int64, "
                f"got {self.inputs.dtype} and {self.targets.dtype}.",
                hint="convert with .astype(np.float32) and .astype(np.int64)",
            )
        if self.inputs.ndim < 2 or self.targets.shape != self.inputs.shape[:1]:
            raise DataError(
                f"data set {self.name!r}: inputs must be (n, *shape) and targets (n,), "
                f"got {self.inputs.shape} and {self.targets.shape}.",
                hint="the first axis counts examples and must have the same length in both",
            )
        if not len(self):
            return
        low, high = float(self.inputs.min()), float(self.inputs.max())
        if not (low >= 0.0 and high <= 1.0):  # also catches NaN
            raise DataError(
                f"data set {self.name!r}: inputs must lie in [0, 1], got {low:g} to {high:g}.",
                hint="divide pixel values by their largest possible value; look for NaN",
            )
        first, last = int(self.targets.min()), int(self.targets.max())
        if first < 0 or last >= len(self.classes):
            raise DataError(
                f"data set {self.name!r}: targets must lie in 0 to {len(self.classes) - 1}, "
                f"got {first} to {last}.",
                hint="a target is the index of the example's class",
            )

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return self.inputs.shape[1:]

    def __len__(self) -> int:
        return self.inputs.shape[0]

    def __getitem__(self, rows: slice | np.ndarray) -> Dataset:
        """The examples in `rows`, as a data set of their own."""
        return Dataset(
            self.name,
            self.inputs[rows],
            self.targets[rows],
            self.classes,
            self.source,
            self.licence,
        )

    def __repr__(self) -> str:
        size = " × ".join(map(str, self.shape))
        return (
            f"{self.name}: {len(self)} examples of {size}, "
            f"{len(self.classes)} classes ({self.licence})"
        )


@dataclass(frozen=True, eq=False)
class Splits:
    """Examples to learn from and examples to be judged by, never mixed.

    Arguments:
        train: For training and for choosing between settings (cut validation data from here).
        test: Touched once, at the very end.
    """

    train: Dataset
    test: Dataset
