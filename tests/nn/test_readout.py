from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.equations.units import Hz, ms
from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.loss import CrossEntropy, MeanSquare, RateBand
from spikeloom.nn.readout import (
    Direct,
    FirstSpike,
    MembraneLast,
    MembraneMax,
    MembraneMean,
    Rate,
)

OVER_TIME = [
    Rate(scale=5.0),
    MembraneMean(scale=2.0),
    MembraneMax(),
    MembraneLast(),
    FirstSpike(scale=0.5),
]
spike_blocks = st.tuples(
    st.integers(1, 8), st.integers(0, 3), st.integers(1, 4), st.integers(0, 99)
).map(
    lambda s: (
        torch.rand(s[0], s[1], s[2], generator=torch.Generator().manual_seed(s[3])) < 0.3
    ).float()
)


@pytest.mark.parametrize("value", [*OVER_TIME, Direct()], ids=lambda v: type(v).__name__)
def test_readouts_are_values(value):
    assert eval(repr(value)) == value


@pytest.mark.parametrize("readout", OVER_TIME, ids=lambda v: type(v).__name__)
@given(y=spike_blocks)
def test_the_running_scores_end_at_the_scores(readout, y):
    running = readout.running(y)
    assert running.shape == y.shape
    torch.testing.assert_close(running[-1], readout(y))


@given(y=spike_blocks)
def test_first_spike_counts_silent_steps(y):
    scores = FirstSpike()(y)
    for b in range(y.shape[1]):
        for c in range(y.shape[2]):
            column = y[:, b, c].tolist()
            first = column.index(1.0) if 1.0 in column else len(column)
            assert scores[b, c] == -first


def test_first_spike_has_a_gradient_towards_earlier_spikes():
    y = torch.tensor([0.0, 0.0, 1.0, 0.0]).view(4, 1, 1).requires_grad_()
    FirstSpike()(y).sum().backward()
    assert y.grad.flatten().tolist() == [2.0, 1.0, 2.0, 0.0]


@pytest.mark.parametrize("readout", OVER_TIME, ids=lambda v: type(v).__name__)
def test_readouts_refuse_other_shapes(readout):
    for shape in ((2, 3), (0, 2, 3), (2, 3, 4, 5)):
        with pytest.raises(ShapeError, match="time, batch, classes"):
            readout(torch.zeros(shape))
    with pytest.raises(ShapeError, match="readout over time"):
        Direct()(torch.zeros(2, 3, 4))


def test_scales_must_be_positive():
    for kind in (Rate, MembraneMean, MembraneMax, MembraneLast, FirstSpike):
        with pytest.raises(ParameterError, match="scale"):
            kind(scale=0.0)


@pytest.mark.parametrize("loss", [CrossEntropy(Direct()), MeanSquare(Direct())])
@pytest.mark.parametrize(
    ("targets", "kind"),
    [
        (torch.tensor([0, 3]), ParameterError),
        (torch.tensor([-1, 0]), ParameterError),
        (torch.tensor([0]), ShapeError),
        (torch.tensor([0, 1], dtype=torch.int32), ShapeError),
    ],
)
def test_labels_out_of_range_are_named(loss, targets, kind):
    with pytest.raises(kind, match="labels must be"):
        loss(torch.zeros(2, 3), targets)


def test_mean_square_takes_labels_and_values():
    y = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    assert float(MeanSquare(Direct())(y, torch.tensor([0, 1]))) == 0.25
    assert float(MeanSquare(Direct())(y, y)) == 0.0
    with pytest.raises(ShapeError):
        MeanSquare(Direct())(y, torch.zeros(2, 3))


def test_smoothing_is_checked():
    with pytest.raises(ParameterError, match="smoothing"):
        CrossEntropy(Direct(), smoothing=1.0)


def test_rate_band_costs_nothing_inside_and_pushes_from_outside():
    band = RateBand(low=50 * Hz, high=200 * Hz, dt=1 * ms, weight=2.0)
    inside = torch.zeros(10, 1, 3)
    inside[0] = 1.0
    assert float(band({"a": inside})) == 0.0
    silent = torch.zeros(10, 1, 3, requires_grad=True)
    cost = band({"a": inside, "b": silent})
    assert float(cost.detach()) == pytest.approx(2 * 0.05**2)
    cost.backward()
    assert bool((silent.grad < 0).all())
    with pytest.raises(ParameterError, match="low"):
        RateBand(low=2 * Hz, high=1 * Hz, dt=1 * ms)
    with pytest.raises(ParameterError, match="no layer"):
        band({})
