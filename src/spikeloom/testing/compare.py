"""Comparing answers: what differs, where, and by how much."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def assert_close(
    what: str,
    got: Array,
    expected: Array,
    *,
    relative: float,
    absolute: Array | float = 0.0,
    noise: Array | float = 0.0,
) -> None:
    """Every number within tolerance of the expected one; NaN only where NaN is expected.

    Arguments:
        what: Named in the message.
        got: The answer.
        expected: The truth, of the same shape.
        relative: Allowed error as a share of each expected number.
        absolute: Allowed error of any number.
        noise: How far rounding alone moved the truth, number by number.

    Raises:
        AssertionError: Names the worst place.
    """
    got, expected = np.asarray(got, np.float64), np.asarray(expected, np.float64)
    if got.shape != expected.shape:
        raise AssertionError(f"{what}: expected shape {expected.shape}, got {got.shape}.")
    with np.errstate(all="ignore"):
        allowed = relative * np.abs(expected) + absolute + np.asarray(noise)
        wrong = ~(np.abs(got - expected) <= allowed)
    wrong &= ~((got == expected) | (np.isnan(got) & np.isnan(expected)))
    if wrong.any():
        with np.errstate(all="ignore"):
            excess = np.where(wrong, np.abs(got - expected) - allowed, -np.inf)
        excess = np.where(np.isnan(excess), np.inf, excess)
        worst = np.unravel_index(np.argmax(excess), wrong.shape)
        raise AssertionError(
            f"{what}: {int(wrong.sum())} of {wrong.size} numbers differ; worst at"
            f" {tuple(int(i) for i in worst)}: expected {expected[worst]!r}, got {got[worst]!r}."
        )


def assert_same_spikes(what: str, got: Array, expected: Array, sure: Array | None = None) -> None:
    """The same spikes at every step, but for neurons that rounding may tip over.

    Arguments:
        what: Named in the message.
        got: Spikes (T, …).
        expected: True spikes of the same shape.
        sure: Where False, the truth itself is within rounding of the threshold, and a different
            answer is accepted; all True if None.

    Raises:
        AssertionError: Names step and neuron of the first difference.
    """
    if got.shape != expected.shape:
        raise AssertionError(f"{what}: expected shape {expected.shape}, got {got.shape}.")
    wrong = got.astype(bool) != expected.astype(bool)
    if sure is not None:
        wrong &= sure
    if wrong.any():
        first = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise AssertionError(
            f"{what}: {int(wrong.sum())} spikes differ, the first at step {first[0]}, neuron"
            f" {first[1:]}: expected {bool(expected[first])}, got {bool(got[first])}."
        )
