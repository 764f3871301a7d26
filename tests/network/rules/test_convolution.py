"""Convolution: the same sum as PyTorch's, and refusals."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeloom import Convolution, Delta, Network, OneToOne, PerfectIF, ms, mV
from spikeloom.errors import NumericsError, ParameterError, ShapeError

CONV = {1: torch.nn.functional.conv1d, 2: torch.nn.functional.conv2d, 3: torch.nn.functional.conv3d}


@st.composite
def cases(draw: Any) -> tuple[Any, ...]:
    axes = draw(st.integers(1, 3))
    grid = tuple(draw(st.integers(2, 7)) for _ in range(axes))
    spans = tuple(draw(st.integers(1, 3)) for _ in range(axes))
    channels = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    stride = tuple(draw(st.integers(1, 3)) for _ in range(axes))
    padding = tuple(draw(st.integers(k // 2, 2)) for k in spans)
    return grid, spans, channels, stride, padding, draw(st.integers(0, 2**31))


@settings(max_examples=60, deadline=None)
@given(cases())
def test_it_sums_as_torch_does(case: tuple[Any, ...]) -> None:
    grid, spans, channels, stride, padding, seed = case
    rng = np.random.default_rng(seed)
    kernel = rng.normal(size=(*channels, *spans))
    kernel[rng.random(kernel.shape) < 0.2] = 0.0
    x = rng.normal(size=(channels[1], *grid))
    want = CONV[len(grid)](
        torch.tensor(x)[None], torch.tensor(kernel), stride=stride, padding=padding
    )[0].numpy()

    rule = Convolution(grid, kernel, stride=stride, padding=padding)

    assert rule.sources_shape == x.shape
    assert rule.targets_shape == want.shape
    got = np.zeros(want.size)
    np.add.at(got, rule.targets, rule.weights * x.ravel()[rule.sources])
    np.testing.assert_allclose(got.reshape(want.shape), want, atol=1e-12)
    indptr, targets = rule.build(x.size, want.size)
    assert indptr[-1] == len(targets) == len(rule.weights)


def test_same_padding_keeps_the_grid() -> None:
    assert Convolution((5, 6), np.ones((3, 3)), padding="same").targets_shape == (1, 5, 6)


def test_a_spike_moves_its_patch_in_a_network() -> None:
    kernel = np.array([[1.0, 2.0, 3.0]])
    rule = Convolution((1, 5), kernel, padding="same")
    net = Network(dt=1 * ms, engine="reference")
    retina = net.population(5, PerfectIF(), name="retina", v=[-65, -65, 0, -65, -65] * mV)
    cortex = net.population(5, PerfectIF(), name="cortex")
    net.connect(retina, cortex, Delta(), rule, weight=rule.weights * mV)
    volts = net.record(cortex, "v")
    trace = net.run(3 * ms).states[volts].values
    # The target at y receives kernel[k] from y + k - 1: the source 2 reaches 3, 2, 1 with 1, 2, 3.
    np.testing.assert_allclose(trace[-1] - trace[0], [0, 3, 2, 1, 0], atol=1e-12)


@pytest.mark.parametrize(
    ("words", "error", "text"),
    [
        (dict(grid=(4, 4), kernel=np.ones(3)), ShapeError, "2, or 4 with channels"),
        (dict(grid=(4,), kernel=[np.nan]), NumericsError, "NaN"),
        (dict(grid=(2, 2), kernel=np.ones((3, 3))), ShapeError, "does not fit"),
        (dict(grid=(4, 4), kernel=np.ones((2, 2)), padding="same"), ParameterError, "odd spans"),
        (dict(grid=(4, 4), kernel=np.ones((2, 2)), stride=0), ParameterError, "from 1 on"),
        (dict(grid=(4, 4), kernel=np.ones((2, 2)), stride=(1,)), ShapeError, "2 axes"),
        (dict(grid=(4.5,), kernel=[1.0]), ParameterError, "whole numbers"),
        (dict(grid=(2, 2, 2, 2), kernel=[1.0]), ShapeError, "1 to 3 axes"),
    ],
)
def test_what_does_not_fit_is_refused(words: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        Convolution(**words)


def test_populations_of_another_size_are_refused() -> None:
    rule = Convolution((4, 4), np.ones((3, 3)))
    with pytest.raises(ParameterError, match=r"needs 4 targets \(1, 2, 2\), got 5"):
        rule.build(prod(rule.sources_shape), 5)
    assert rule != OneToOne()
