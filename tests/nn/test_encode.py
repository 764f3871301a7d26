from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.errors import NumericsError, ParameterError, ShapeError
from spikeloom.nn.encode import ConstantCurrent, Delta, Frames, Latency, Rate

VALUES = [
    ConstantCurrent(steps=7),
    Rate(steps=7, peak=0.5, seed=3),
    Latency(steps=7),
    Delta(threshold=0.1),
    Frames(),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda v: type(v).__name__)
def test_encoders_are_values(value):
    assert eval(repr(value)) == value
    assert hash(eval(repr(value))) == hash(value)


@given(steps=st.integers(1, 9), batch=st.integers(0, 3), features=st.integers(0, 5))
def test_time_comes_first(steps, batch, features):
    x = torch.rand(batch, features)
    for encoder in (ConstantCurrent(steps), Rate(steps), Latency(steps)):
        assert encoder(x).shape == (steps, batch, features)


def test_constant_current_takes_no_memory():
    x = torch.rand(3, 4)
    y = ConstantCurrent(1000)(x)
    assert y.data_ptr() == x.data_ptr() and y.stride(0) == 0


def test_rate_is_repeatable_keyed_and_as_likely_as_asked():
    x = torch.tensor([[0.0, 0.1, 0.5, 1.0]]).expand(200, 4)
    spikes = Rate(steps=100, peak=0.8, seed=1)(x)
    assert torch.equal(spikes, Rate(steps=100, peak=0.8, seed=1)(x))
    assert not torch.equal(spikes, Rate(steps=100, peak=0.8, seed=2)(x))
    assert not torch.equal(spikes, Rate(steps=100, peak=0.8, seed=1)(x, draw=1))
    n = 100 * 200
    for value, mean in zip(x[0], spikes.mean((0, 1)), strict=True):
        p = 0.8 * float(value)
        assert abs(float(mean) - p) <= 5 * math.sqrt(p * (1 - p) / n) + 1e-9


def test_a_longer_rate_run_starts_with_the_shorter_one():
    x = torch.rand(3, 5)
    assert torch.equal(Rate(steps=20)(x)[:8], Rate(steps=8)(x))


def test_rate_ignores_and_keeps_the_global_generators():
    before = torch.get_rng_state()
    Rate(steps=3)(torch.rand(2, 2, generator=torch.Generator()))
    assert torch.equal(torch.get_rng_state(), before)


@given(x=st.lists(st.floats(0, 1, width=32), min_size=1, max_size=6), steps=st.integers(1, 12))
def test_latency_is_one_spike_sooner_for_brighter(x, steps):
    values = torch.tensor([x])
    spikes = Latency(steps)(values)
    assert torch.equal(spikes.sum(0), (values > 0).float())
    when = spikes.argmax(0)[0]
    for i, a in enumerate(x):
        for j, b in enumerate(x):
            if a >= b > 0:
                assert when[i] <= when[j]


def test_delta_follows_a_slow_signal_within_its_threshold():
    t = torch.linspace(0, 6.28, 400)
    x = torch.stack([torch.sin(t), torch.cos(2 * t)], 1).unsqueeze(0)
    spikes = Delta(threshold=0.05)(x)
    assert spikes.shape == (400, 1, 2, 2)
    rebuilt = x[0, 0] + 0.05 * (spikes[:, 0, 0] - spikes[:, 0, 1]).cumsum(0)
    step = float((x[0, 1:] - x[0, :-1]).abs().max())
    assert float((rebuilt - x[0]).abs().max()) <= 0.05 + step


def test_frames_moves_time():
    x = torch.rand(2, 5, 3)
    assert torch.equal(Frames()(x)[4, 1], x[1, 4])


@pytest.mark.parametrize("kind", [Rate, Latency])
def test_bad_intensities(kind):
    with pytest.raises(ParameterError, match="scale the data"):
        kind(3)(torch.full((1, 2), 255.0))
    with pytest.raises(NumericsError, match="NaN"):
        kind(3)(torch.full((1, 2), float("nan")))
    with pytest.raises(ShapeError, match="batch"):
        kind(3)(torch.rand(4))


@pytest.mark.parametrize("steps", [0, -1, 2.5, True])
def test_bad_steps(steps):
    for kind in (ConstantCurrent, Rate, Latency):
        with pytest.raises(ParameterError, match="steps"):
            kind(steps)


def test_bad_options():
    for peak in (0.0, 1.5, float("nan")):
        with pytest.raises(ParameterError, match="peak"):
            Rate(3, peak=peak)
    for threshold in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(ParameterError, match="threshold"):
            Delta(threshold)
