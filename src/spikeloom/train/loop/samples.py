"""Samples in memory or from a DataLoader, as batches whose order depends on (seed, epoch) only."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from spikeloom.errors import DataError, NumericsError, ParameterError, ShapeError
from spikeloom.nn.keys import derive_key
from spikeloom.nn.lengths import check_lengths
from spikeloom.train.jobs.split import permutation
from spikeloom.train.loop.settings import set_chance

Batch: TypeAlias = tuple[Tensor, Tensor, Tensor | None]
"""Inputs, targets, and the number of valid time steps of each sample or None."""


class Batches(Protocol):
    """Something that gives the batches of an epoch, twice the same for the same epoch."""

    @property
    def steps(self) -> int: ...

    @property
    def count(self) -> int: ...

    def epoch(self, number: int) -> Iterable[Batch]: ...


@dataclass(frozen=True, eq=False)
class Samples:
    """Inputs (n, *features) and targets, both checked, held in memory as tensors.

    Arguments:
        inputs: Floating point, finite.
        targets: int64 labels (n,) or floating-point values (n, outputs).
        lengths: Valid time steps of each sample, int64 (n,), where recordings differ; or None.
    """

    inputs: Tensor
    targets: Tensor
    lengths: Tensor | None = None

    def __len__(self) -> int:
        return self.inputs.shape[0]

    def rows(self, index: np.ndarray) -> Samples:
        """Some of the samples."""
        where = torch.from_numpy(index)
        lengths = None if self.lengths is None else self.lengths[where]
        return Samples(self.inputs[where], self.targets[where], lengths)


def as_samples(data: Any, what: str) -> Samples:
    """Read a data set object, or a pair (inputs, targets) of arrays or tensors.

    Arguments:
        data: Has ``.inputs`` and ``.targets``, or is a pair. Recordings of different length come
            padded, with ``.lengths`` or as (inputs, targets, lengths).
        what: Name for messages, such as ``"training data"``.

    Raises:
        DataError: No samples, or not a data set at all.
        ShapeError: Inputs and targets do not belong together.
        NumericsError: NaN or infinity.
    """
    if isinstance(data, Samples):
        return data
    pair: Any = data
    if hasattr(data, "inputs") and hasattr(data, "targets"):
        pair = (data.inputs, data.targets, getattr(data, "lengths", None))
    ends = None
    if isinstance(pair, tuple | list) and len(pair) == 3:
        *pair, ends = pair
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise DataError(
            f"{what}: expected a data set with .inputs and .targets, a pair (inputs, targets) "
            f"or a DataLoader, got {type(data).__name__}.",
        )
    try:
        inputs, targets = (torch.as_tensor(part) for part in pair)
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(
            f"{what}: inputs and targets must be arrays of numbers ({error}).",
            hint="classes are numbered from 0",
        ) from error
    if inputs.is_complex() or targets.is_complex():
        raise DataError(
            f"{what}: complex numbers cannot be learnt.", hint="take x.real, or x.abs()"
        )
    if inputs.dim() < 2 or targets.dim() < 1 or inputs.shape[0] != targets.shape[0]:
        raise ShapeError(
            f"{what}: inputs must be (n, *features) and targets (n,), got "
            f"{tuple(inputs.shape)} and {tuple(targets.shape)}.",
        )
    if inputs.shape[0] == 0:
        raise DataError(f"{what}: there are no samples.", hint="check how the data were selected")
    if inputs.numel() == 0:
        raise ShapeError(f"{what}: the samples have no features, got {tuple(inputs.shape)}.")
    inputs = inputs if inputs.is_floating_point() else inputs.float()
    targets = targets if targets.is_floating_point() else targets.long()
    check_finite(inputs, what)
    if targets.is_floating_point():
        check_finite(targets, f"{what}, targets")
    elif int(targets.min()) < 0:
        raise ParameterError(f"{what}: labels count from 0, got {int(targets.min())}.")
    return Samples(inputs, targets, None if ends is None else as_lengths(ends, what, len(inputs)))


def as_lengths(lengths: Any, what: str, count: int) -> Tensor:
    """The valid time steps of each recording, int64 (n,).

    Raises:
        ShapeError: Not one for each recording.
        DataError: One of them is empty.
        ParameterError: Not whole numbers.

    >>> as_lengths([3, 5], "training data", 2).tolist()
    [3, 5]
    """
    given = check_lengths(what, lengths, sys.maxsize, count)
    if count and int(given.min()) == 0:
        raise DataError(
            f"{what}: recording {int(given.argmin())} is empty, its length is 0.",
            hint="leave empty recordings out",
        )
    return given


def check_finite(x: Tensor, what: str) -> None:
    """Raise `NumericsError` naming the first sample that holds NaN or infinity."""
    # min and max are NaN if any value is; they need no temporary the size of the data.
    low, high = x.aminmax()
    if bool(torch.isfinite(low)) and bool(torch.isfinite(high)):
        return
    bad = torch.isfinite(x).reshape(len(x), -1).all(1).logical_not().nonzero()
    raise NumericsError(
        f"{what}: sample {int(bad[0])} contains NaN or infinity ({len(bad)} such samples).",
        hint="remove or repair these samples; a missing value needs a number of its own",
    )


@dataclass(frozen=True, eq=False)
class SampleBatches:
    """Batches of samples in memory; each is gathered into the same buffer again.

    Arguments:
        samples: All of them.
        batch_size: Samples in a batch; the last one of an epoch may be smaller.
        seed: Key of the order.
        shuffle: False: in the order of the data, as for evaluation.
    """

    samples: Samples
    batch_size: int
    seed: int = 0
    shuffle: bool = True

    @property
    def steps(self) -> int:
        """Batches in an epoch."""
        return -(-len(self.samples) // self.batch_size)

    @property
    def count(self) -> int:
        """Samples in an epoch."""
        return len(self.samples)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch. A batch is valid until the next one is asked for."""
        n, size = len(self.samples), self.batch_size
        inputs, targets, lengths = self.samples.inputs, self.samples.targets, self.samples.lengths
        if not self.shuffle:
            for start in range(0, n, size):
                part = slice(start, start + size)
                yield inputs[part], targets[part], None if lengths is None else lengths[part]
            return
        order = torch.from_numpy(permutation(n, self.seed, "order", number))
        buffer = inputs.new_empty((min(size, n), *inputs.shape[1:]))
        for start in range(0, n, size):
            rows = order[start : start + size]
            batch = buffer[: len(rows)]
            torch.index_select(inputs, 0, rows, out=batch)
            yield batch, targets[rows], None if lengths is None else lengths[rows]


@dataclass(frozen=True, eq=False)
class LoaderBatches:
    """Batches of a torch DataLoader.

    A loader without a generator of its own draws its order from torch's global generator, which
    is set from (seed, epoch) here; so the order is repeatable too.
    """

    loader: DataLoader[Any]
    seed: int = 0

    def __post_init__(self) -> None:
        try:
            empty = len(self.loader) == 0
        except TypeError as error:
            raise DataError(
                "DataLoader: its data set does not say how many samples it has.",
                hint="give the data set a __len__: an epoch needs an end",
            ) from error
        if empty:
            raise DataError("DataLoader: there are no samples.")

    @property
    def steps(self) -> int:
        """Batches in an epoch."""
        return len(self.loader)

    @property
    def count(self) -> int:
        """Samples in an epoch, as far as the data set tells."""
        return len(self.loader.dataset)  # pyright: ignore[reportArgumentType]

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch, checked as they come."""
        set_chance(derive_key(self.seed, "order", number))
        for batch in self.loader:
            parts = isinstance(batch, tuple | list) and len(batch) in (2, 3)
            if not parts or not all(isinstance(part, Tensor) for part in batch):
                raise DataError(
                    "DataLoader: a batch must be a pair of tensors (inputs, targets).",
                    hint="give it a collate_fn that returns such a pair, or (inputs, targets, "
                    "lengths) where recordings differ in length",
                )
            inputs, targets, *rest = batch
            lengths = as_lengths(rest[0], "DataLoader", len(inputs)) if rest else None
            if inputs.numel() == 0:
                raise DataError("DataLoader: it gave an empty batch.")
            check_finite(inputs, "DataLoader")
            yield inputs if inputs.is_floating_point() else inputs.float(), targets, lengths
