"""Figures of recordings: units on every axis, and every size from nothing to much."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import spikeloom as sl
from spikeloom import mV, pA, show
from spikeloom.errors import ParameterError


def words(figure: Any) -> str:
    from matplotlib.text import Text

    return " | ".join(text.get_text() for text in figure.findobj(Text) if text.get_text())


def curve(parts: int, bins: int = 30) -> sl.RateCurve:
    names = tuple((f"pop{k}", 10) for k in range(parts))
    return sl.RateCurve(np.random.default_rng(0).poisson(4, (bins, parts)), 5.0, 0.0, names)


def windows(neurons: int, count: int = 6) -> sl.Windows:
    values = np.random.default_rng(0).normal(-60, 2, (count, 11, neurons))
    values[:1, :3] = np.nan
    names = tuple(f"exc[{k}]" for k in range(neurons)) if neurons < 9 else ()
    offsets, ids = np.arange(-5.0, 6.0), np.zeros(count, int)
    return sl.Windows(
        np.arange(float(count)), ids, values, offsets, mV, "v", "spikes of exc[0]", (), names
    )


def spectrum(parts: int) -> sl.PowerSpectrum:
    names = tuple((f"pop{k}", 10) for k in range(parts))
    power = np.random.default_rng(0).exponential(1.0, (50, parts))
    return sl.PowerSpectrum(np.arange(50.0), power, 9, names)


def weights(samples: int, synapses: int) -> sl.WeightTrace:
    ids = np.arange(synapses)
    values = np.random.default_rng(0).gamma(2, 10, (samples, synapses))
    return sl.WeightTrace(100.0 * np.arange(samples), values, pA, "exc -> exc", ids, ids)


@pytest.mark.parametrize("parts", [1, 3, 4])
def test_population_rates(parts: int) -> None:
    figure = show.population_rates(curve(parts))
    told = words(figure)
    assert "time (ms)" in told and "(Hz)" in told and "bins of 5 ms" in told
    assert len(figure.axes) == (1 if parts <= 3 else parts)


@pytest.mark.parametrize("neurons", [1, 2, 3, 40])
def test_triggered(neurons: int) -> None:
    figure = show.triggered(windows(neurons))
    told = words(figure)
    assert "time from spikes of exc[0] (ms)" in told and "v (mV)" in told
    assert "6 windows ± 1 standard deviation" in told
    assert {40: "mean of 40 neurons: ", 1: "exc[0]: "}.get(neurons, "exc[1]") in told


@pytest.mark.parametrize("parts", [1, 3])
def test_spectra(parts: int) -> None:
    figure = show.spectra(spectrum(parts))
    told = words(figure)
    assert "frequency (Hz)" in told and "power (Hz²/Hz)" in told and "peak at" in told


@pytest.mark.parametrize(("samples", "synapses"), [(1, 1), (1, 50), (900, 3), (20, 2000)])
def test_weights(samples: int, synapses: int) -> None:
    figure = show.weights(weights(samples, synapses))
    told = words(figure)
    assert "weight (pA)" in told and "time (ms)" in told and "share of synapses" in told


def test_silence_and_equal_weights() -> None:
    assert show.png(show.spectra(sl.PowerSpectrum(np.arange(5.0), np.zeros((5, 1)), 2)))
    ids = np.arange(3)
    equal = sl.WeightTrace(np.array([0.0, 1.0]), np.ones((2, 3)), pA, "a -> b", ids, ids)
    show.png(show.weights(equal))


def test_nothing_to_show_is_told() -> None:
    with pytest.raises(ParameterError, match="too short for one bin"):
        show.population_rates(curve(1, bins=0))
    with pytest.raises(ParameterError, match="no moment"):
        show.triggered(windows(1, count=0))
    with pytest.raises(ParameterError, match="too short for one segment"):
        show.spectra(sl.PowerSpectrum(np.arange(5.0), np.zeros((5, 1)), 0))
    with pytest.raises(ParameterError, match="cannot be told apart"):
        show.spectra(spectrum(4))
    with pytest.raises(ParameterError, match="no weights"):
        show.weights(weights(0, 3))
    with pytest.raises(ParameterError, match="bins must be"):
        show.weights(weights(2, 3), bins=0)
