"""Are two results the same? A benchmark asks before it reports any time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spikeloom.errors import BenchmarkError


def same(
    ours: Mapping[str, np.ndarray],
    theirs: Mapping[str, np.ndarray],
    *,
    peer: str,
    case: str,
    tolerance: float = 1e-5,
    outliers: float = 0.0,
) -> float:
    """The largest absolute difference, once every array agrees within `tolerance` of its scale.

    The scale of an array is the largest magnitude in `theirs`; an array of zeros must be met
    exactly. `outliers` is the share of an array that may differ by more: in float32 now and then
    a neuron fires one step earlier on one side, and is then elsewhere. They are not in the result.

    Raises:
        BenchmarkError: A name is missing, or a shape or a value differs, or one is not finite.

    >>> import numpy as np
    >>> same({"y": np.ones(3)}, {"y": np.ones(3)}, peer="other", case="tiny")
    0.0
    """
    where = f"benchmark case {case!r}: ours and {peer}"
    if set(ours) != set(theirs):
        raise BenchmarkError(f"{where} give different results: {sorted(ours)}, {sorted(theirs)}.")
    largest = 0.0
    for name, mine in ours.items():
        other = theirs[name]
        if mine.shape != other.shape:
            raise BenchmarkError(
                f"{where} differ in the shape of {name}: {mine.shape}, {other.shape}."
            )
        if not (np.isfinite(mine).all() and np.isfinite(other).all()):
            raise BenchmarkError(f"{where}: {name} is not finite.")
        if mine.size == 0:
            continue
        difference = np.abs(mine.astype(np.float64) - other)
        scale = float(np.abs(other).max())
        apart = difference > tolerance * scale
        worst = float(difference.max())
        if apart.mean() > outliers:
            at = tuple(int(i) for i in np.unravel_index(int(difference.argmax()), mine.shape))
            raise BenchmarkError(
                f"{where} do not compute the same thing: {name} differs by {worst:.3g} at {at} "
                f"({mine[at]:.7g} and {other[at]:.7g}), allowed is {tolerance * scale:.3g}.",
                hint="no time is reported; make the two sides do the same work first",
            )
        largest = max(largest, float(difference[~apart].max(initial=0.0)))
    return largest
