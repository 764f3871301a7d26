"""What a network keeps between its forward and its backward pass, and in which form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn import functional

from spikeloom.errors import ParameterError
from spikeloom.nn.chain.fold import PER_SAMPLE, run_layer
from spikeloom.nn.saving.kept import SMALLEST, Again, Bits, Kept, Layout, Outline, Places, Waiting

POOLS = (
    nn.AvgPool1d,
    nn.AvgPool2d,
    nn.AvgPool3d,
    nn.MaxPool1d,
    nn.MaxPool2d,
    nn.MaxPool3d,
)
"""Layers whose gradient asks for the shape of their input, not for its numbers."""
AVERAGES = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


@dataclass(frozen=True)
class Saves:
    """What a network keeps for its backward pass. The gradient is the same with any choice.

    Arguments:
        bits: Whether what holds only 0 and one other number, as spikes do, is kept as bits, and
            pooling keeps no input (of spikes that it averages, the bits). Costs next to nothing;
            False is for comparison.
        recompute: Names of layers whose output is computed again when it is needed: linear and
            convolution layers, pooling and batch norm. Each costs one more forward of that layer.
        segment: Steps between states that are kept, and nothing else; the backward pass runs each
            segment again, from the last to the first. Costs one more forward pass of everything.
            None keeps what all steps need at once.

    Raises:
        ParameterError: A segment below one step, or names that are none.

    >>> Saves(recompute=("conv1",), segment=25)
    Saves(bits=True, recompute=('conv1',), segment=25)
    """

    bits: bool = True
    recompute: tuple[str, ...] = ()
    segment: int | None = None

    def __post_init__(self) -> None:
        whole = isinstance(self.segment, int) and not isinstance(self.segment, bool)
        if self.segment is not None and not (whole and self.segment >= 1):
            raise ParameterError(
                f"Saves: segment must be a whole number of steps >= 1, got {self.segment!r}.",
                hint="segment=25 keeps the states after every 25 steps",
            )
        if isinstance(self.recompute, str) or not all(isinstance(n, str) for n in self.recompute):
            raise ParameterError(
                f"Saves: recompute must be a tuple of names of layers, got {self.recompute!r}.",
                hint="recompute=('linear1',)",
            )
        object.__setattr__(self, "recompute", tuple(self.recompute))


class Keeper:
    """Keeps tensors while a chain of layers runs forward; one for each pass.

    It is told which layer begins with which input, and what came out. Tensors are known by their
    address, which is only looked at while the tensor lives.
    """

    def __init__(self, saves: Saves) -> None:
        self._recompute = frozenset(saves.recompute)
        self._name, self._pools, self._layer = "", False, nn.Module()
        self._x: tuple[int, int] = (0, -1)
        self._folded: tuple[int, ...] = ()
        self._input: tuple[Layout | None, Waiting] | None = None
        """The input of the running layer, once somebody kept it."""
        self._before: Again | None = None
        """How the input of the running layer was made, if it is to be made again."""
        self._after: Again | None = None
        """How the last output was made, if it is to be made again."""

    def begin(self, name: str, layer: nn.Module, x: Tensor) -> None:
        """A layer is about to run on (time, batch, *features)."""
        self._name, self._layer, self._pools = name, layer, type(layer) in POOLS
        self._x, self._input = (x.data_ptr(), x.numel()), None
        self._folded = (x.shape[0] * x.shape[1], *x.shape[2:])
        self._before, self._after = self._after, None
        if type(layer) in AVERAGES and self._before is None:
            # A few spikes averaged are no longer two numbers, but quickly averaged again.
            bits = Bits.of(x)
            self._input = None if bits is None else (Layout.of(x), bits)

    def end(self, y: Tensor) -> None:
        """The layer gave its output (time, batch, *features)."""
        if (y.data_ptr(), y.numel()) == self._x:  # a view, as `Flatten` gives it
            self._after = self._before
            return
        source = self._before or (self._input and self._input[1])
        cheap = type(self._layer) in AVERAGES and self._input is not None
        if source is None or not (cheap or self._name in self._recompute):
            return
        if Layout.of(y) is None:
            return
        run = again(self._layer)
        if run is not None and not torch.is_autocast_enabled("cpu"):
            weights: list[Tensor] = [*self._layer.parameters(recurse=False)]
            if not self._layer.training:
                weights += self._layer.buffers(recurse=False)
            self._after = Again(source, self._folded, run, tuple(map(Kept.of, weights)))

    def know(self, tensor: Tensor, bits: Bits) -> None:
        """The input of the running layer, as somebody has just packed it."""
        layout, here = Layout.of(tensor), (tensor.data_ptr(), tensor.numel()) == self._x
        if here and self._before is None and (self._input is None or self._input[0] != layout):
            self._input = (layout, bits)

    def pack(self, tensor: Tensor) -> Waiting:
        """The form in which a tensor waits."""
        if type(tensor) is not Tensor or tensor.numel() < SMALLEST:
            return Kept.of(tensor)
        if (tensor.data_ptr(), tensor.numel()) != self._x:
            if self._pools and tensor.dtype == torch.int64:
                return Places.of(tensor, prod(self._folded[2:]))
            return Bits.of(tensor) or Kept.of(tensor)
        layout = Layout.of(tensor)
        if self._pools and layout is not None:
            return Outline(layout)
        if self._before is not None and layout is not None:
            return replace(self._before, layout=layout)
        if self._input is None or self._input[0] != layout:
            self._input = (layout, Bits.of(tensor) or Kept.of(tensor))
        return self._input[1]


def unpack(waiting: Waiting) -> Tensor:
    """What was kept, as a tensor."""
    return waiting.get()


@contextmanager
def keeping(saves: Saves) -> Iterator[Keeper | None]:
    """Keep what the layers inside save for their backward pass in the form that `saves` says.

    Steps aside (gives None) where nothing is saved, while a compiler looks, and where somebody else
    already decides about saved tensors, as ``torch.utils.checkpoint`` and ``save_on_cpu`` do.

    Arguments:
        saves: What to keep.

    >>> layer = nn.Linear(100, 3)
    >>> x = (torch.rand(50, 100) < 0.1).float()
    >>> with keeping(Saves()):
    ...     y = layer(x)
    >>> y.sum().backward()
    >>> torch.equal(layer.weight.grad[0], x.sum(0))
    True
    """
    if not saves.bits or not torch.is_grad_enabled() or torch.compiler.is_compiling() or _taken():
        yield None
        return
    keeper = Keeper(saves)
    with saved_tensors_hooks(keeper.pack, unpack):
        yield keeper


def again(layer: nn.Module) -> Callable[[Tensor], Tensor] | None:
    """A call of a layer that gives the same bits as the one before and changes nothing; or None."""
    if layer._forward_hooks or layer._forward_pre_hooks:
        return None
    if type(layer) in (*PER_SAMPLE, *POOLS):
        return partial(run_layer, layer)
    if isinstance(layer, NORMS) and type(layer) in NORMS:
        if not layer.training and layer.track_running_stats:
            return layer
        weight, bias, eps = layer.weight, layer.bias, layer.eps
        return lambda x: functional.batch_norm(x, None, None, weight, bias, True, 0.0, eps)
    return None


def _taken() -> bool:
    """Whether saved tensors are somebody else's matter; another chain of ours is not else's."""
    torch_c: Any = torch._C
    state = torch_c._autograd
    if state._saved_tensors_hooks_get_disabled_error_message() is not None:
        return True
    top = state._top_saved_tensors_default_hooks(True)
    return top is not None and not isinstance(getattr(top[0], "__self__", None), Keeper)
