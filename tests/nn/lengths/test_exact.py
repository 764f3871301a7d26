"""Every sample of a ragged batch is what it would be alone: outputs, state and gradients."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from spikeloom import Refractory, learn, ms
from spikeloom.errors import ParameterError, ShapeError
from spikeloom.models import ALIF, LIF, AdEx, CubaLIF, LeakyIntegrator
from spikeloom.nn import LIF as Simple
from spikeloom.nn import Sequential, Spiking

MODELS = [LIF(), Refractory(LIF(), 2 * ms), CubaLIF(), ALIF(), AdEx(), LeakyIntegrator()]


def drive(steps: int, batch: int, *features: int, gain: float = 0.9) -> Tensor:
    torch.manual_seed(steps + batch)
    return gain * torch.rand(steps, batch, *features, dtype=torch.float64)


def weigh(y: Tensor, state: dict[str, Tensor]) -> Tensor:
    """A loss that hears every output and every state differently."""
    cosine = torch.cos(torch.arange(y[0, 0].numel(), dtype=y.dtype)).view(y.shape[2:])
    return (y * cosine).sum() + sum((s * cosine).sum() * 0.1 for s in state.values())


@pytest.mark.parametrize("engine", ["cpu", "reference"])
@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_a_sample_is_bit_for_bit_what_it_is_alone(model, engine):
    layer = Spiking(model, dt=1 * ms, engine=engine)
    x = drive(37, 4, 3).requires_grad_()
    lengths = torch.tensor([37, 5, 0, 33])
    y, state = layer(x, lengths=lengths)
    (weigh(y, state)).backward()
    for b, length in enumerate(lengths.tolist()):
        alone = x.detach()[:length, b : b + 1].clone().requires_grad_()
        z, after = layer(alone)
        weigh(z, after).backward() if length else None
        assert torch.equal(y[:length, b], z[:, 0]) and not y[length:, b].any()
        for name in layer.states:
            assert torch.equal(state[name][b], after[name][0])
        if length:
            assert torch.equal(x.grad[:length, b], alone.grad[:, 0])
        assert not x.grad[length:, b].any()


@settings(max_examples=20, deadline=None)
@given(lengths=st.lists(st.integers(0, 9), min_size=1, max_size=5), cut=st.integers(0, 9))
def test_two_pieces_of_time_equal_one(lengths, cut):
    layer = Spiking(CubaLIF(), dt=1 * ms)
    x, ends = drive(9, len(lengths), 2), torch.tensor(lengths)
    y, state = layer(x, lengths=ends)
    first, between = layer(x[:cut], lengths=ends.clamp(max=cut))
    second, after = layer(x[cut:], between, lengths=(ends - cut).clamp(min=0))
    assert torch.equal(torch.cat([first, second]), y)
    assert all(torch.equal(after[name], state[name]) for name in state)


def test_lengths_of_the_whole_block_change_nothing():
    layer, x = Spiking(LIF()), drive(8, 3, 2)
    y, state = layer(x)
    z, after = layer(x, lengths=torch.tensor([8, 8, 8]))
    assert torch.equal(y, z) and torch.equal(state["v"], after["v"])


@pytest.mark.parametrize("junk", [float("nan"), float("inf"), -1e30])
def test_what_lies_in_the_padding_reaches_nothing(junk):
    layer = Spiking(AdEx())
    x = drive(6, 2, 3)
    x[4:, 1] = junk
    x.requires_grad_()
    y, state = layer(x, lengths=torch.tensor([6, 4]))
    weigh(y, state).backward()
    assert torch.isfinite(x.grad).all() and torch.isfinite(y).all()
    assert torch.isfinite(state["v"]).all()


def test_learnt_parameters_get_the_gradient_of_the_valid_steps():
    def layer() -> Spiking:
        return Spiking(LIF(tau=learn(12 * ms)), dt=1 * ms)

    x, lengths = drive(20, 3, 4), [20, 7, 13]
    whole, pieces = layer(), layer()
    y, _ = whole(x, lengths=torch.tensor(lengths))
    y.sum().backward()
    for b, length in enumerate(lengths):
        pieces(x[:length, b : b + 1])[0].sum().backward()
    (ours,), (truth,) = (list(n.parameters()) for n in (whole, pieces))
    torch.testing.assert_close(ours.grad, truth.grad, rtol=1e-6, atol=0)
    assert truth.grad.abs() > 0


def network() -> Sequential:
    torch.manual_seed(3)
    net = Sequential(
        nn.Linear(6, 16),
        Simple(tau=5 * ms),
        nn.Linear(16, 8),
        nn.Dropout(0.0),
        Simple(tau=2 * ms),
        nn.Linear(8, 3),
    ).double()
    with torch.no_grad():
        for name in ("linear1", "linear2"):
            net.get_parameter(f"{name}.weight").mul_(6.0)
    return net  # fmt: skip


@pytest.mark.parametrize("lengths", [[12, 12, 11], [12, 2, 3], [4, 0, 9]])
def test_a_network_gives_every_sample_what_it_gets_alone(lengths):
    net, x = network(), drive(12, 3, 6, gain=3.0)
    y, state, kept = net.trace(x, lengths=torch.tensor(lengths))
    net.zero_grad()
    y.square().sum().backward()
    grads = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    for b, length in enumerate(lengths):
        z, after, alone = net.trace(x[:length, b : b + 1])
        z.square().sum().backward()
        torch.testing.assert_close(y[:length, b], z[:, 0])
        assert not y[length:, b].any()
        for name in kept:
            torch.testing.assert_close(kept[name][:length, b], alone[name][:, 0])
            assert not kept[name][length:, b].any()
        torch.testing.assert_close(state["spiking2"]["v"][b], after["spiking2"]["v"][0])
    assert kept["spiking2"].sum() > 0
    for ours, truth in zip(grads, (p.grad for p in net.parameters()), strict=True):
        torch.testing.assert_close(ours, truth)


def test_batch_statistics_see_valid_steps_only():
    x, lengths = drive(5, 2, 3), torch.tensor([5, 2])
    norm = nn.BatchNorm1d(3).double()
    y, _ = Sequential(norm)(x, lengths=lengths)
    valid = torch.cat([x[:, 0], x[:2, 1]])
    torch.testing.assert_close(norm.running_mean, 0.1 * valid.mean(0))
    torch.testing.assert_close(torch.cat([y[:, 0], y[:2, 1]]).mean(0), torch.zeros(3).double())
    assert not y[2:, 1].any()


def test_a_constant_input_stays_one_step():
    net = network()
    x = torch.rand(3, 6, dtype=torch.float64).expand(12, 3, 6)
    _, _, kept = net.trace(x, lengths=torch.tensor([12, 2, 5]))
    assert next(p for p in kept.passed if p.name == "linear1").output.stride(0) == 0


class Forgetful(nn.Module):
    is_stateful = True

    def forward(self, x, state=None):
        return x, {}


@pytest.mark.parametrize(
    ("lengths", "error", "words"),
    [
        (torch.tensor([1.0, 2.0]), ParameterError, "whole numbers"),
        (torch.tensor([True, False]), ParameterError, "whole numbers"),
        ("two", ParameterError, "whole numbers"),
        (torch.tensor([1]), ShapeError, r"\(2,\)"),
        (torch.tensor([[1, 2]]), ShapeError, r"\(2,\)"),
        (torch.tensor([1, 9]), ShapeError, "0 to 4"),
        (torch.tensor([-1, 2]), ShapeError, "0 to 4"),
    ],
)
def test_bad_lengths_are_refused(lengths, error, words):
    for net in (Spiking(LIF()), Sequential(nn.ReLU())):
        with pytest.raises(error, match=words):
            net(torch.zeros(4, 2, 3), lengths=lengths)


def test_a_layer_that_knows_no_lengths_is_named():
    with pytest.raises(ParameterError, match="odd: Forgetful"):
        Sequential(Forgetful(), names=["odd"])(torch.zeros(2, 1, 1), lengths=[2])


def test_lists_and_empty_batches_are_fine():
    layer = Spiking(LIF())
    assert layer(torch.zeros(4, 2, 3), lengths=[4, 1])[0].shape == (4, 2, 3)
    assert layer(torch.zeros(4, 0, 3), lengths=[])[0].shape == (4, 0, 3)
    assert layer(torch.zeros(0, 2, 3), lengths=[0, 0])[0].shape == (0, 2, 3)


def test_torch_compiles_it():
    layer, x, ends = Spiking(LIF()), drive(6, 2, 3), torch.tensor([6, 2])
    y, state = layer(x, lengths=ends)  # the Program for lengths is made by the first call
    z, after = torch.compile(layer, backend="eager")(x, lengths=ends)
    assert torch.equal(y, z) and torch.equal(state["v"], after["v"])
