"""The comparison itself: it must fail when it should."""

from __future__ import annotations

import numpy as np
import pytest

from spikeloom.bench.compare import same
from spikeloom.bench.step import agree
from spikeloom.errors import BenchmarkError

TRUTH = {"y": np.linspace(-3, 3, 1000).reshape(10, 100)}


def compare(changed: np.ndarray, **options: float) -> float:
    return same({"y": changed}, TRUTH, peer="peer", case="case", **options)


def test_equal_and_nearly_equal_pass():
    assert compare(TRUTH["y"]) == 0
    assert compare(TRUTH["y"] + 2e-5) == pytest.approx(2e-5)


@pytest.mark.parametrize("where", [(0, 0), (9, 99), (4, 50)])
def test_one_wrong_value_anywhere_is_found_and_named(where: tuple[int, int]):
    changed = TRUTH["y"].copy()
    changed[where] += 1e-4
    with pytest.raises(BenchmarkError, match=f"y differs by 0.0001 at \\({where[0]}, {where[1]}"):
        compare(changed)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_finite_is_refused_even_on_both_sides(value: float):
    both = {"y": np.full((2, 2), value)}
    with pytest.raises(BenchmarkError, match="finite"):
        same(both, both, peer="peer", case="case")


def test_shapes_and_names_must_agree():
    with pytest.raises(BenchmarkError, match="shape"):
        compare(TRUTH["y"][1:])
    with pytest.raises(BenchmarkError, match="different results"):
        same({"z": TRUTH["y"]}, TRUTH, peer="peer", case="case")


def test_an_array_of_zeros_must_be_met_exactly():
    zero = {"y": np.zeros(3)}
    assert same(zero, zero, peer="peer", case="case") == 0
    with pytest.raises(BenchmarkError):
        same({"y": np.full(3, 1e-12)}, zero, peer="peer", case="case")


def test_outliers_are_counted_not_trusted():
    changed = TRUTH["y"].copy()
    changed[0, 0] += 1
    assert compare(changed, outliers=1e-3) == 0
    changed[0, 1] += 1
    with pytest.raises(BenchmarkError):
        compare(changed, outliers=1e-3)


def test_one_spike_more_is_refused_in_float64_and_allowed_in_float32():
    ours = {"counts": np.full(100, 10), "v": np.arange(100.0)}
    theirs = ours | {"counts": ours["counts"] + (np.arange(100) == 3)}
    assert agree(ours, theirs, "peer", "case", "float32") == 0
    with pytest.raises(BenchmarkError, match="1000 and 1001 spikes"):
        agree(ours, theirs, "peer", "case", "float64")


def test_the_same_number_of_spikes_elsewhere_is_refused_in_float64():
    counts = np.zeros(4, int)
    first, second = ({"counts": counts + (np.arange(4) == k), "v": np.zeros(4)} for k in (0, 1))
    with pytest.raises(BenchmarkError):
        agree(first, second, "peer", "case", "float64")
