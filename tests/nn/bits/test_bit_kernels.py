"""Bits of two-valued arrays: every width, every length, what cannot be packed, any threads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.engines.cpu.bits import GROUP, PROBE, pack, unpack

WIDTHS = [(np.int16, 0x3F80), (np.int32, 0x3F800000), (np.int64, 0x3FF0000000000000)]


def spikes(size: int, dtype: type, one: int, seed: int = 0, rate: float = 0.2) -> np.ndarray:
    return np.where(np.random.default_rng(seed).random(size) < rate, one, 0).astype(dtype)


@pytest.mark.parametrize(("dtype", "one"), WIDTHS)
@pytest.mark.parametrize("size", [0, 1, GROUP - 1, GROUP, GROUP + 1, 1000, 3 * PROBE + 17])
@pytest.mark.parametrize("rate", [0.0, 0.2, 1.0])
def test_what_was_packed_comes_back(dtype: type, one: int, size: int, rate: float) -> None:
    x = spikes(size, dtype, one, rate=rate)
    packed = pack(x, one)
    assert packed is not None
    assert packed[0].nbytes == -(-size // GROUP) * 8
    out = np.full_like(x, 3)
    unpack(*packed, out)
    np.testing.assert_array_equal(out, x)


@given(st.integers(0, 500), st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**31))
def test_any_second_number_will_do(size: int, one: int, seed: int) -> None:
    x = spikes(size, np.int32, one, seed)
    packed = pack(x, 1)
    assert packed is not None
    out = np.empty_like(x)
    unpack(*packed, out)
    np.testing.assert_array_equal(out, x)


@pytest.mark.parametrize("place", [0, 1, PROBE, PROBE + GROUP, 3 * PROBE + 16])
def test_a_third_number_anywhere_is_found(place: int) -> None:
    x = spikes(3 * PROBE + 17, np.int32, 5)
    x[place] = 6
    assert pack(x, 5) is None
    assert pack(x, 5, threads=2) is None


def test_a_late_second_number_is_known_only_if_it_is_the_expected_one() -> None:
    x = np.zeros(2 * PROBE, np.int32)
    x[-1] = 7
    assert pack(x, 7) is not None
    assert pack(x, 8) is None


def test_threads_give_the_same_bits() -> None:
    x = spikes(40_000_001, np.int16, 9)
    one, two = pack(x, 9, threads=1), pack(x, 9, threads=2)
    assert one is not None and two is not None
    np.testing.assert_array_equal(one[0], two[0])
    out = np.empty_like(x)
    unpack(*two, out, threads=2)
    np.testing.assert_array_equal(out, x)
