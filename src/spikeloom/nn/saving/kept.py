"""Forms in which a tensor waits for the backward pass: itself, bits, its shape, or how it was made.

Each has ``get()``, which gives a tensor with the same bits as the one that was kept (or, for
`Outline`, with the same shape: nobody reads its numbers).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from spikeloom.engines.cpu.bits import pack, unpack
from spikeloom.errors import EngineError

SMALLEST = 4096
"""Elements below which a tensor is kept as it is: a call costs more than it saves."""
WORDS = {
    torch.float32: (torch.int32, 0x3F800000),
    torch.float64: (torch.int64, 0x3FF0000000000000),
    torch.bfloat16: (torch.int16, 0x3F80),
    torch.float16: (torch.int16, 0x3C00),
}
"""Whole numbers of the same width, and the one whose bits are those of 1.0."""


class Waiting(Protocol):
    """Something that gives a tensor back."""

    def get(self) -> Tensor:
        """The tensor."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A tensor as it is. That it was not changed since is checked, as torch itself would.

    >>> Kept.of(torch.ones(2)).get()
    tensor([1., 1.])
    """

    tensor: Tensor
    version: int

    @classmethod
    def of(cls, tensor: Tensor) -> Kept:
        """Keep a tensor and the count of its changes."""
        return cls(tensor, -1 if tensor.is_inference() else tensor._version)

    def get(self) -> Tensor:
        """The tensor, if it is still what it was."""
        check_version(self.tensor, self.version)
        return self.tensor


def check_version(tensor: Tensor, version: int) -> None:
    """Raise `EngineError` if a tensor was changed in place since its version was read."""
    if version >= 0 and tensor._version != version:
        raise EngineError(
            f"backward: a tensor {tuple(tensor.shape)} that it needs was changed in place after "
            "the forward pass.",
            hint="call loss.backward() before the optimiser's step, and change copies: x = x + 1",
        )


@dataclass(frozen=True, slots=True)
class Layout:
    """Shape, strides and type of a tensor whose elements fill one piece of memory."""

    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: torch.dtype

    @classmethod
    def of(cls, tensor: Tensor) -> Layout | None:
        """The layout, or None where elements overlap or leave gaps."""
        size = 1
        for stride, length in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
            if length != 1:
                if stride != size:
                    return None
                size *= length
        return cls(tuple(tensor.shape), tensor.stride(), tensor.dtype)

    def empty(self) -> Tensor:
        """A tensor like that; memory that nobody touches costs nothing."""
        return torch.empty_strided(self.shape, self.stride, dtype=self.dtype)


@dataclass(frozen=True, slots=True, eq=False)
class Bits:
    """A tensor of two numbers, 0 and another one, at one bit an element.

    >>> x = torch.zeros(100, 50)
    >>> x[::3] = 2.5
    >>> kept = Bits.of(x)
    >>> kept.bits.nbytes, torch.equal(kept.get(), x)
    (632, True)
    >>> Bits.of(torch.rand(100, 50)) is None
    True
    """

    bits: np.ndarray
    one: int
    layout: Layout

    @classmethod
    def of(cls, tensor: Tensor) -> Bits | None:
        """The bits, or None if there are more than two numbers, or too few elements."""
        words = WORDS.get(tensor.dtype)
        if words is None or tensor.numel() < SMALLEST or tensor.device.type != "cpu":
            return None
        layout = Layout.of(tensor)
        if layout is None:
            return None
        packed = pack(_words(tensor, words[0]), words[1], torch.get_num_threads())
        return None if packed is None else cls(*packed, layout)

    def get(self) -> Tensor:
        """The tensor, in new memory."""
        out = self.layout.empty()
        words = _words(out, WORDS[self.layout.dtype][0])
        unpack(self.bits, self.one, words, torch.get_num_threads())
        return out


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """Only the shape of a tensor, where the backward pass asks for no more."""

    layout: Layout

    def get(self) -> Tensor:
        """A tensor of that shape; its numbers mean nothing."""
        return self.layout.empty()


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Places within a plane, as pooling gives them in 64 bits, in 16 or 32.

    >>> Places.of(torch.tensor([0, 783]), 784).get()
    tensor([  0, 783])
    """

    places: Tensor

    @classmethod
    def of(cls, places: Tensor, plane: int) -> Places:
        """Keep places below `plane` in as few bytes as hold them."""
        return cls(places.to(torch.int16 if plane <= 1 << 15 else torch.int32))

    def get(self) -> Tensor:
        """The places in 64 bits."""
        return self.places.long()


@dataclass(frozen=True, slots=True, eq=False)
class Again:
    """A tensor that is computed anew by the layer that made it.

    Arguments:
        source: What the layer was given.
        given: Shape in which it was given.
        layer: Input -> output; the same bits as the first time.
        weights: What else the output depends on.
        layout: Of the tensor as it is asked for; None leaves it as the layer gives it.
    """

    source: Waiting
    given: tuple[int, ...]
    layer: Callable[[Tensor], Tensor]
    weights: tuple[Kept, ...]
    layout: Layout | None = None

    def get(self) -> Tensor:
        """The tensor, computed."""
        for weight in self.weights:
            weight.get()
        with torch.no_grad():
            y = self.layer(self.source.get().reshape(self.given))
            return y if self.layout is None else y.as_strided(self.layout.shape, self.layout.stride)


def _words(tensor: Tensor, dtype: torch.dtype) -> np.ndarray:
    flat = tensor.detach().as_strided((tensor.numel(),), (1,))
    return flat.view(dtype).numpy()
