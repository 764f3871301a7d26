"""Back-propagation through time, whole or in pieces of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from spikeloom.errors import ParameterError
from spikeloom.nn.protocol import State, is_stateful
from spikeloom.train.rules.passes import detached, first_pass, keep_buffers, replay

if TYPE_CHECKING:
    from spikeloom.train.loop.step import Objective


@dataclass(frozen=True)
class BPTT:
    r"""Back-propagation through time with surrogate gradients.

    Without ``chunk``: the gradient dL/dθ through all T steps; memory grows with T.

    With ``chunk`` = K the states of the network are cut off from their past every K steps. The
    loss stays what it is, over all of time: a first pass without gradients gives all outputs y and
    g = dL/dy, whatever the readout; a second pass adds Σ_chunks (∂y_chunk/∂θ)ᵀ g_chunk with the
    state at the start of each chunk taken as a number. So loss and outputs do not depend on K, and
    K >= T is the whole gradient. Memory grows with K, time by one forward pass.

    With regularisers the spikes of all layers are kept over all of time. A normalisation over
    time takes the statistics of one chunk.

    Arguments:
        chunk: Steps through which a gradient flows back, or None for all.

    Raises:
        ParameterError: ``chunk`` is no whole number of at least 1.

    Source: Neftci, Mostafa & Zenke 2019, IEEE Signal Processing Magazine 36(6):51; truncation:
        Williams & Peng 1990, Neural Computation 2:490.

    >>> BPTT(chunk=20)
    BPTT(chunk=20)
    """

    chunk: int | None = None
    takes_lengths: ClassVar[bool] = True

    def __post_init__(self) -> None:
        whole = isinstance(self.chunk, int) and not isinstance(self.chunk, bool)
        if self.chunk is not None and not (whole and self.chunk >= 1):
            raise ParameterError(
                f"BPTT: chunk must be a whole number of steps >= 1, got {self.chunk!r}.",
                hint="BPTT() goes back through all of time",
            )

    def __repr__(self) -> str:
        return "BPTT()" if self.chunk is None else f"BPTT(chunk={self.chunk})"

    def check(self, objective: Objective) -> None:
        """A network without time cannot be cut in pieces of time."""
        if self.chunk is not None and not is_stateful(objective.net):
            raise ParameterError(
                f"{self!r}: {type(objective.net).__name__} has no time axis to cut.",
                hint="train it with rule=BPTT()",
            )

    def gradients(
        self, objective: Objective, x: Tensor, targets: Tensor, draw: int
    ) -> tuple[Tensor, Tensor]:
        """See `spikeloom.train.rules.rule.Rule`."""
        if self.chunk is None:
            loss, y = objective(x, targets, draw)
            loss.backward()
            return loss.detach(), y.detach()
        self.check(objective)
        net, block = objective.net, objective.block(x, draw)
        if block.shape[0] <= self.chunk:
            loss, y = objective.of_block(block, targets)
            loss.backward()
            return loss.detach(), y.detach()
        with keep_buffers(net), replay():
            seen = first_pass(objective, block, targets, self.chunk)
        state: State | None = None
        done = 0
        for piece in block.split(self.chunk):
            y, state, spikes = objective.trace(piece, state, done)
            here = slice(done, done + piece.shape[0])
            pairs = [(y, seen.to_outputs[here])]
            pairs += [(spikes[n], g[here]) for n, g in seen.to_spikes.items()]
            pairs = [(value, g) for value, g in pairs if value.requires_grad]
            if pairs:
                torch.autograd.backward([v for v, _ in pairs], [g for _, g in pairs])
            state, done = detached(state), here.stop
        return seen.loss, seen.outputs
