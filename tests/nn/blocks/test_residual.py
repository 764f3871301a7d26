"""Residual blocks: what they compute, their states, names, lengths, work and twins."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from spikeloom import Hz, ms
from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn import (
    LIF,
    SEW,
    Residual,
    Sequential,
    TimeBatchNorm,
    ann_twin,
    emits_spikes,
    fold_norms,
    scale_to_rate,
    spiking_work,
)


def spikes(*shape: int) -> torch.Tensor:
    torch.manual_seed(3)
    return (torch.rand(*shape) < 0.4).float()


def body(size: int = 6) -> Sequential:
    torch.manual_seed(1)
    return Sequential(nn.Linear(size, size), LIF(tau=2 * ms), names=["weights", "lif"])


@pytest.mark.parametrize("connect", ["add", "and", "iand"])
def test_the_truth_tables(connect):
    table = {"add": [0, 1, 1, 2], "and": [0, 0, 0, 1], "iand": [0, 1, 0, 0]}
    block = SEW(nn.Flatten(2), connect=connect)  # a body that is another pattern of 0 and 1
    block.body = Constant(torch.tensor([0.0, 0.0, 1.0, 1.0]))
    y, state = block(torch.tensor([0.0, 1.0, 0.0, 1.0]).view(1, 1, 4))
    assert y.flatten().tolist() == table[connect] and state == {}


class Constant(nn.Module):
    def __init__(self, value):
        super().__init__()
        self.value = value

    def forward(self, x):
        return self.value.expand_as(x)


def test_it_is_body_and_shortcut():
    block = SEW(body(), Sequential(nn.Linear(6, 6), LIF(tau=3 * ms)))
    x = spikes(9, 2, 6) * 3
    y, state = block(x)
    inner, first = block.body(x)
    outer, second = block.shortcut(x)
    assert torch.equal(y, inner + outer)
    assert torch.equal(state["body"]["lif"]["v"], first["lif"]["v"])
    assert torch.equal(state["shortcut"]["spiking1"]["v"], second["spiking1"]["v"])


def test_a_silent_body_is_identity():
    quiet = body()
    with torch.no_grad():
        quiet.get_submodule("weights").weight.zero_()
        quiet.get_submodule("weights").bias.zero_()
    x = spikes(9, 2, 6)
    for block in (SEW(quiet), SEW(quiet, connect="iand"), Residual(quiet)):
        assert torch.equal(block(x)[0], x)


def network() -> Sequential:
    torch.manual_seed(0)
    return Sequential(
        nn.Linear(4, 6), LIF(tau=2 * ms), SEW(body()), Residual(SEW(body(), connect="and")),
        nn.Linear(6, 3), names=["enter", "first", "block", "deep", "out"],
    )  # fmt: skip


def test_states_and_names_nest():
    net, x = network(), torch.rand(8, 3, 4) * 4
    y, state, kept = net.trace(x)
    assert list(state) == ["first", "block", "deep"]
    assert set(state["deep"]["body"]["body"]["lif"]) == {"v"}
    assert list(kept) == [
        "enter", "first", "block.body.weights", "block.body.lif", "block.body", "block",
        "deep.body.body.weights", "deep.body.body.lif", "deep.body.body", "deep.body", "deep",
        "out",
    ]  # fmt: skip
    assert [name for name, leaf in net.leaves if emits_spikes(leaf)] == [
        "first", "block.body.lif", "deep.body.body.lif",
    ]  # fmt: skip
    assert torch.equal(kept["block"], kept["first"] + kept["block.body.lif"])
    torch.testing.assert_close(y, kept["out"])
    first, between = net(x[:3])
    second, after = net(x[3:], between)
    torch.testing.assert_close(torch.cat([first, second]), y)
    torch.testing.assert_close(
        after["deep"]["body"]["body"]["lif"]["v"], state["deep"]["body"]["body"]["lif"]["v"]
    )
    with pytest.raises(ParameterError, match="body"):
        net(x, {"block": {"boddy": {}}})


def test_every_sample_of_a_ragged_batch_is_what_it_is_alone():
    net, x, lengths = network().double(), torch.rand(8, 3, 4).double() * 4, [8, 3, 5]
    y, state = net(x, lengths=lengths)
    for b, length in enumerate(lengths):
        z, after = net(x[:length, b : b + 1])
        torch.testing.assert_close(y[:length, b], z[:, 0])
        assert not y[length:, b].any()
        torch.testing.assert_close(
            state["block"]["body"]["lif"]["v"][b], after["block"]["body"]["lif"]["v"][0]
        )


def test_gradients_reach_both_branches():
    block, x = SEW(body()), (spikes(9, 2, 6) * 2).requires_grad_()
    block(x)[0].sum().backward()
    inner = x.detach().clone().requires_grad_()
    block.body(inner)[0].sum().backward()
    assert torch.equal(x.grad, inner.grad + 1)


def test_work_by_hand():
    net, x = network(), torch.rand(8, 2, 4) * 4
    _, _, kept = net.trace(x)
    work = spiking_work(net, x, kept)
    counts = {name: float(kept[name].detach().sum()) / 2 for name in ("first", "block", "deep")}
    # Both bodies and the last layer get spikes, or sums of spikes; each reaches 6, 6 and 3.
    assert work.synaptic_events == pytest.approx(
        counts["first"] * 6 + counts["block"] * 6 + counts["deep"] * 3
    )
    assert work.multiply_accumulates == 8 * 4 * 6
    assert work.neuron_updates == 8 * 18


def test_rates_are_set_inside_blocks():
    net, x = network(), torch.rand(60, 3, 4) * 2
    gains = scale_to_rate(net, x, 120 * Hz, 1 * ms)
    assert [(g.weights, g.spikes) for g in gains] == [
        ("enter", "first"),
        ("block.body.weights", "block.body.lif"),
        ("deep.body.body.weights", "deep.body.body.lif"),
    ]
    kept = net.trace(x)[2]
    for gain in gains:
        assert gain.reached
        assert 110 < 1000 * float(kept[gain.spikes].detach().mean()) < 130


def test_the_twin_is_a_plain_residual_network():
    twin = ann_twin(network(), seed=2)
    assert tuple(twin(torch.rand(5, 4)).shape) == (5, 3)
    x, block = torch.rand(5, 6), twin[2]
    torch.testing.assert_close(block(x), torch.relu(block.body[0](x)) + x)
    over_time = ann_twin(network(), over_time=True)
    assert over_time(torch.rand(7, 2, 4))[0].shape == (7, 2, 3)
    assert not any(emits_spikes(leaf) for _, leaf in over_time.leaves)


def test_norms_inside_blocks_are_folded():
    inner = Sequential(nn.Linear(6, 6), TimeBatchNorm(6), LIF(), names=["w", "norm", "lif"])
    net = Sequential(SEW(inner), names=["block"]).double()
    x = spikes(9, 4, 6).double()
    net(x)
    folded = fold_norms(net.eval())
    assert folded.get_submodule("block.body").names == ("w", "lif")
    torch.testing.assert_close(folded(x)[0], net(x)[0])
    assert net.get_submodule("block.body").names == ("w", "norm", "lif")


def test_copies_dicts_and_compilers():
    net, x = network(), torch.rand(8, 3, 4) * 4
    other = copy.deepcopy(net)
    other.load_state_dict(net.state_dict())
    assert torch.equal(other(x)[0], net(x)[0])
    assert torch.equal(torch.compile(net, backend="eager")(x)[0], net(x)[0])
    assert "block.body.weights.weight" in net.state_dict()
    assert "'add'" in repr(net)


@pytest.mark.parametrize("steps", [0, 1])
@pytest.mark.parametrize("batch", [0, 1])
def test_small_blocks(steps, batch):
    assert network()(torch.zeros(steps, batch, 4))[0].shape == (steps, batch, 3)


def test_spikes_or_sums_of_spikes():
    assert not emits_spikes(SEW(body())) and emits_spikes(SEW(body(), connect="iand"))
    assert emits_spikes(body()) and not emits_spikes(Sequential(nn.Linear(2, 2)))


def test_what_is_refused():
    with pytest.raises(ParameterError, match="iand"):
        SEW(body(), connect="iant")
    with pytest.raises(ParameterError, match="torch module"):
        Residual("body")
    with pytest.raises(ShapeError, match="shortcut"):
        Residual(nn.Linear(6, 5))(torch.zeros(2, 1, 6))
