"""Online training through time: what a step says about space, times what is left of the past."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from spikeloom.errors import ParameterError
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
class OTTT:
    r"""Online training through time, of feed-forward networks; memory does not grow with T.

    At every step t the loss of that step alone is propagated back through the layers of that step
    alone, dL[t]/dz^l[t], as if each state before it were a number; each neuron multiplies it with
    what past signals have left at its synapses:

        ∇W = Σ_t dL[t]/dz[t] · e[t],   L[t] = loss of the outputs of step t, divided by T

    e[t] is the eligibility derived from the equations of any neuron. For a LIF neuron it is the
    surrogate's derivative times the presynaptic trace a[t] = λ a[t−1] + x[t].

    Arguments:
        variant: ``"A"`` collects the gradients of a sample for one update after it; ``"O"`` updates
            the weights at every step, with this step's gradient.
        traces: False forgets the past (SLTT): x[t] stands instead of its trace.
        reset: ``"ignored"``, as in the paper: a reset does not clear traces, so that one trace
            serves all neurons, and convolutions can be trained. ``"detached"``: a reset clears
            what it clears in the equations, with one trace for each synapse where they differ.

    Source: Xiao, Meng, Zhang, He & Lin 2022, NeurIPS 35:20717; SLTT: Meng et al. 2023, ICCV.

    >>> OTTT(variant="O")
    OTTT(variant='O', traces=True, reset='ignored')
    """

    variant: Literal["A", "O"] = "A"
    traces: bool = True
    reset: Literal["detached", "ignored"] = "ignored"

    def __post_init__(self) -> None:
        if self.variant not in ("A", "O"):
            raise ParameterError(f"OTTT: variant must be 'A' or 'O', got {self.variant!r}.")
        if not isinstance(self.traces, bool):
            raise ParameterError(f"OTTT: traces must be True or False, got {self.traces!r}.")
        check_reset("OTTT", self.reset)

    @property
    def online(self) -> bool:
        """Whether weights change within a sample."""
        return self.variant == "O"

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

    def _pass(
        self, objective: Objective, x: Tensor, targets: Tensor, draw: int, apply: Apply | None
    ) -> tuple[Tensor, Tensor]:
        stages = check_walk(self, objective, regularisers=False)
        walkers = [Walker(stage, self.reset) for stage in stages]
        traces: list[SharedTraces | SynapseTraces] = []
        block = objective.block(x, draw)
        found: Gradients = {}
        outputs: list[Tensor] = []
        total = torch.zeros((), dtype=block.dtype)
        for now in block.split(1 if apply is not None else STEPS):
            moments: list[Moment] = []
            for walker in walkers:
                moments.append(walker.go(now))
                now = moments[-1].out
            pairs = list(zip(walkers, moments, strict=True))
            if not traces:
                traces = [
                    traces_for(w.stage, w.what, m.partials, self, self.traces) for w, m in pairs
                ]
            loss, signal = instant_loss(objective, now, targets, 1 / block.shape[0])
            outputs.append(now)
            total = total + loss
            for place in reversed(range(len(walkers))):
                moment = moments[place]
                before = walkers[place].back(moment, signal) if place else signal
                traces[place].learn(signal, moment.partials, moment.pre, found)
                signal = before
            if apply is not None:
                hand_over(found)
                apply()
                found.clear()
        hand_over(found)
        return total, torch.cat(outputs)
