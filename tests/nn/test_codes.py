"""Phase, burst, population, step-forward and Ben's codes: formulas, and decoding."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.errors import NumericsError, ParameterError, ShapeError
from spikeloom.nn.encode import BSA, Burst, Phase, Population, StepForward

VALUES = [
    BSA(threshold=0.8),
    BSA(threshold=0.8, taps=(0.5, 0.5)),
    Burst(steps=30, most=4, shortest=2, longest=5),
    Phase(steps=16, bits=4, weighted=False),
    Population(steps=20, neurons=5, low=-1.0, high=2.0),
    StepForward(threshold=0.1),
]
unit = st.floats(0, 1, width=32)


@pytest.mark.parametrize("value", VALUES, ids=lambda v: type(v).__name__)
def test_codes_are_values(value):
    assert eval(repr(value)) == value
    assert hash(eval(repr(value))) == hash(value)


@pytest.mark.parametrize("value", VALUES, ids=lambda v: type(v).__name__)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_time_comes_first_and_spikes_are_zero_or_one(value, dtype):
    over_time = isinstance(value, BSA | StepForward)
    for batch in (0, 1, 3):
        x = torch.rand(batch, 12, 2, dtype=dtype) if over_time else torch.rand(batch, 2).to(dtype)
        y = value(x)
        assert y.dtype == dtype and y.shape[1] == batch
        assert y.shape[0] == (12 if over_time else value.steps)
        assert bool(((y == 0) | (y == 1)).all())


@given(x=st.lists(unit, min_size=1, max_size=6), bits=st.integers(1, 12), cycles=st.integers(1, 3))
def test_phase_is_exact_to_its_last_bit(x, bits, cycles):
    values = torch.tensor([x], dtype=torch.float64)
    for weighted in (True, False):
        code = Phase(steps=bits * cycles, bits=bits, weighted=weighted)
        error = values - code.decode(code(values))
        assert bool((error >= 0).all()) and bool((error <= 2.0**-bits).all())


def test_phase_decodes_only_whole_cycles():
    with pytest.raises(ShapeError, match="whole cycles of 4"):
        Phase(steps=6, bits=4).decode(torch.zeros(6, 1, 1))


@given(x=unit, most=st.integers(1, 7), shortest=st.integers(1, 4), more=st.integers(0, 4))
def test_a_burst_has_the_spikes_and_gaps_of_its_formula(x, most, shortest, more):
    code = Burst(steps=80, most=most, shortest=shortest, longest=shortest + more)
    value = torch.tensor([[x]], dtype=torch.float64)
    when = code(value).flatten().nonzero().flatten().tolist()
    gap = math.ceil(shortest + more - more * x)
    assert when == [k * gap for k in range(math.ceil(most * x))]


def test_a_burst_says_how_many_steps_it_needs():
    with pytest.raises(ParameterError, match="takes 9 steps, there are 8"):
        Burst(steps=8, most=5, shortest=2, longest=2)
    Burst(steps=9, most=5, shortest=2, longest=2)
    with pytest.raises(ParameterError, match="longest must be at least shortest"):
        Burst(steps=90, shortest=4, longest=3)


@given(most=st.integers(1, 6), shortest=st.integers(1, 4), more=st.integers(0, 5))
def test_the_steps_asked_for_hold_every_burst(most, shortest, more):
    try:
        Burst(steps=1, most=most, shortest=shortest, longest=shortest + more)
        need = 1
    except ParameterError as error:
        need = int(error.message.split("takes ")[1].split()[0])
    code = Burst(steps=need, most=most, shortest=shortest, longest=shortest + more)
    x = torch.linspace(0, 1, 501, dtype=torch.float64).unsqueeze(0)
    assert torch.equal(code(x).sum(0), (most * x).ceil())


def test_receptive_fields_peak_at_their_centres():
    code = Population(steps=1001, neurons=8, low=-2.0, high=6.0, beta=1.5)
    centres = code.centres()
    assert centres[0] == pytest.approx(-2.0 - 0.5 * 8 / 6)
    assert centres[1:] - centres[:-1] == pytest.approx([8 / 6] * 7)
    inside = centres[(centres >= -2) & (centres <= 6)]
    first = code(inside.unsqueeze(0)).argmax(0)[0].masked_fill(code(inside[None]).sum(0)[0] == 0, 9)
    for row, centre in enumerate(inside):
        place = int((centres == centre).nonzero())
        assert first[row, place] == 0
    # One width away the excitation is exp(-1/2).
    away = code((inside[2] + code.width).view(1, 1)).argmax(0)[0, 0]
    assert int(away[int((centres == inside[2]).nonzero())]) == round((1 - math.exp(-0.5)) * 1000)


@pytest.mark.parametrize("neurons", [6, 10])
def test_a_population_gives_its_value_back(neurons):
    code = Population(steps=101, neurons=neurons, low=-3.0, high=5.0)
    x = torch.linspace(-3, 5, 400, dtype=torch.float64).unsqueeze(1)
    error = code.decode(code(x)) - x
    assert float(error.square().mean().sqrt()) <= 0.002 * 8
    assert float(error.abs().max()) <= 0.01 * 8


@given(data=st.data(), threshold=st.floats(0.05, 0.5))
def test_step_forward_follows_a_slow_signal(data, threshold):
    moves = data.draw(st.lists(st.floats(-1, 1), min_size=1, max_size=40))
    signal = threshold * torch.tensor(moves, dtype=torch.float64).cumsum(0).view(1, -1, 1)
    code = StepForward(threshold)
    spikes = code(signal)
    assert float((spikes[:, :, 0] * spikes[:, :, 1]).sum()) == 0  # never both
    error = code.decode(spikes, start=signal[:, 0]) - signal
    assert float(error.abs().max()) <= threshold * (1 + 1e-9)


def test_step_forward_does_not_fire_at_the_threshold():
    x = torch.tensor([[[0.0], [0.5], [0.75]]], dtype=torch.float64)
    assert StepForward(0.5)(x)[:, 0, 0].flatten().tolist() == [0, 0, 1]


def tones(rate: int = 500) -> torch.Tensor:
    """The signal of the acceptance test: two tones, 3 and 7 Hz, for two seconds."""
    t = torch.arange(2 * rate, dtype=torch.float64) / rate
    two = 0.5 + 0.35 * torch.sin(2 * math.pi * 3 * t) + 0.1 * torch.sin(2 * math.pi * 7 * t)
    return two.view(1, -1, 1)


def ac_snr(x: torch.Tensor, y: torch.Tensor) -> float:
    """Ratio of signal to error without their means, dB; the ends, where h is cut, left out."""
    a, b = (v.flatten()[20:-20] for v in (x, y))
    error = (a - a.mean()) - (b - b.mean())
    return float(10 * torch.log10((a - a.mean()).square().sum() / error.square().sum()))


def test_bens_spiker_comes_near_to_the_signal_and_its_threshold_matters():
    x, code = tones(), BSA(threshold=0.9)
    assert ac_snr(x, code.decode(code(x))) >= 18
    loose = BSA(threshold=0.3)
    assert ac_snr(x, loose.decode(loose(x))) < 15


@given(place=st.integers(0, 25), batch=st.integers(1, 3))
def test_bens_spiker_finds_its_own_filter(place, batch):
    h = torch.tensor(BSA().taps, dtype=torch.float64)
    x = torch.zeros(batch, 50, dtype=torch.float64)
    x[:, place : place + len(h)] = h
    spikes = BSA(threshold=0.9)(x.unsqueeze(2))[:, :, 0]
    assert spikes.nonzero().tolist() == [[place, b] for b in range(batch)]


def test_samples_are_left_alone():
    x = torch.rand(2, 30, 1)
    before = x.clone()
    BSA()(x), StepForward(0.1)(x)
    assert torch.equal(x, before)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: BSA(threshold=0.0), "threshold must be a positive"),
        (lambda: BSA(taps=[0.5, 0.5]), "taps must be a tuple"),  # type: ignore[arg-type]
        (lambda: BSA(taps=()), "sum above 0"),
        (lambda: BSA(taps=(math.nan,)), "finite"),
        (lambda: BSA()(torch.full((1, 3, 1), -1.0)), "not be below 0, got -1"),
        (lambda: Phase(steps=4, bits=0), "1 to 23"),
        (lambda: Phase(steps=4)(torch.full((1, 1), 1.5)), r"\[0, 1\]"),
        (lambda: Burst(steps=4, most=True), "whole number"),
        (lambda: Population(steps=4, neurons=2), "whole number >= 3"),
        (lambda: Population(steps=4, low=1.0, high=1.0), "low < high"),
        (lambda: Population(steps=4)(torch.full((1, 1), 2.0)), r"\[0, 1\], got 2 to 2"),
        (lambda: StepForward(-1.0), "positive"),
    ],
)
def test_bad_arguments_say_what_was_expected(make, words):
    with pytest.raises(ParameterError, match=words):
        make()


@pytest.mark.parametrize("code", [BSA(), StepForward(0.1)])
def test_no_number_is_refused(code):
    with pytest.raises(NumericsError, match="NaN"):
        code(torch.full((1, 3, 1), math.nan))
    with pytest.raises(ShapeError):
        code(torch.zeros(3, 1))
