"""Memory formats: channels last goes in, stays, and comes out, and nothing is copied on the way."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from spikeloom import learn, ms
from spikeloom.models import LIF as Model
from spikeloom.nn import LIF, SEW, Sequential, Spiking, sew_resnet18
from spikeloom.nn.neurons.layout import flatten_features, memory_order, restore_features


def images(steps: int = 5, batch: int = 2, channels: int = 3, side: int = 8) -> Tensor:
    torch.manual_seed(0)
    x = torch.rand(steps * batch, channels, side, side) * 3
    return x.to(memory_format=torch.channels_last).unflatten(0, (steps, batch))


def is_last(x: Tensor) -> bool:
    flat = x.flatten(0, 1)
    plain = flat.is_contiguous()
    return flat.is_contiguous(memory_format=torch.channels_last) and not plain


def test_folding_is_a_view():
    x = images()
    assert x.flatten(0, 1).data_ptr() == x.data_ptr() and is_last(x)


def test_a_neuron_layer_keeps_it_and_gives_the_same_bits():
    layer, x = Spiking(Model(tau=4 * ms)), images() * 9
    y, state = layer(x)
    z, after = layer(x.contiguous())
    assert is_last(y) and not is_last(z)
    assert torch.equal(y, z) and y.sum() > 0
    assert torch.equal(state["v"], after["v"])
    assert state["v"].is_contiguous(memory_format=torch.channels_last)


def test_the_input_reaches_the_kernel_without_a_copy(monkeypatch):
    seen = []
    from spikeloom.nn.neurons import kernel

    real = kernel.forward

    def spy(program, engine, inputs, *rest):
        seen.extend(inputs.values())
        return real(program, engine, inputs, *rest)

    monkeypatch.setattr("spikeloom.nn.neurons.eager.kernel.forward", spy)
    for x in (images(), images().contiguous()):
        seen.clear()
        y, _ = Spiking(Model())(x)
        assert [g.data_ptr() for g in seen] == [x.data_ptr()]
        assert y.stride() == x.stride()


def test_each_neuron_keeps_its_own_parameters():
    torch.manual_seed(1)
    tau = (torch.rand(3, 8, 8) * 20 + 3).numpy() * ms
    layer = Spiking(Model(tau=learn(tau)))
    grads = []
    for x in (images() * 9, (images() * 9).contiguous()):
        layer.zero_grad()
        y, state = layer(x.requires_grad_())
        (y * torch.cos(torch.arange(y.numel())).view(y.shape)).sum().backward()
        (raw,) = layer.parameters()
        grads.append((y.detach(), state["v"].detach(), x.grad, raw.grad.clone()))
    for ours, truth in zip(*grads, strict=True):
        assert torch.equal(ours, truth)
    assert is_last(grads[0][2])


def test_states_go_on_in_any_format():
    layer, x = Spiking(Model()), images() * 9
    whole, _ = layer(x)
    _, state = layer(x[:2])
    for between in (state, {"v": state["v"].contiguous()}):
        assert torch.equal(layer(x[2:], between)[0], whole[2:])
    assert torch.equal(layer(x[2:].contiguous(), state)[0], whole[2:])


def test_constant_inputs_and_odd_strides():
    layer = Spiking(Model())
    x = images()[:1].expand(6, -1, -1, -1, -1)
    assert torch.equal(layer(x)[0], layer(x.contiguous())[0]) and is_last(layer(x)[0])
    for odd in (images()[:, :, :2], images()[..., ::2], images().transpose(3, 4), images()[::2]):
        assert torch.equal(layer(odd)[0], layer(odd.contiguous())[0])


@pytest.mark.parametrize("pool", [nn.MaxPool2d(2), nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(3)])
def test_pooling_of_spikes(pool):
    spikes = (images() > 2).float()
    last, _ = Sequential(pool)(spikes)
    plain, _ = Sequential(pool)(spikes.contiguous())
    assert is_last(last)
    torch.testing.assert_close(last, plain)
    for t in range(5):
        torch.testing.assert_close(last[t], pool(spikes[t]))
    if isinstance(pool, nn.MaxPool2d):  # a spike anywhere in the window
        windows = spikes.unfold(3, 2, 2).unfold(4, 2, 2)
        assert torch.equal(last, windows.amax((-1, -2)))


def test_a_whole_network_keeps_it():
    torch.manual_seed(0)
    block = Sequential(nn.Conv2d(6, 6, 3, padding=1), nn.BatchNorm2d(6), LIF(tau=2 * ms))
    net = Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), LIF(tau=2 * ms), nn.MaxPool2d(2),
        SEW(block), names=["conv", "norm", "lif", "pool", "block"],
    ).to(memory_format=torch.channels_last)  # fmt: skip
    x = images()
    for lengths in (None, torch.tensor([5, 2])):
        _, state, kept = net.trace(x, lengths=lengths)
        assert all(is_last(kept[name]) for name in kept), [n for n in kept if not is_last(kept[n])]
        assert state["lif"]["v"].is_contiguous(memory_format=torch.channels_last)
    y, _ = net.eval()(x)
    z, _ = net.to(memory_format=torch.contiguous_format)(x.contiguous())
    torch.testing.assert_close(y, z)


def test_orders():
    x = torch.zeros(2, 3, 4, 5, 6)
    assert memory_order(x) == (0, 1, 2)
    assert memory_order(x[:0]) == (0, 1, 2)
    for order in ((1, 2, 0), (2, 0, 1), (1, 0, 2)):
        moved = torch.rand(2, 3, *(x.shape[2 + axis] for axis in order))
        back = moved.permute(0, 1, *(2 + order.index(axis) for axis in range(3)))
        assert back.shape == x.shape and memory_order(back) == order
        flat = flatten_features(back, order)
        assert flat.data_ptr() == back.data_ptr()
        assert torch.equal(restore_features(flat, (4, 5, 6), order), back)


def test_sew_resnet18_has_the_size_of_a_resnet18():
    net = sew_resnet18(1000)
    assert sum(p.numel() for p in net.parameters()) == 11_689_512
    fires = [name for name, leaf in net.leaves if isinstance(leaf, Spiking)]
    assert len(fires) == 1 + 16 + 3 and fires[-1] == "block8.body.neurons2"


def test_a_small_sew_resnet_runs_and_learns():
    torch.manual_seed(0)
    net = sew_resnet18(4, width=4, stem="small").to(memory_format=torch.channels_last)
    y, state, kept = net.trace(images(3, 2, 3, 16))
    assert y.shape == (3, 2, 4) and is_last(kept["block4"])
    assert set(state["block3"]) == {"body", "shortcut"}
    y.square().sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in net.parameters())
    assert sew_resnet18(4, width=2)(torch.rand(1, 1, 3, 64, 64))[0].shape == (1, 1, 4)
