"""Layers on a GPU: which engine a tensor goes to, and calls in which it stays on its device.

Nothing here reads a number back, so that a training step can be queued as a whole, or recorded as a
CUDA graph and replayed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from spikeloom.compile.program import Program
from spikeloom.errors import EngineError

if TYPE_CHECKING:
    from spikeloom.engines.gpu import GPU


def engine_of(who: str, wanted: str, device: torch.device) -> str:
    """``cpu``, ``gpu`` or ``reference``: what runs a layer whose input is on this device.

    Arguments:
        who: Name of the layer, for messages.
        wanted: The layer's option, or ``auto``.
        device: Of the input.

    Raises:
        EngineError: The engine that is asked for cannot read this device.

    >>> [engine_of("layer", "auto", torch.device(d)) for d in ("cpu", "cuda")]
    ['cpu', 'gpu']
    """
    if wanted == "auto":
        return "gpu" if device.type == "cuda" else "cpu"
    if wanted != "gpu" and device.type != "cpu":
        raise EngineError(
            f"{who}: engine={wanted!r} reads main memory, got an input on {device}.",
            hint="leave engine= out: a layer takes the engine of its input's device",
        )
    return wanted


def check_home(who: str, x: Tensor, params: nn.Module, state: Iterable[Tensor]) -> None:
    """Raise unless parameters and state lie where an input on a GPU does.

    Raises:
        EngineError: One of them does not.
    """
    if x.device.type == "cpu":
        return
    for what, tensors in (
        ("its parameters are", (*params.parameters(), *params.buffers())),
        ("its state is", state),
    ):
        for tensor in tensors:
            if tensor.device != x.device:
                raise EngineError(
                    f"{who}: {what} on {tensor.device}, the input is on {x.device}.",
                    hint="move the net and what it gave before: net.to(x.device)",
                )


def refuse_gpu(who: str, wanted: str) -> str:
    """The option of a layer that has no kernel for a GPU.

    Raises:
        EngineError: It asks for one.
    """
    if wanted == "gpu":
        raise EngineError(
            f"{who}: it has no kernel for a GPU.", hint="leave engine= out, and keep it on the CPU"
        )
    return wanted


def forward(
    program: Program,
    inputs: Mapping[str, Tensor],
    state: Tensor,
    coefs: Mapping[str, Any],
    every: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """As `spikeloom.nn.neurons.kernel.forward`; the output has the type of the first input."""
    first = next(iter(inputs.values()))
    out = torch.empty_like(first, memory_format=torch.contiguous_format)
    run: Any = _engine(state.dtype).forward(
        program, coefs, inputs, state, len(first), checkpoint_every=every or None, out=out
    )
    kept = state.new_empty((0, *state.shape)) if run.checkpoints is None else run.checkpoints
    return out, run.state, kept


def backward(
    program: Program,
    inputs: Mapping[str, Tensor],
    kept: Tensor,
    coefs: Mapping[str, Any],
    every: int,
    grads: tuple[Tensor, Tensor | None],
    want_inputs: tuple[str, ...],
    want_coefs: tuple[str, ...],
) -> tuple[dict[str, Tensor], Tensor, dict[str, Tensor]]:
    """As `spikeloom.nn.neurons.kernel.backward`."""
    found: Any = _engine(kept.dtype).backward(
        program, coefs, inputs, kept, every, *grads, want_inputs=want_inputs, want_coefs=want_coefs
    )
    return found.inputs, found.state, found.coefs


@lru_cache(maxsize=2)
def _engine(dtype: torch.dtype) -> GPU:
    from spikeloom.engines.gpu import GPU

    return GPU("float64" if dtype == torch.float64 else "float32")
