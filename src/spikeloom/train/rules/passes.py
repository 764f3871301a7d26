"""Two passes over the same block: one for the loss, one for the gradients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from spikeloom.nn.protocol import State

if TYPE_CHECKING:
    from spikeloom.train.loop.step import Objective


@dataclass(frozen=True, eq=False)
class Seen:
    """What the first pass found.

    Arguments:
        loss: With regularisers, a scalar.
        outputs: Of the network, (time, batch, *features).
        to_outputs: Gradient of the loss at these.
        to_spikes: Layer -> gradient of the regularisers at its spikes; empty without any.
    """

    loss: Tensor
    outputs: Tensor
    to_outputs: Tensor
    to_spikes: dict[str, Tensor]


def first_pass(objective: Objective, block: Tensor, targets: Tensor, chunk: int) -> Seen:
    """Outputs and loss of a block, run in pieces of time without a graph, and dL/d outputs."""
    outputs: list[Tensor] = []
    kept: dict[str, list[Tensor]] = {}
    state: State | None = None
    done = 0
    with torch.no_grad():
        for piece in block.split(chunk):
            y, state, spikes = objective.trace(piece, state, done)
            done += piece.shape[0]
            outputs.append(y)
            for name, value in spikes.items():
                kept.setdefault(name, []).append(value)
    y = torch.cat(outputs).requires_grad_()
    spikes = {name: torch.cat(values).requires_grad_() for name, values in kept.items()}
    with torch.enable_grad():
        loss = objective.of_outputs(y, spikes, targets)
        found = torch.autograd.grad(loss, [y, *spikes.values()], allow_unused=True)
    to_outputs = torch.zeros_like(y) if found[0] is None else found[0]
    pairs = zip(spikes, found[1:], strict=True)
    to_spikes = {name: g for name, g in pairs if g is not None}
    return Seen(loss.detach(), y.detach(), to_outputs, to_spikes)


def detached(state: Any) -> Any:
    """The same state as plain numbers, without the graph behind it.

    >>> detached({"v": torch.zeros(1, requires_grad=True) * 2})["v"].requires_grad
    False
    """
    if isinstance(state, Tensor):
        return state.detach()
    if isinstance(state, Mapping):
        return {name: detached(value) for name, value in state.items()}
    if isinstance(state, tuple | list):
        return type(state)(detached(value) for value in state)
    return state


@contextmanager
def keep_buffers(net: nn.Module) -> Iterator[None]:
    """Put the buffers of a network back afterwards: a trial pass must not count for averages."""
    before = {name: value.clone() for name, value in net.named_buffers()}
    try:
        yield
    finally:
        for name, value in net.named_buffers():
            if name in before:
                value.copy_(before[name])


@contextmanager
def replay() -> Iterator[None]:
    """Put torch's generators back afterwards, so that the next pass draws the same numbers."""
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    with torch.random.fork_rng(devices=devices):
        yield
