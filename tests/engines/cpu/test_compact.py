"""Steps and neurons of spikes from bits: any density, any size, piece by piece."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spikeloom.engines.cpu import compact
from spikeloom.engines.cpu.build import Loaded, compile_text
from spikeloom.engines.cpu.host import this_host

DENSITIES = [0.0, 0.002, 0.02, 0.1, 0.6, 1.0]


@pytest.mark.parametrize("words", [0, 1, 7, 20])
@pytest.mark.parametrize("density", DENSITIES)
def test_all_spikes_are_found_in_order(density: float, words: int) -> None:
    fired = np.random.default_rng(words).random((50, words * 64)) < density
    bits = np.packbits(fired, axis=1, bitorder="little")
    spikes = compact.SpikeList(50)
    for first in range(0, 50, 13):
        spikes.add(bits[first:], min(13, 50 - first), first)
    np.testing.assert_array_equal(spikes.found(), np.nonzero(fired))


def test_spikes_after_a_long_silence_have_room() -> None:
    fired = np.zeros((400, 128), bool)
    fired[3, 5] = fired[390:] = True
    bits = np.packbits(fired, axis=1, bitorder="little")
    spikes = compact.SpikeList(400)
    for first in range(0, 400, 10):
        spikes.add(bits[first:], 10, first)
    np.testing.assert_array_equal(spikes.found(), np.nonzero(fired))


@pytest.mark.parametrize("density", DENSITIES)
def test_a_processor_without_wide_vectors_finds_the_same(
    density: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = this_host()
    text = compact.write_compact(replace(host, features=host.features.replace("+avx512f", "")))
    assert "compress" not in text
    native = Loaded(compile_text(text, host), host).function("compact")
    monkeypatch.setattr(compact, "_native", lambda: native)
    test_all_spikes_are_found_in_order(density, 7)
