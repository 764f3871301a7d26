"""Deep continuous local learning: every layer has a random readout and a loss of its own."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from spikeloom.errors import ParameterError
from spikeloom.train.rules.feedback import random_matrix
from spikeloom.train.rules.traces import (
    Gradients,
    SharedTraces,
    SynapseTraces,
    hand_over,
    traces_for,
)
from spikeloom.train.rules.walk import STEPS, Moment, Walker, check_reset, check_walk, instant_loss

if TYPE_CHECKING:
    from spikeloom.train.loop.step import Objective
    from spikeloom.train.rules.rule import Apply


@dataclass(frozen=True)
class DECOLLE:
    r"""Deep continuous local learning, of feed-forward networks; memory does not grow with T.

    Each hidden layer l with n_l neurons is read out by a fixed random matrix G^l, uniform in
    ± 2 / √n_l, and compared with the targets by the loss of the network, step by step:

        Y^l[t] = G^l z^l[t],   ∇W^l = Σ_t (G^lᵀ ∂L(Y^l[t])/∂Y^l[t]) · e^l[t]

    e is the eligibility derived from the equations of any neuron: for a LIF neuron the surrogate's
    derivative times the presynaptic trace. No gradient goes to another layer or back in time. The
    last layer learns by the loss of its own outputs. What is reported is the loss of that layer.

    Arguments:
        burn_in: Steps at the beginning that fill the traces and teach nothing.
        every_step: Whether the weights change at every step instead of after the sample.
        seed: Key of the random readouts.
        reset: As in `OTTT`.

    Source: Kaiser, Mostafa & Neftci 2020, Frontiers in Neuroscience 14:424.

    >>> DECOLLE(burn_in=10)
    DECOLLE(burn_in=10, every_step=False, seed=0, reset='ignored')
    """

    burn_in: int = 0
    every_step: bool = False
    seed: int = 0
    reset: Literal["detached", "ignored"] = "ignored"

    def __post_init__(self) -> None:
        for name in ("burn_in", "seed"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise ParameterError(f"DECOLLE: {name} must be a whole number >= 0, got {value!r}.")
        if not isinstance(self.every_step, bool):
            raise ParameterError(
                f"DECOLLE: every_step must be True or False, got {self.every_step!r}."
            )
        check_reset("DECOLLE", self.reset)

    @property
    def online(self) -> bool:
        """Whether weights change within a sample."""
        return self.every_step

    def check(self, objective: Objective) -> None:
        """See `spikeloom.train.rules.rule.Checked`."""
        check_walk(self, objective, regularisers=False)

    def gradients(
        self, objective: Objective, x: Tensor, targets: Tensor, draw: int
    ) -> tuple[Tensor, Tensor]:
        """See `spikeloom.train.rules.rule.Rule`."""
        return self._pass(objective, x, targets, draw, None)

    def updates(
        self, objective: Objective, x: Tensor, targets: Tensor, draw: int, apply: Apply
    ) -> tuple[Tensor, Tensor]:
        """See `spikeloom.train.rules.rule.Online`."""
        return self._pass(objective, x, targets, draw, apply)

    def readout(self, name: str, neurons: int, classes: int, like: Tensor) -> Tensor:
        """The fixed readout G of a layer, (classes, neurons)."""
        return random_matrix(classes, neurons, 2 / neurons**0.5, like, self.seed, "decolle", name)

    def _pass(
        self, objective: Objective, x: Tensor, targets: Tensor, draw: int, apply: Apply | None
    ) -> tuple[Tensor, Tensor]:
        walkers = [Walker(s, self.reset) for s in check_walk(self, objective, regularisers=False)]
        traces: list[SharedTraces | SynapseTraces] = []
        readouts: list[Tensor] = []
        block = objective.block(x, draw)
        if block.shape[0] <= self.burn_in:
            raise ParameterError(
                f"{self!r}: a run of {block.shape[0]} steps ends before anything is learnt.",
                hint="take fewer steps of burn_in, or a longer run",
            )
        share = 1 / (block.shape[0] - self.burn_in)
        found: Gradients = {}
        outputs: list[Tensor] = []
        total = torch.zeros((), dtype=block.dtype)
        done = 0
        for piece in block.split(1 if apply is not None else STEPS):
            moments: list[Moment] = []
            now = piece
            for walker in walkers:
                moments.append(walker.go(now))
                now = moments[-1].out
            pairs = list(zip(walkers, moments, strict=True))
            if not traces:
                traces = [traces_for(w.stage, w.what, m.partials, self) for w, m in pairs]
                readouts = [
                    self.readout(w.stage.name, prod(m.out.shape[2:]), now.shape[2], now)
                    for w, m in pairs[:-1]
                ]
            outputs.append(now)
            late = max(self.burn_in - done, 0)  # steps of this piece that teach nothing
            done += len(piece)
            for place, (_, moment) in enumerate(pairs):
                signal = None
                if late < len(piece):
                    hidden = place < len(readouts)
                    local = moment.out.flatten(2) @ readouts[place].T if hidden else moment.out
                    loss, signal = instant_loss(objective, local[late:], targets, share)
                    if hidden:
                        signal = (signal @ readouts[place]).reshape(
                            len(piece) - late, *moment.out.shape[1:]
                        )
                    else:
                        total = total + loss
                    signal = torch.cat([torch.zeros_like(moment.out[:late]), signal])
                traces[place].learn(signal, moment.partials, moment.pre, found)
            if apply is not None and found:
                hand_over(found)
                apply()
                found.clear()
        hand_over(found)
        return total, torch.cat(outputs)
