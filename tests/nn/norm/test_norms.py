"""Batch norms over time: closed forms, padding, pieces of time, running statistics."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn import LIF, Sequential, StepBatchNorm, TimeBatchNorm, ann_twin

LENGTHS = torch.tensor([6, 2, 4, 0])


def block(*features: int) -> Tensor:
    torch.manual_seed(2)
    return torch.randn(6, 4, *features, dtype=torch.float64) * 3 + 1


def padded(x: Tensor, junk: float) -> Tensor:
    x = x.clone()
    for b, length in enumerate(LENGTHS.tolist()):
        x[length:, b] = junk
    return x


def valid(x: Tensor) -> Tensor:
    return torch.cat([x[:length, b] for b, length in enumerate(LENGTHS.tolist())])


@pytest.mark.parametrize("features", [(3,), (3, 5), (3, 4, 2), (3, 2, 2, 2)])
def test_time_norm_is_the_formula(features):
    x, norm = block(*features), TimeBatchNorm(3, scale=0.7).double()
    y, state = norm(x)
    axes = (0, 1, *range(3, x.dim()))
    mean, var = x.mean(axes, keepdim=True), x.var(axes, correction=0, keepdim=True)
    torch.testing.assert_close(y, 0.7 * (x - mean) / (var + 1e-5).sqrt())
    assert state == {}
    torch.testing.assert_close(norm.norm.running_mean, 0.1 * mean.flatten())
    norm.eval()
    running = norm.norm.running_mean.view(mean.shape), norm.norm.running_var.view(mean.shape)
    torch.testing.assert_close(norm(x)[0], 0.7 * (x - running[0]) / (running[1] + 1e-5).sqrt())


def test_step_norm_is_the_formula_step_by_step():
    x, norm = block(3, 4), StepBatchNorm(3, steps=6).double()
    y, state = norm(x)
    for t in range(6):
        mean = x[t].mean((0, 2), keepdim=True)
        var = x[t].var((0, 2), correction=0, keepdim=True)
        torch.testing.assert_close(y[t], (x[t] - mean) / (var + 1e-4).sqrt())
        torch.testing.assert_close(norm.norms[t].running_mean, 0.1 * mean.flatten())
    assert state["step"].tolist() == [6] * 4
    assert [n for n, _ in norm.named_parameters()] == [f"norms.{t}.weight" for t in range(6)]


@pytest.mark.parametrize("make", [lambda: TimeBatchNorm(3), lambda: StepBatchNorm(3, 6)])
@pytest.mark.parametrize("junk", [0.0, float("nan"), 1e9])
def test_padding_counts_in_nothing(make, junk):
    norm, other = make().double(), make().double()
    x = padded(block(3, 2), junk).requires_grad_()
    y, _ = norm(x, lengths=LENGTHS)
    other(padded(block(3, 2), 5.0), lengths=LENGTHS)
    for (name, a), (_, b) in zip(norm.named_buffers(), other.named_buffers(), strict=True):
        assert torch.equal(a, b), name
    y.pow(3).sum().backward()
    for b, length in enumerate(LENGTHS.tolist()):
        assert not y[length:, b].any() and not x.grad[length:, b].any()
    assert torch.isfinite(x.grad).all()


def test_statistics_are_those_of_the_valid_steps():
    norm = TimeBatchNorm(3).double()
    y, _ = norm(block(3, 2), lengths=LENGTHS)
    rows = valid(block(3, 2))
    torch.testing.assert_close(norm.norm.running_mean, 0.1 * rows.mean((0, 2)))
    torch.testing.assert_close(valid(y).mean((0, 2)), torch.zeros(3, dtype=torch.float64))


@pytest.mark.parametrize("make", [lambda: TimeBatchNorm(3), lambda: StepBatchNorm(3, 6)])
def test_pieces_of_time_equal_the_whole_in_evaluation(make):
    norm, x = make().double(), block(3)
    norm(x)
    norm.eval()
    whole, end = norm(x, lengths=LENGTHS)
    first, state = norm(x[:3], lengths=LENGTHS.clamp(max=3))
    second, last = norm(x[3:], state, lengths=(LENGTHS - 3).clamp(min=0))
    assert torch.equal(torch.cat([first, second]), whole)
    assert all(torch.equal(last[name], end[name]) for name in end)


def test_steps_beyond_the_last_known_are_normalised_like_it():
    norm, x = StepBatchNorm(3, steps=2).double(), block(3)
    norm(x)
    norm.eval()
    y, _ = norm(x)
    last = norm.norms[1]
    torch.testing.assert_close(y[5], last(x[5]))


def test_gradients_are_exact():
    x = block(3)[:4, :3].clone().requires_grad_()
    ends = torch.tensor([4, 2, 3])
    for make in (lambda: TimeBatchNorm(3), lambda: StepBatchNorm(3, 4)):
        norm = make().double()
        assert torch.autograd.gradcheck(lambda x, norm=norm: norm(x, lengths=ends)[0], (x,))


def test_one_sample_left_takes_what_was_seen_before():
    norm = StepBatchNorm(3, steps=6).double()
    y, _ = norm(block(3)[:, :2], lengths=torch.tensor([6, 2]))
    assert torch.isfinite(y).all() and int(norm.norms[5].num_batches_tracked) == 0


def test_channels_last_survives():
    images = torch.randn(6, 4, 3, 5, 5).permute(0, 1, 3, 4, 2).contiguous().permute(0, 1, 4, 2, 3)
    for lengths in (None, LENGTHS):
        y, _ = TimeBatchNorm(3)(images, lengths=lengths)
        assert y.flatten(0, 1).is_contiguous(memory_format=torch.channels_last)


def test_in_a_network_its_twin_and_its_state():
    net = Sequential(nn.Linear(5, 3), StepBatchNorm(3, 6), LIF(), nn.Linear(3, 2), TimeBatchNorm(2))
    y, state = net(torch.randn(6, 4, 5), lengths=LENGTHS)
    assert y.shape == (6, 4, 2) and set(state) == {"stepbatchnorm1", "spiking1", "timebatchnorm1"}
    words = [type(layer).__name__ for layer in ann_twin(net)]
    assert words == ["Linear", "AnyBatchNorm", "ReLU", "Linear", "AnyBatchNorm"]
    again = Sequential(
        nn.Linear(5, 3), StepBatchNorm(3, 6), LIF(), nn.Linear(3, 2), TimeBatchNorm(2)
    )
    again.load_state_dict(net.state_dict())
    x = torch.randn(6, 4, 5)
    assert torch.equal(again.eval()(x)[0], net.eval()(x)[0])


@pytest.mark.parametrize("make", [lambda: TimeBatchNorm(3), lambda: StepBatchNorm(3, 6)])
def test_empty_blocks_and_repr(make):
    norm = make().eval()
    assert norm(torch.zeros(0, 2, 3))[0].shape == (0, 2, 3)
    assert norm(torch.zeros(5, 0, 3))[0].shape == (5, 0, 3)
    assert "scale=1" in repr(norm)


@pytest.mark.parametrize(
    "call",
    [
        lambda: TimeBatchNorm(0),
        lambda: TimeBatchNorm(3, scale=-1.0),
        lambda: TimeBatchNorm(True),
        lambda: StepBatchNorm(3, steps=2.5),
    ],
)
def test_bad_options(call):
    with pytest.raises(ParameterError, match="must be"):
        call()


@pytest.mark.parametrize("state", [3, {}, {"step": 4}, {"step": torch.zeros(5)}])
def test_a_foreign_state_is_refused(state):
    with pytest.raises(ParameterError, match="'step'"):
        StepBatchNorm(3, 4)(torch.zeros(2, 4, 3), state)


def test_bad_input():
    with pytest.raises(ShapeError, match="floating"):
        TimeBatchNorm(3)(torch.zeros(2, 4, 3).int())
    with pytest.raises(ShapeError, match=r"\(time, batch, 3, \*space\)"):
        TimeBatchNorm(3)(torch.zeros(2, 3, 4))
    with pytest.raises(ShapeError, match="more than one value"):
        TimeBatchNorm(3)(torch.zeros(1, 1, 3))
