"""Convolutions on few spikes: torch's output and gradients, and torch itself where it must be."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from spikeloom.engines.cpu import convolve as engine
from spikeloom.engines.cpu.bits import pack
from spikeloom.nn import Sequential
from spikeloom.nn.chain.convolve import convolution
from spikeloom.nn.saving.known import few_spikes, value

LAST = torch.channels_last


def spikes(shape: tuple[int, ...], share: float = 0.1, dtype: torch.dtype = torch.float32):
    found = torch.rand(shape, generator=torch.Generator().manual_seed(1)) < share
    return found.to(dtype).to(memory_format=LAST)


@given(
    images=st.integers(0, 9),
    channels=st.sampled_from([1, 2, 3, 5, 16, 70]),
    outputs=st.sampled_from([1, 3, 4, 16, 24]),
    sides=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    size=st.integers(1, 5),
    padding=st.integers(0, 4),
    share=st.floats(0, 1),
    seed=st.integers(0, 99),
)
@settings(max_examples=15, deadline=None)
def test_kernels_are_torch_s(images, channels, outputs, sides, size, padding, share, seed):
    padding = min(padding, size - 1)
    rows, columns = (side + 2 * padding - size + 1 for side in sides)
    if min(rows, columns) < 1:
        return
    random = np.random.default_rng(seed)
    x = (random.random((images, *sides, channels)) < share).astype(float)
    packed = pack(x.reshape(-1).view(np.int64), 0x3FF0000000000000)
    assert packed is not None
    w = random.random((channels, size, size, outputs))
    y = np.full((images, rows, columns, outputs), np.nan)
    shape = (*sides, channels)
    engine.product(packed[0], w, y, shape, padding)
    given = torch.from_numpy(x).permute(0, 3, 1, 2).requires_grad_()
    weight = torch.from_numpy(w).permute(3, 0, 1, 2).flip(2, 3).requires_grad_()
    theirs = functional.conv2d(given, weight, padding=padding)
    np.testing.assert_allclose(y, theirs.permute(0, 2, 3, 1).detach().numpy(), rtol=1e-12)
    g = random.random(y.shape)
    theirs.backward(torch.from_numpy(g).permute(0, 3, 1, 2))
    ours = engine.gradient(packed[0], g, size, shape, padding)
    wanted = weight.grad.permute(1, 2, 3, 0).flip(1, 2).numpy()
    np.testing.assert_allclose(ours, wanted, rtol=1e-11)
    for threads in (1, 3):
        assert np.array_equal(ours, engine.gradient(packed[0], g, size, shape, padding, threads))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("bias", "size", "padding"), [(True, 3, 1), (False, 5, 0), (True, 2, 1)])
def test_output_and_gradients_are_those_of_torch(dtype, bias: bool, size: int, padding: int):
    torch.manual_seed(0)
    layer = nn.Conv2d(16, 12, size, padding=padding, bias=bias, dtype=dtype)
    x = spikes((70, 16, 16, 16), dtype=dtype) * 2
    found = []
    for call in (layer, lambda v: convolution(layer, v)):
        given = x.clone(memory_format=torch.preserve_format).requires_grad_()
        y = call(given)
        y.square().sum().backward()
        grads = [p.grad.clone() for p in layer.parameters() if p.grad is not None]
        found.append([y.detach(), given.grad, *grads])
        layer.zero_grad()
    for theirs, ours in zip(*found, strict=True):
        close = 1e-4 if dtype == torch.float32 else 1e-11
        torch.testing.assert_close(ours, theirs, rtol=close, atol=close * float(theirs.abs().max()))
    assert found[1][0].is_contiguous(memory_format=LAST)


def test_second_derivatives_flow():
    layer, x = nn.Conv2d(8, 4, 3).double(), spikes((80, 8, 22, 22), dtype=torch.float64)
    found = []
    for call in (layer, lambda v: convolution(layer, v)):
        given = x.clone(memory_format=torch.preserve_format).requires_grad_()
        first = torch.autograd.grad(
            call(given).square().sum(), (given, layer.weight), create_graph=True
        )
        total = first[0].square().sum() + first[1].square().sum()
        found.append(torch.autograd.grad(total, (given, layer.weight)))
    for theirs, ours in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-6)


def test_torch_does_what_is_dense_small_or_odd():
    x = spikes((70, 16, 16, 16))
    plain = nn.Conv2d(16, 4, 3, padding=1)
    assert convolution(plain, x) is not None
    assert convolution(plain, torch.ones_like(x)) is None
    assert convolution(plain, spikes((70, 16, 16, 16), 0.5)) is None
    assert convolution(plain, x + 0.5 * (torch.rand_like(x) < 0.1)) is None
    assert convolution(plain, x[:3]) is None
    assert convolution(plain, x.contiguous()) is None
    odd = [
        nn.Conv2d(16, 4, 3, stride=2), nn.Conv2d(16, 4, 3, dilation=2),
        nn.Conv2d(16, 4, 3, groups=2), nn.Conv2d(16, 4, (3, 1)), nn.Conv2d(16, 4, 3, padding=3),
        nn.Conv2d(16, 4, 3, padding="same"), nn.Conv2d(16, 4, 17),
        nn.Conv2d(16, 4, 3, padding=1, padding_mode="circular"),
    ]  # fmt: skip
    assert [convolution(layer, x) for layer in odd] == [None] * len(odd)
    with torch.autocast("cpu", torch.bfloat16):
        assert convolution(plain, x) is None
    plain.register_forward_hook(lambda *_: None)
    assert convolution(plain, x) is None


def test_a_chain_keeps_one_copy_of_the_bits():
    torch.manual_seed(0)
    net = Sequential(nn.Conv2d(16, 4, 3)).to(memory_format=LAST)
    x = spikes((80, 16, 16, 16))
    y, _ = net(x.unflatten(0, (8, 10)))
    node = y.grad_fn
    while "Spike" not in node.name():
        node = node.next_functions[0][0]
    assert node.bits.bits.nbytes == x.numel() // 8
    y.square().sum().backward()
    ours = net.conv2d1.weight.grad.clone()
    net.zero_grad()
    net.conv2d1(x).square().sum().backward()
    torch.testing.assert_close(ours, net.conv2d1.weight.grad, rtol=1e-4, atol=1e-2)


def test_the_number_that_is_not_zero():
    for dtype in (torch.float32, torch.float64):
        x = spikes((64, 4, 8, 8), dtype=dtype) * 0.25
        bits = few_spikes(x, 0.2)
        assert bits is not None and value(bits) == 0.25
