"""A block of time in segments: only states wait between them, the backward pass runs each again.

The gradient is that of all steps in one, not a truncated one: what flows into the first state of a
segment goes on into the segment before it. Only the order in which the sums over time are rounded
differs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from spikeloom.errors import ParameterError
from spikeloom.nn.protocol import State

Flat = tuple[Tensor, ...]
Run = Callable[[Tensor, "Mapping[str, Any] | None"], tuple[Tensor, State]]


def may_cut(x: Any, segment: int) -> bool:
    """Whether a block is to be run in segments: it is longer, and there will be a backward pass.

    >>> may_cut(torch.zeros(20, 1, 1), 5), may_cut(torch.zeros(5, 1, 1), 5)
    (True, False)
    """
    block = isinstance(x, Tensor) and x.dim() > 2 and x.shape[0] > segment
    return block and torch.is_grad_enabled() and not torch.compiler.is_compiling()


def uncuttable(net: nn.Module) -> str | None:
    """Name of a layer that looks at all steps of a block at once, or None.

    Statistics over a batch in training would be others for each segment.

    >>> uncuttable(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)))
    '1'
    """
    for name, layer in net.named_modules():
        norm = isinstance(layer, nn.modules.batchnorm._BatchNorm) and (
            layer.training or not layer.track_running_stats
        )
        if norm or (layer.training and getattr(layer, "normalises", False)):
            return name
    return None


def run_segments(
    net: nn.Module,
    x: Tensor,
    state: Mapping[str, Any] | None,
    segment: int,
    lengths: Tensor | None = None,
) -> tuple[Tensor, State]:
    """Run a network over a block of time, and keep only its states between segments.

    Arguments:
        net: A stateful network; ``net(piece, state)`` must not cut the piece again.
        x: Input (time, batch, *features).
        state: As for a plain call.
        segment: Steps in a segment.
        lengths: Valid steps of each sample of the block (batch,), or None for all.

    Returns:
        Outputs (time, batch, *features) and the new state, as ``net(x, state)`` gives them.

    Raises:
        ParameterError: A layer looks at all steps at once.
    """
    whole = uncuttable(net)
    if whole is not None:
        raise ParameterError(
            f"segment={segment}: the layer {whole!r} looks at all steps of a block at once.",
            hint="leave segment out and take recompute=... instead, or take another normalisation",
        )
    weights = tuple(p for p in net.parameters() if p.requires_grad)
    outputs = []
    for start, piece in zip(range(0, len(x), segment), x.split(segment), strict=True):
        ends = None if lengths is None else (lengths - start).clamp(0, len(piece))
        part = _Part(net, len(weights), state, ends)
        flat = flatten(state)
        y, *after = _Segment.apply(part, piece, *flat, *weights)
        state = rebuilt(part.shape, iter(after))
        outputs.append(y)
    return torch.cat(outputs), dict(state or {})


class _Part:
    """What a segment is run with, besides tensors."""

    def __init__(
        self,
        net: nn.Module,
        weights: int,
        state: Mapping[str, Any] | None,
        lengths: Tensor | None,
    ) -> None:
        self.net, self.weights, self.state = net, weights, structure(state)
        self.ends = () if lengths is None else (lengths,)
        self.shape: Any = None
        """Structure of the state that came out."""
        self.chance: Tensor = torch.get_rng_state()
        self.autocast = (
            torch.is_autocast_enabled("cpu"),
            torch.get_autocast_dtype("cpu"),
            torch.is_autocast_cache_enabled(),
        )

    def run(self, piece: Tensor, flat: Flat) -> tuple[Tensor, Flat]:
        """Output and flat state of the segment."""
        state = rebuilt(self.state, iter(flat)) if self.state is not None else None
        y, after = self.net(piece, state, *self.ends)
        self.shape = structure(after)
        return y, flatten(after)


class _Segment(torch.autograd.Function):
    """``apply(part, piece, *flat state, *weights) -> (y, *flat state after)``."""

    @staticmethod
    def forward(ctx: Any, part: _Part, piece: Tensor, *tensors: Tensor) -> Flat:
        flat = tensors[: len(tensors) - part.weights]
        with torch.no_grad():
            y, after = part.run(piece, flat)
        ctx.part = part
        ctx.save_for_backward(piece, *tensors)
        ctx.set_materialize_grads(False)
        return (y, *(t.view_as(t) if any(t is f for f in flat) else t for t in after))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        part: _Part = ctx.part
        piece, *rest = ctx.saved_tensors
        count = len(rest) - part.weights
        wanted = ctx.needs_input_grad[1:]
        given = [
            t.detach().requires_grad_(w)
            for t, w in zip((piece, *rest[:count]), wanted, strict=False)
        ]
        weights = rest[count:]
        enabled, dtype, cache = part.autocast
        with (
            torch.enable_grad(),
            torch.random.fork_rng(devices=[]),
            torch.autocast("cpu", dtype, enabled, cache),
        ):
            torch.set_rng_state(part.chance)
            y, after = part.run(given[0], tuple(given[1:]))
        pairs = [
            (t, g)
            for t, g in zip((y, *after), grads, strict=True)
            if g is not None and t.requires_grad
        ]
        into = [t for t in (*given, *weights) if t.requires_grad]
        if not pairs or not into:
            return (None,) * (1 + len(wanted))
        found = iter(
            torch.autograd.grad(
                [t for t, _ in pairs], into, [g for _, g in pairs], allow_unused=True
            )
        )
        return (None, *(next(found) if t.requires_grad else None for t in (*given, *weights)))


def flatten(state: Any) -> Flat:
    """The tensors of a state, in order.

    >>> len(flatten({"a": {"v": torch.zeros(1)}, "b": (torch.zeros(1), None)}))
    2
    """
    if isinstance(state, Tensor):
        return (state,)
    if isinstance(state, Mapping):
        return tuple(t for value in state.values() for t in flatten(value))
    if isinstance(state, tuple | list):
        return tuple(t for value in state for t in flatten(value))
    return ()


def structure(state: Any) -> Any:
    """A state with `_HERE` in place of each tensor."""
    if isinstance(state, Tensor):
        return _HERE
    if isinstance(state, Mapping):
        return {name: structure(value) for name, value in state.items()}
    if isinstance(state, tuple | list):
        return type(state)(structure(value) for value in state)
    return state


def rebuilt(shape: Any, tensors: Any) -> Any:
    """The inverse of `flatten` and `structure`."""
    if shape is _HERE:
        return next(tensors)
    if isinstance(shape, Mapping):
        return {name: rebuilt(value, tensors) for name, value in shape.items()}
    if isinstance(shape, tuple | list):
        return type(shape)(rebuilt(value, tensors) for value in shape)
    return shape


_HERE = object()
