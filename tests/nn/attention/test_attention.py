"""Spiking self-attention: the formula, the two orders, states, lengths, work, twins."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from spikeloom import Hz, ms
from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn import (
    Attend,
    Sequential,
    SpikingAttention,
    TimeBatchNorm,
    ann_twin,
    emits_spikes,
    fold_norms,
    scale_to_rate,
    spikformer_block,
    spiking_work,
)


def spikes(*shape: int, share: float = 0.3) -> torch.Tensor:
    torch.manual_seed(4)
    return (torch.rand(*shape) < share).float()


@pytest.mark.parametrize("tokens", [3, 9, 40])
@pytest.mark.parametrize("heads", [1, 2, 4])
def test_the_product_is_the_formula(tokens, heads):
    q, k, v = (spikes(2, tokens, 16).roll(n, 2) for n in range(3))
    y = Attend(heads, 0.125)(q, k, v)
    for h in range(heads):
        part = slice(h * 16 // heads, (h + 1) * 16 // heads)
        for b in range(2):
            truth = 0.125 * (q[b, :, part] @ k[b, :, part].T) @ v[b, :, part]
            assert torch.equal(y[b, :, part], truth)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_both_orders_give_the_same_bits(dtype, monkeypatch):
    q, k, v = (spikes(5, 2, 50, 32, share=0.5).roll(n, 3).to(dtype) for n in range(3))
    found = []
    for left in (True, False):
        monkeypatch.setattr(Attend, "from_left", staticmethod(lambda n, d, left=left: left))
        found.append(Attend(4, 0.125)(q, k, v))
    assert torch.equal(*found) and found[0].max() > 10


def test_the_cheaper_order_is_taken():
    assert Attend.from_left(8, 64) and not Attend.from_left(196, 64)


def layer(features: int = 12, heads: int = 3) -> SpikingAttention:
    torch.manual_seed(0)
    return SpikingAttention(features, heads, scale=4.0)  # few tokens, few spikes


def test_it_is_queries_keys_values_and_what_becomes_of_them():
    net, x = layer(), spikes(7, 2, 5, 12)
    net.eval()
    y, state, kept = net.trace(x)
    product = net.attend(*(kept[f"{n}.neurons"] for n in ("query", "key", "value")))
    assert torch.equal(kept["neurons"], net.neurons(product)[0])
    assert set(y.unique().tolist()) <= {0.0, 1.0}
    assert list(state) == ["query", "key", "value", "neurons", "out"]
    assert emits_spikes(net)


def awake() -> SpikingAttention:
    """An attention whose norms have seen what comes, so that it fires."""
    net = layer().double()
    for part in net.modules():
        if isinstance(part, TimeBatchNorm):
            part.scale = 5.0
    for _ in range(20):
        net(spikes(20, 8, 5, 12, share=0.5).double())
    return net.eval()


def test_pieces_of_time_and_ragged_batches():
    net, x = awake(), spikes(20, 3, 5, 12, share=0.5).double()
    y, state = net(x)
    first, between = net(x[:4])
    second, after = net(x[4:], between)
    assert torch.equal(torch.cat([first, second]), y) and y.sum() > 0
    assert torch.equal(after["neurons"]["v"], state["neurons"]["v"])
    lengths = [20, 2, 13]
    ragged, ends = net(x, lengths=lengths)
    for b, length in enumerate(lengths):
        alone, last = net(x[:length, b : b + 1])
        assert torch.equal(ragged[:length, b], alone[:, 0]) and not ragged[length:, b].any()
        torch.testing.assert_close(ends["neurons"]["v"][b], last["neurons"]["v"][0])


def test_tokens_may_come_in_any_order():
    net, x = awake(), spikes(6, 2, 5, 12).double()
    order = torch.tensor([3, 0, 4, 1, 2])
    torch.testing.assert_close(net(x[:, :, order])[0], net(x)[0][:, :, order])


def test_the_product_has_exact_gradients():
    q, k, v = (torch.randn(2, 3, 4, dtype=torch.float64, requires_grad=True) for _ in range(3))
    assert torch.autograd.gradcheck(Attend(2, 0.5), (q, k, v))


def test_every_weight_learns():
    block, x = spikformer_block(12, heads=3, scale=4.0), spikes(20, 4, 5, 12, share=0.5)
    block(x)[0].square().sum().backward()
    missing = [n for n, p in block.named_parameters() if p.grad is None or not p.grad.any()]
    assert not missing


def test_a_block_in_a_network():
    torch.manual_seed(0)
    net = Sequential(spikformer_block(12, heads=3, scale=4.0), nn.Flatten(), nn.Linear(60, 4))
    x = spikes(6, 4, 5, 12)
    y, state, kept = net.trace(x)
    assert y.shape == (6, 4, 4)
    assert "sequential1.attention.body.query.neurons" in kept
    assert set(state["sequential1"]["mlp"]["body"]) == {"hidden", "out"}
    assert torch.equal(copy.deepcopy(net).eval()(x)[0], net.eval()(x)[0])
    twin = ann_twin(net)
    assert twin(torch.rand(3, 5, 12)).shape == (3, 4)
    over_time = ann_twin(net, over_time=True)
    assert over_time(x)[0].shape == (6, 4, 4)


def test_folded_norms_give_the_same_answers():
    net = Sequential(spikformer_block(12, heads=3, scale=4.0)).double()
    x = spikes(6, 4, 5, 12).double()
    for _ in range(3):
        net(x)
    net.eval()
    folded = fold_norms(net)
    assert not any("norm" in name for name, _ in folded.leaves)
    (y, _, kept), (z, _, ours) = net.trace(x), folded.trace(x)
    assert torch.equal(y, z)
    name = "sequential1.attention.body.query.weights"
    torch.testing.assert_close(
        ours[name], kept[name.replace("weights", "norm")], rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("tokens", [2, 30])
def test_work_by_counting(tokens):
    q, k, v = (spikes(3, 2, tokens, 8).roll(n, 3) for n in range(3))
    joint = Attend(2, 1.0)
    events, macs = joint.work((q, k, v), True, None)
    count = 0
    for t in range(3):
        for b in range(2):
            for h in range(2):
                part = slice(4 * h, 4 * h + 4)
                a, c, d = (x[t, b, :, part] for x in (q, k, v))
                if tokens <= 4:
                    count += float((a @ c.T).sum()) + tokens * float(d.sum())
                else:
                    count += float((c.T @ d).sum()) + 4 * float(a.sum())
    assert events == count and macs == 0.0
    dense = joint.work((q, k, v), False, None)[1]
    assert dense == 3 * 2 * 2 * 2 * tokens * 4 * min(tokens, 4)


def test_work_and_rates_of_a_network():
    net, x = Sequential(layer(16, 2), names=["attention"]).eval(), spikes(30, 2, 5, 16)
    gains = scale_to_rate(Sequential(nn.Linear(16, 16), net), x, 100 * Hz, 1 * ms)
    assert not gains  # norms set the rates inside
    _, _, kept = net.trace(x)
    work = spiking_work(net, x, kept)
    assert work.multiply_accumulates == 0.0
    assert work.synaptic_events > float(x.sum()) / 2 * 48
    assert work.neuron_updates == 30 * 5 * 16 * 5


@pytest.mark.parametrize(
    "call",
    [
        lambda: SpikingAttention(10, heads=4),
        lambda: SpikingAttention(0),
        lambda: SpikingAttention(8, heads=2.0),
        lambda: SpikingAttention(8, scale=0.0),
        lambda: spikformer_block(8, heads=2, ratio=-1),
    ],
)
def test_bad_options(call):
    with pytest.raises(ParameterError, match=r"SpikingAttention|spikformer_block"):
        call()


def test_bad_input_and_small_blocks():
    with pytest.raises(ShapeError, match=r"\(time, batch, tokens, 12\)"):
        layer()(torch.zeros(3, 2, 12))
    net = layer().eval()
    for steps, batch in ((0, 2), (1, 1), (3, 0)):
        assert net(torch.zeros(steps, batch, 5, 12))[0].shape == (steps, batch, 5, 12)
