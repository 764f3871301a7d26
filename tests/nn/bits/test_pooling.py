"""Our pooling kernels give torch's values and gradients, bit for bit; the rest is left to it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from spikeloom.nn.blocks.pooling import pool

SHAPES = [(3, 2, 28, 28), (2, 5, 14, 14), (2, 3, 7, 9), (1, 1, 4, 5), (0, 2, 8, 8), (2, 1, 64, 4)]


@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize("kind", [nn.AvgPool2d, nn.MaxPool2d])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("values", ["floats", "spikes"])
@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
def test_the_bits_are_those_of_torch(
    size: int,
    kind: type[nn.Module],
    dtype: torch.dtype,
    values: str,
    order: torch.memory_format,
) -> None:
    torch.manual_seed(size)
    layer = kind(size)
    for shape in [*SHAPES, (2, 19, 6, 8), (2, 35, 5, 4)]:
        x = torch.randn(shape, dtype=dtype).contiguous(memory_format=order)
        x = ((x > 1).to(dtype) if values == "spikes" else x).requires_grad_()
        y, expected = pool(layer, x), layer(x)
        assert y is not None and torch.equal(y, expected)
        assert not len(x) or y.is_contiguous(memory_format=order)
        g = torch.randn_like(y)
        assert torch.equal(*(torch.autograd.grad(z, x, g)[0] for z in (y, expected)))


def test_not_a_number_wins_as_in_torch() -> None:
    x = torch.randn(2, 2, 8, 8)
    x[0, 0, 3, 3] = x[1, 1, 0, 0] = torch.nan
    layer = nn.MaxPool2d(2)
    y = pool(layer, x)
    assert y is not None
    torch.testing.assert_close(y, layer(x), rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("layer", [nn.AvgPool2d(2), nn.MaxPool2d(3)])
def test_gradients_of_gradients(layer: nn.Module) -> None:
    x = torch.randperm(2 * 7 * 9).double().reshape(1, 2, 7, 9).requires_grad_()

    def ours(x: Tensor) -> Tensor:
        y = pool(layer, x)
        assert y is not None
        return y

    assert torch.autograd.gradcheck(ours, (x,), eps=1e-3)
    assert torch.autograd.gradgradcheck(ours, (x,), eps=1e-3)


def test_threads_change_nothing() -> None:
    x = (torch.rand(512, 16, 28, 28) < 0.2).float()
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(pool(nn.AvgPool2d(2), x))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*found)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "layer",
    [
        nn.AvgPool2d(2, 1), nn.AvgPool2d((2, 3)), nn.AvgPool2d(5), nn.AvgPool2d(2, padding=1),
        nn.AvgPool2d(2, ceil_mode=True), nn.AvgPool2d(2, divisor_override=3), nn.AvgPool1d(2),
        nn.MaxPool2d(2, dilation=2), nn.MaxPool2d(2, return_indices=True), nn.MaxPool2d(3, 2),
    ],
)  # fmt: skip
def test_what_is_left_to_torch(layer: nn.Module) -> None:
    assert pool(layer, torch.zeros(1, 2, 12, 12)) is None


def test_inputs_that_are_left_to_torch() -> None:
    layer = nn.AvgPool2d(2)
    x = torch.zeros(2, 4, 6, 6)
    others = [
        x[0],
        x.bfloat16(),
        x[..., :1],
        x.mT[:, :, 1:],
    ]
    assert all(pool(layer, other) is None for other in others)
