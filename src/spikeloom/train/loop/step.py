"""One forward pass as training and evaluation need it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from spikeloom.errors import NumericsError, ParameterError
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.encode import Encoder
from spikeloom.nn.loss import Loss, Regulariser
from spikeloom.nn.protocol import State, emits_spikes, is_stateful
from spikeloom.nn.readout.readout import read


def in_precision_of(net: nn.Module, x: Tensor) -> Tensor:
    """Samples in the precision of the weights; NumPy's own, for one, is twice that of torch.

    >>> import torch
    >>> in_precision_of(nn.Linear(1, 1), torch.zeros(1, dtype=torch.float64)).dtype
    torch.float32
    """
    weights = (p for p in net.parameters() if p.is_floating_point())
    weight = next(weights, None)
    return x if weight is None else x.to(weight.dtype)


def check_weights(net: nn.Module) -> None:
    """Raise `NumericsError` if a weight is no number.

    The outputs need not show it: a neuron whose input is NaN just never fires.

    >>> check_weights(nn.Linear(1, 1))
    """
    for name, weight in net.named_parameters():
        if not bool(torch.isfinite(weight.detach()).all()):
            raise NumericsError(
                f"the weights {name!r} of the network contain NaN or infinity.",
                hint="train again with a lower learning rate, or with clip=1.0",
            )


@dataclass(frozen=True, eq=False)
class Objective:
    """What is made small: the network, how samples enter it, the loss and the regularisers.

    Arguments:
        net: A `Sequential` (or another stateful module), or a plain torch network.
        loss: Of outputs and targets.
        encode: Samples -> time; needed by a stateful network, unused by a plain one.
        regularisers: Of the spikes of every spiking layer.
        lengths: Valid steps of each sample of the batch at hand, see `ending`.

    Raises:
        ParameterError: A stateful network without encoder, or regularisers without `Sequential`.
    """

    net: nn.Module
    loss: Loss
    encode: Encoder | None = None
    regularisers: Sequence[Regulariser] = ()
    lengths: Tensor | None = None

    def __post_init__(self) -> None:
        if is_stateful(self.net) and self.encode is None:
            raise ParameterError(
                "training a network with state needs encode=...: how a sample becomes a run.",
                hint="encode=ConstantCurrent(steps=10), or Frames() for samples (time, *features)",
            )
        if self.regularisers and not isinstance(self.net, Sequential):
            raise ParameterError("regularisers of spikes need a spikeloom Sequential.")

    def ending(self, lengths: Tensor | None) -> Objective:
        """The same for a batch of recordings with so many valid steps each.

        A plain network has no time; it takes the padding as it is.
        """
        if lengths is None or not is_stateful(self.net):
            return self
        return replace(self, lengths=lengths)

    def losses(self, y: Tensor, targets: Tensor) -> Tensor:
        """The loss alone, over the valid steps."""
        return self.loss(y, targets, *self._ends)

    @property
    def _ends(self) -> tuple[Tensor, ...]:
        return () if self.lengths is None else (self.lengths,)

    def outputs(self, x: Tensor, draw: int) -> Tensor:
        """Outputs of the network for samples (batch, *features)."""
        if self.encode is None or not is_stateful(self.net):
            return self.net(in_precision_of(self.net, x))
        return self.net(self.block(x, draw), None, *self._ends)[0]

    def __call__(self, x: Tensor, targets: Tensor, draw: int) -> tuple[Tensor, Tensor]:
        """Loss with regularisers, and the outputs it comes from."""
        if is_stateful(self.net):
            return self.of_block(self.block(x, draw), targets)
        y = self.outputs(x, draw)
        return self.losses(y, targets), y

    def block(self, x: Tensor, draw: int) -> Tensor:
        """Samples (batch, *features) as the network takes them, (time, batch, *features)."""
        if self.encode is None:
            raise ParameterError("a network without an encoder has no block of time.")
        block = self.encode(in_precision_of(self.net, x), draw)
        # What is padding for every sample of the batch need not be run.
        return block if self.lengths is None else block[: int(self.lengths.max())]

    def trace(
        self, block: Tensor, state: Mapping[str, Any] | None = None, start: int = 0
    ) -> tuple[Tensor, State, dict[str, Tensor]]:
        """Outputs, new state, and the spikes of each layer if regularisers want them.

        Arguments:
            block: A piece of time, (time, batch, *features).
            state: State before it.
            start: Steps before it; lengths count from the beginning.
        """
        ends = [(n - start).clamp(0, block.shape[0]) for n in self._ends]
        if not self.regularisers or not isinstance(self.net, Sequential):
            y, after = self.net(block, state, *ends)
            return y, after, {}
        y, after, kept = self.net.trace(block, state, *ends)
        return y, after, {n: kept[n] for n, layer in self.net.leaves if emits_spikes(layer)}

    def of_block(self, block: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Loss with regularisers of a whole block, and the outputs it comes from."""
        y, _, spikes = self.trace(block)
        return self.of_outputs(y, spikes, targets), y

    def of_outputs(self, y: Tensor, spikes: Mapping[str, Tensor], targets: Tensor) -> Tensor:
        """Loss with regularisers of what `trace` gave for all of time."""
        total = self.losses(y, targets)
        for term in self.regularisers:
            total = total + term(spikes, *self._ends)
        return total

    def correct(self, y: Tensor, targets: Tensor) -> int | None:
        """How many samples are classified right; None if targets are no labels."""
        if targets.is_floating_point():
            return None
        scores = read(self.loss.readout, y.detach(), self.lengths)
        return int((scores.argmax(1) == targets).sum())
