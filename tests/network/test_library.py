"""The networks of the library give what is known of them."""

from __future__ import annotations

import pytest

from spikeloom.equations.units import ms
from spikeloom.network.library import EXAMPLES, Setup, measure


def check(name: str, seed: int = 1, threads: int | None = None) -> None:
    example = EXAMPLES[name]
    built = example.build(Setup(seed=seed, threads=threads))
    result = built.net.run(example.duration * ms, progress=False)
    found = measure(result.spikes[built.spikes], example.settle)
    for band in example.bands:
        assert band.holds(found[band.measure]), (band, found)


@pytest.mark.parametrize("name", ["cuba", "coba", "cobahh"])
def test_balanced_networks(name: str) -> None:
    check(name)


@pytest.mark.parametrize("name", ["brunel-c", "brunel-d"])
def test_slow_and_irregular_points_of_brunel(name: str) -> None:
    check(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["brunel-a", "brunel-b"])
def test_fast_points_of_brunel(name: str) -> None:
    check(name)


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_can_be_made_small(name: str) -> None:
    built = EXAMPLES[name].build(Setup(scale=0.11))
    assert built.net.populations[0].size == round(0.11 * (10_000 if "brunel" in name else 3200))
