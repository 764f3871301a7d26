"""Linear layers on few spikes: torch's product and gradients, and torch itself where it must be."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from spikeloom.engines.cpu import sparse
from spikeloom.engines.cpu.bits import pack
from spikeloom.nn import Sequential
from spikeloom.nn.chain.few import SMALLEST
from spikeloom.nn.chain.sparse import linear


def spikes(rows: int, inputs: int, share: float, dtype: torch.dtype = torch.float32):
    found = torch.rand(rows, inputs, generator=torch.Generator().manual_seed(1)) < share
    return found.to(dtype)


@given(
    rows=st.integers(0, 20),
    inputs=st.integers(0, 40),
    vectors=st.integers(1, 9),
    share=st.floats(0, 1),
    seed=st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_products_are_those_of_numpy(rows, inputs, vectors, share, seed):
    random = np.random.default_rng(seed)
    x = random.random((rows, inputs)) * (random.random((rows, inputs)) < share)
    w, g = random.random((inputs, 8 * vectors)), random.random((rows, 8 * vectors))
    np.testing.assert_allclose(sparse.product(x, w), x @ w, rtol=1e-12)
    np.testing.assert_allclose(sparse.gradient(x, g), x.T @ g, rtol=1e-12)
    ones = (x != 0).astype(float)
    packed = pack(ones.reshape(-1).view(np.int64), 0x3FF0000000000000)
    assert packed is not None
    np.testing.assert_allclose(sparse.product(packed[0], w, 1, rows), ones @ w, rtol=1e-12)
    np.testing.assert_allclose(sparse.gradient(packed[0], g, 1, inputs), ones.T @ g, rtol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("outputs", [0, 1, 20, 48])
@pytest.mark.parametrize("numbers", ["ones", "halves", "many"])
def test_output_and_gradients_are_those_of_torch(
    dtype: torch.dtype, bias: bool, outputs: int, numbers: str
):
    torch.manual_seed(0)
    inputs = 256 if bias else 257
    layer = nn.Linear(inputs, outputs, bias=bias, dtype=dtype)
    x = spikes(1100, inputs, 0.03, dtype)
    x = {"ones": x, "halves": x / 2, "many": x * torch.rand_like(x)}[numbers]
    found = []
    for call in (layer, lambda v: linear(layer, v)):
        given = x.clone().requires_grad_()
        y = call(given)
        y.square().sum().backward()
        grads = [p.grad.clone() for p in layer.parameters() if p.grad is not None]
        found.append([y.detach(), given.grad, *grads])
        layer.zero_grad()
    for theirs, ours in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


def test_bits_do_not_depend_on_threads():
    x = spikes(600, 130, 0.1).numpy()
    w = np.random.default_rng(0).random((130, 256)).astype(np.float32)
    g = np.random.default_rng(1).random((600, 256)).astype(np.float32)
    assert np.array_equal(sparse.product(x, w, 1), sparse.product(x, w, 3))
    assert np.array_equal(sparse.gradient(x, g, 1), sparse.gradient(x, g, 3))


def test_a_number_that_is_none_stays_visible():
    x = spikes(1100, 256, 0.02)
    x[3, 5] = torch.nan
    y = linear(nn.Linear(256, 16), x)
    assert y is not None and y[3].isnan().all() and not y[:3].isnan().any()


def test_second_derivatives_flow():
    layer = nn.Linear(256, 16)
    x = spikes(1100, 256, 0.02).requires_grad_()
    y = linear(layer, x)
    assert y is not None
    (first,) = torch.autograd.grad(y.square().sum(), layer.weight, create_graph=True)
    second = torch.autograd.grad(first.square().sum(), layer.weight)[0]
    y = layer(x)
    (first,) = torch.autograd.grad(y.square().sum(), layer.weight, create_graph=True)
    wanted = torch.autograd.grad(first.square().sum(), layer.weight)[0]
    torch.testing.assert_close(second, wanted, rtol=1e-4, atol=1e-3)


def test_torch_does_what_is_dense_small_watched_or_odd():
    layer, x = nn.Linear(256, 16), spikes(1100, 256, 0.02)
    assert linear(layer, x) is not None
    assert linear(layer, torch.ones_like(x)) is None
    assert linear(layer, x[: SMALLEST // 256 - 1]) is None
    assert linear(nn.ReLU(), x) is None  # pyright: ignore[reportArgumentType]
    with torch.autocast("cpu", torch.bfloat16):
        assert linear(layer, x) is None
    assert torch.func.grad(lambda w: torch.func.functional_call(layer, {"weight": w}, x).sum())(
        layer.weight
    ).shape == (16, 256)
    seen: list[int] = []
    layer.register_forward_hook(lambda *_: seen.append(1))
    assert linear(layer, x) is None


def test_a_chain_of_layers_takes_it_and_keeps_spikes_as_bits():
    torch.manual_seed(0)
    net = Sequential(nn.Linear(256, 32))
    x = spikes(1200, 256, 0.02).reshape(40, 30, 256)
    y, _ = net(x)
    assert "SparseLinear" in repr(_root(y.grad_fn))
    y.square().sum().backward()
    layer = nn.Linear(256, 32)
    layer.load_state_dict(net.linear1.state_dict())
    layer(x).square().sum().backward()
    torch.testing.assert_close(net.linear1.weight.grad, layer.weight.grad, rtol=1e-5, atol=1e-4)


def _root(node):
    """The name of the function behind views and sums."""
    while "Sparse" not in node.name() and node.next_functions:
        node = node.next_functions[0][0]
    return node.name()
