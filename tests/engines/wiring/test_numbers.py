"""The generator and the formulas, against published answers and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from spikeloom.engines.wiring.arrays import ARRAYS, draw_below, make_key, words
from spikeloom.engines.wiring.draw import prepare
from spikeloom.engines.wiring.formulas import (
    below,
    exponential,
    logarithm,
    normal_quantile,
    philox,
    schedule,
)
from spikeloom.equations import lognormal, normal, uniform
from spikeloom.errors import ParameterError

# Random123 prints these for Philox4x32-10: counter, key, answer.
PUBLISHED = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    (
        (0xFFFFFFFF,) * 4,
        (0xFFFFFFFF,) * 2,
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "answer"), PUBLISHED)
def test_philox_gives_the_published_answers(
    counter: tuple[int, ...], key: tuple[int, int], answer: tuple[int, ...]
) -> None:
    block, row = (
        np.asarray(low | high << 32, np.uint64) for low, high in (counter[:2], counter[2:])
    )
    with np.errstate(over="ignore"):
        keys = schedule(ARRAYS, tuple(np.asarray(k, np.uint64) for k in key))
        given = [int(x) for x in philox(ARRAYS, keys, block, row)]
    assert [x >> s & 0xFFFFFFFF for x in given for s in (0, 32)] == list(answer)


def test_logarithm_exponential_and_quantile_are_right_to_the_last_places() -> None:
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.random(10_000), 10.0 ** rng.uniform(-300, 300, 10_000), [1.0]])
    np.testing.assert_allclose(logarithm(ARRAYS, x), np.log(x), rtol=1e-15, atol=0)
    y = rng.uniform(-700, 700, 10_000)
    np.testing.assert_allclose(exponential(ARRAYS, y), np.exp(y), rtol=1e-15)
    small = 10.0 ** rng.uniform(-200, -0.31, 10_000)
    p = np.concatenate([rng.random(10_000), small, 1 - small[small > 1e-15], [0.5]])
    np.testing.assert_allclose(normal_quantile(ARRAYS, p), ndtri(p), rtol=2e-15, atol=1e-15)


def test_below_is_the_upper_half_of_the_product() -> None:
    rng = np.random.default_rng(2)
    word = rng.integers(0, 2**64, 1000, dtype=np.uint64)
    for n in (1, 7, 2**32 - 1, 2**32 + 5, 2**63 - 25):
        with np.errstate(over="ignore"):
            given = below(ARRAYS, word, np.asarray(n, np.uint64))
        assert [int(x) for x in given] == [int(x) * n >> 64 for x in word]


def test_words_depend_on_each_part_of_the_key() -> None:
    given = {
        int(words(make_key(seed, entity, purpose), row, index))
        for seed in (0, 1)
        for entity in (0, "0", 1)
        for purpose in ("targets", "weight")
        for row in (0, 1, 2**32)
        for index in (0, 1, 2, 2**33)
    }
    assert len(given) == 2 * 3 * 2 * 3 * 4


def test_draws_below_are_even() -> None:
    counts = np.bincount(draw_below(3, 0, np.arange(100_000), 50), minlength=50)
    # χ² with 49 degrees of freedom; the draws are fixed, so the test never flickers.
    assert np.sum((counts - 2000) ** 2 / 2000) < 100


@pytest.mark.parametrize(
    ("distribution", "mean", "sd"),
    [
        (normal(3, 0.5), 3.0, 0.5),
        (uniform(-1, 3), 1.0, 4 / 12**0.5),
        (lognormal(2, 1), 2.0, 1.0),
        (normal(-3, 0), -3.0, 0.0),
        # Half a normal distribution: sqrt(2 / π) and sqrt(1 - 2 / π).
        (normal(0, 1, low=0), 0.797885, 0.602810),
        (normal(0, 1, high=0), -0.797885, 0.602810),
    ],
)
def test_moments_of_draws(distribution: object, mean: float, sd: float) -> None:
    values = prepare(distribution).values(11, np.arange(200_000))  # type: ignore[arg-type]
    assert abs(values.mean() - mean) <= 4.5 * sd / 200_000**0.5
    assert values.std() == pytest.approx(sd, rel=0.03)


def test_bounds_and_scale() -> None:
    draw = prepare(normal(0, 1, low=5, high=6), scale=10.0)
    values = draw.values(1, np.arange(1000))
    assert values.min() >= 50 and values.max() <= 60 and values.mean() < 53
    assert draw.largest <= 60
    with pytest.raises(ParameterError, match="hardly any draw"):
        prepare(normal(0, 1, low=9))
    with pytest.raises(ParameterError, match="hardly any draw"):
        prepare(normal(-1, 0), low=0.0)
