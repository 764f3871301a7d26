"""Features as they lie in memory: neurons are independent, so their order is free.

A convolution may keep channels last. Neurons then run in that order over the very same memory,
and what they give lies in the same way; nothing is copied in between.
"""

from __future__ import annotations

from math import prod

from torch import Tensor

Order = tuple[int, ...]
"""Order of the feature axes in memory, outermost first: (1, 2, 0) for channels last."""


def memory_order(x: Tensor) -> Order:
    """In which order the feature axes of (time, batch, *features) lie in memory.

    Their own order if they lie in none that is dense; flattening then copies.

    >>> import torch
    >>> images = torch.zeros(6, 3, 8, 8).to(memory_format=torch.channels_last)
    >>> memory_order(images.unflatten(0, (2, 3))), memory_order(torch.zeros(2, 3, 8, 8))
    ((1, 2, 0), (0, 1))
    """
    plain = tuple(range(x.dim() - 2))
    if len(x) == 0 or x[0].is_contiguous():
        return plain
    strides = x.stride()[2:]
    order = tuple(sorted(plain, key=lambda axis: -strides[axis]))
    return order if x[0].permute(0, *(1 + axis for axis in order)).is_contiguous() else plain


def flatten_features(x: Tensor, order: Order) -> Tensor:
    """(*others, *features) -> (*others, neurons), neurons in this order.

    >>> import torch
    >>> flatten_features(torch.tensor([[[1, 2], [3, 4]]]), (1, 0)).tolist()
    [[1, 3, 2, 4]]
    """
    others = x.dim() - len(order)
    moved = x.permute(*range(others), *(others + axis for axis in order))
    return moved.reshape(*x.shape[:others], prod(x.shape[others:]))


def restore_features(flat: Tensor, features: tuple[int, ...], order: Order) -> Tensor:
    """The inverse of `flatten_features`: (*others, neurons) -> (*others, *features), a view.

    >>> import torch
    >>> restore_features(torch.tensor([[1, 3, 2, 4]]), (2, 2), (1, 0)).tolist()
    [[[1, 2], [3, 4]]]
    """
    others = flat.dim() - 1
    whole = flat.reshape(*flat.shape[:others], *(features[axis] for axis in order))
    back = sorted(range(len(order)), key=lambda place: order[place])
    return whole.permute(*range(others), *(others + place for place in back))
