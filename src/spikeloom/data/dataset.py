"""What a data set is: labelled examples, where they come from, and what may be done with them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spikeloom.errors import DataError


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Labelled examples with values in known bounds, their origin and their licence.

    Arguments:
        name: Short name, e.g. ``"digits test"``.
        inputs: float32 array (n, *shape), every value finite and inside `bounds`.
        targets: int64 array (n,), each an index into `classes`.
        classes: Names of the classes, in the order of their indices.
        source: Who made the data and where it is described.
        licence: Under which terms it may be passed on.
        lengths: int64 array (n,): how many rows of its first axis an example really has, where
            examples differ (the rest is padding and counts nowhere); None: all of them.
        groups: Array (n,) of who each example is from, such as the speaker or the patient; None
            where that is not known. Examples of one group belong on one side of a split.
        bounds: Least and largest value that an input may have.
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
    lengths: np.ndarray | None = None
    groups: np.ndarray | None = None
    bounds: tuple[float, float] = (0.0, 1.0)

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
        self._check_companions()
        if not len(self):
            return
        if self.inputs.size:
            self._check_values()
        first, last = int(self.targets.min()), int(self.targets.max())
        if first < 0 or last >= len(self.classes):
            raise DataError(
                f"data set {self.name!r}: targets must lie in 0 to {len(self.classes) - 1}, "
                f"got {first} to {last}.",
                hint="a target is the index of the example's class",
            )

    def _check_values(self) -> None:
        (least, most), given = self.bounds, self.inputs
        low, high = float(given.min()), float(given.max())
        if not (low >= least and high <= most and np.isfinite([low, high]).all()):  # NaN too
            raise DataError(
                f"data set {self.name!r}: inputs must lie in [{least:g}, {most:g}], "
                f"got {low:g} to {high:g}.",
                hint="divide pixel values by their largest possible value; look for NaN",
            )

    def _check_companions(self) -> None:
        for what, given in (("lengths", self.lengths), ("groups", self.groups)):
            if given is not None and given.shape != self.targets.shape:
                raise DataError(
                    f"data set {self.name!r}: {what} must be ({len(self)},), got {given.shape}.",
                    hint="there is one for each example",
                )
        if self.lengths is None:
            return
        if self.lengths.dtype != np.int64:
            raise DataError(
                f"data set {self.name!r}: lengths must be int64, got {self.lengths.dtype}.",
                hint="convert with .astype(np.int64)",
            )
        if len(self) and (self.lengths.min() < 0 or self.lengths.max() > self.inputs.shape[1]):
            raise DataError(
                f"data set {self.name!r}: lengths must lie in 0 to {self.inputs.shape[1]}, "
                f"got {self.lengths.min()} to {self.lengths.max()}.",
                hint="a length counts the rows of the example's first axis",
            )

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return self.inputs.shape[1:]

    def __len__(self) -> int:
        return self.inputs.shape[0]

    def __getitem__(self, rows: slice | np.ndarray) -> Dataset:
        """The examples in `rows`, as a data set of their own."""
        return replace(
            self,
            inputs=self.inputs[rows],
            targets=self.targets[rows],
            lengths=None if self.lengths is None else self.lengths[rows],
            groups=None if self.groups is None else self.groups[rows],
        )

    def __repr__(self) -> str:
        size = " × ".join(map(str, self.shape))
        return (
            f"{self.name}: {len(self)} examples of "
            f"{'up to ' if self.lengths is not None else ''}{size}, "
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

    def together(self) -> Dataset:
        """All examples as one data set, those of `train` first, to be divided in another way."""
        a, b = self.train, self.test
        if a.classes != b.classes or a.bounds != b.bounds or a.shape != b.shape:
            raise DataError(
                f"{a!r} and {b!r} do not fit together.",
                hint="both need the same classes, bounds and shape",
            )
        return replace(
            a,
            name=_stem(a.name, b.name),
            inputs=np.concatenate([a.inputs, b.inputs]),
            targets=np.concatenate([a.targets, b.targets]),
            lengths=_joined(a.lengths, b.lengths),
            groups=_joined(a.groups, b.groups),
        )


def _stem(train: str, test: str) -> str:
    """``FSDD train`` and ``FSDD test`` together are ``FSDD``."""
    stem = train.removesuffix(" train")
    return stem if test == f"{stem} test" else f"{train} + {test}"


def _joined(a: np.ndarray | None, b: np.ndarray | None) -> np.ndarray | None:
    return None if a is None or b is None else np.concatenate([a, b])
