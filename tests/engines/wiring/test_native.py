"""Native graphs have the bits of the reference, on any number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeloom.engines.cpu import pool
from spikeloom.engines.cpu.network.packed import fixed_step
from spikeloom.engines.cpu.wiring import NativeWiring, builder
from spikeloom.engines.wiring.draw import prepare
from spikeloom.engines.wiring.reference import ReferenceWiring, allowed, diagonal
from spikeloom.equations import lognormal, normal, uniform

REFERENCE = ReferenceWiring()
NATIVE = NativeWiring(threads=2)
keys = st.integers(0, 2**64 - 1)
shifts = st.none() | st.integers(-40, 40)
sizes = st.integers(0, 150)


@pytest.fixture(autouse=True, scope="module")
def _threads_for_small_work() -> Any:
    patch = pytest.MonkeyPatch()
    patch.setattr(pool, "WORK_PER_THREAD", 1)
    patch.setattr(builder, "CHUNK", 64)
    yield
    patch.undo()


def same(given: Any, wanted: Any) -> None:
    for a, b in zip(given, wanted, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


@settings(max_examples=80, deadline=None)
@given(keys, sizes, sizes, st.floats(0, 1), shifts, st.integers(0, 2**31))
def test_skip(key: int, rows: int, columns: int, p: float, shift: int | None, first: int) -> None:
    same(
        NATIVE.skip(key, rows, columns, p, shift, first),
        REFERENCE.skip(key, rows, columns, p, shift, first),
    )


def test_skip_makes_room_when_there_is_too_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "SPREAD", -7.0)
    same(NATIVE.skip(1, 300, 700, 0.3, None), REFERENCE.skip(1, 300, 700, 0.3, None))


@settings(max_examples=150, deadline=None)
@given(
    keys, st.integers(0, 20), st.integers(1, 400), st.floats(0, 1), st.booleans(), shifts,
    st.booleans(), st.integers(0, 2**31),
)  # fmt: skip
def test_pick(
    key: int, rows: int, columns: int, share: float, multapses: bool, shift: int | None,
    transpose: bool, first: int,
) -> None:  # fmt: skip
    first = 0 if transpose else first
    least = int(allowed(np.arange(first, first + rows + 1), columns, shift).min())
    count = round(share * least)
    args = (key, rows, columns, count, multapses, shift, transpose, first)
    same(NATIVE.pick(*args), REFERENCE.pick(*args))


@pytest.mark.parametrize("columns", [3000, 70_000, 3_000_000])
@pytest.mark.parametrize("multapses", [False, True])
def test_pick_few_of_many(columns: int, multapses: bool) -> None:
    args = (5, 6, columns, 40, multapses, 2, False)
    same(NATIVE.pick(*args), REFERENCE.pick(*args))


@settings(max_examples=150, deadline=None)
@given(
    keys, st.integers(1, 60), st.integers(1, 60), st.floats(0, 1), st.booleans(), shifts
)  # fmt: skip
def test_pairs(
    key: int, sources: int, targets: int, share: float, multapses: bool, shift: int | None
) -> None:
    first, last = diagonal(sources, targets, shift)
    total = round(share * (sources * targets - (last - first)))
    args = (key, sources, targets, total, multapses, shift)
    same(NATIVE.pairs(*args), REFERENCE.pairs(*args))


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint16"])
@pytest.mark.parametrize(
    "chosen", [normal(5, 2, low=0), normal(0, 1, low=4), uniform(2, 8), lognormal(3, 1)], ids=str
)
def test_values(chosen: Any, dtype: str) -> None:
    draw = prepare(chosen, scale=3.0)
    for count in (0, 1, 15, 16, 17, 4099):
        same([NATIVE.values(9, draw, count, dtype)], [REFERENCE.values(9, draw, count, dtype)])
    if dtype == "float32":
        whole = draw.in_24_bits()
        made = NATIVE.values(9, whole, 1000, dtype)
        same([made], [REFERENCE.values(9, whole, 1000, dtype)])
        assert (made >= whole.low).all() and (made <= whole.high).all()
        if chosen.kind != "lognormal":
            assert fixed_step(made) is not None
            assert np.abs(made - NATIVE.values(9, draw, 1000, dtype)).max() <= whole.step


@pytest.mark.parametrize("threads", [1, 3, 4, None])
def test_threads_make_no_difference(threads: int | None) -> None:
    one, many = NativeWiring(1), NativeWiring(threads)
    same(many.skip(1, 500, 400, 0.2, 0), one.skip(1, 500, 400, 0.2, 0))
    for transpose in (False, True):
        args = (2, 300, 400, 50, True, 0, transpose)
        same(many.pick(*args), one.pick(*args))
    same(many.pairs(3, 20, 400, 90_000, True, None), one.pairs(3, 20, 400, 90_000, True, None))
    draw = prepare(normal(1, 1))
    same([many.values(4, draw, 9999, "float32")], [one.values(4, draw, 9999, "float32")])


def test_a_part_of_the_rows_is_that_part_of_the_graph() -> None:
    """What regenerates rows on the fly gets the rows that would have been stored."""
    indptr, targets = NATIVE.skip(8, 200, 300, 0.1, 0)
    for first, last in ((0, 10), (10, 77), (150, 200)):
        part = NATIVE.skip(8, last - first, 300, 0.1, 0, first)
        np.testing.assert_array_equal(part[0], indptr[first : last + 1] - indptr[first])
        np.testing.assert_array_equal(part[1], targets[indptr[first] : indptr[last]])
    whole = NATIVE.pick(8, 200, 300, 7, False, 0, False)[1]
    part = NATIVE.pick(8, 50, 300, 7, False, 0, False, 100)[1]
    np.testing.assert_array_equal(part, whole[700:1050])


def test_the_comparison_sees_a_single_changed_target() -> None:
    indptr, targets = NATIVE.skip(1, 50, 60, 0.2, None)
    wrong = targets.copy()
    wrong[17] ^= 1
    with pytest.raises(AssertionError):
        same((indptr, wrong), REFERENCE.skip(1, 50, 60, 0.2, None))
