"""e-prop: eligibility forwards in time, learning signals from the outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from spikeloom.errors import ParameterError
from spikeloom.train.rules.feedback import random_matrix
from spikeloom.train.rules.filtered import Filter, SharedHidden, SynapseHidden, hidden_for
from spikeloom.train.rules.passes import Seen, first_pass, keep_buffers, replay
from spikeloom.train.rules.stages import Stage
from spikeloom.train.rules.traces import (
    Gradients,
    SharedTraces,
    SynapseTraces,
    check_full,
    hand_over,
    traces_for,
)
from spikeloom.train.rules.walk import (
    STEPS,
    Moment,
    Walker,
    check_reset,
    check_walk,
    instant_loss,
    is_random,
)

if TYPE_CHECKING:
    from spikeloom.train.loop.step import Objective

FEEDBACK = ("symmetric", "random", "adaptive")
CHUNK = 32
"""Steps that the first pass takes at a time."""


@dataclass(frozen=True)
class EProp:
    r"""e-prop, of feed-forward and recurrent networks; memory does not grow with T.

    The gradient of a weight from i to j is the sum over time of a learning signal of neuron j and
    an eligibility of the synapse, which the equations of the neuron give:

        dE/dW_ji = Σ_t Σ_k B_jk (∂E/∂y_k[t]) F(e_ji)[t]

    F filters the eligibility as the output neurons filter their input: for a leaky readout it is
    f[t] = κ f[t−1] + c e[t]. The weights of the outputs learn by their exact gradient. What goes
    through the network's other neurons and back in time is left out.

    Arguments:
        feedback: B. ``"symmetric"``: the weights from here to the outputs, transposed.
            ``"random"``: fixed, uniform in ± 1 / √n of n neurons. ``"adaptive"``: B starts at
            random and gets the updates of the weights while the difference decays, so that after
            m updates B = Wᵀ + (1 − decay)^m D.
        decay: Share of the difference that an update removes, for adaptive feedback.
        loss: ``"whole"``: the loss of the network, over all of time, by a first pass that finds
            ∂E/∂y. ``"step"``: the mean over time of the loss of each step alone, in one pass.
        seed: Key of random feedback.
        reset: As in `compile_eligibility`: ``"detached"`` is exact for every neuron; ``"ignored"``.

    A regulariser such as ``RateBand(f, f, ...)`` acts as the rate regularisation of the paper: its
    gradient at a neuron's spikes is a learning signal for the unfiltered eligibility. It keeps the
    spikes of all layers over all of time.

    Source: Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein & Maass 2020, Nature
        Communications 11:3625; adaptive feedback after Kolen & Pollack 1994.

    >>> EProp(feedback="random")
    EProp(feedback='random', decay=0.001, loss='whole', seed=0, reset='detached')
    """

    feedback: Literal["symmetric", "random", "adaptive"] = "symmetric"
    decay: float = 1e-3
    loss: Literal["whole", "step"] = "whole"
    seed: int = 0
    reset: Literal["detached", "ignored"] = "detached"

    def __post_init__(self) -> None:
        if self.feedback not in FEEDBACK:
            raise ParameterError(
                f"EProp: feedback must be one of {', '.join(FEEDBACK)}, got {self.feedback!r}."
            )
        if self.loss not in ("whole", "step"):
            raise ParameterError(f"EProp: loss must be 'whole' or 'step', got {self.loss!r}.")
        if not isinstance(self.decay, int | float) or not 0 <= self.decay < 1:
            raise ParameterError(f"EProp: decay must be in [0, 1), got {self.decay!r}.")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise ParameterError(f"EProp: seed must be a whole number >= 0, got {self.seed!r}.")
        check_reset("EProp", self.reset)

    def check(self, objective: Objective) -> None:
        """See `spikeloom.train.rules.rule.Checked`."""
        stages = check_walk(self, objective, regularisers=self.loss == "whole", joined=True)
        for stage in stages[:-1]:
            check_full(stage, self)
        for stage in stages[1:]:
            if type(stage.weights) is not torch.nn.Linear or stage.after:
                raise ParameterError(
                    f"{self!r}: {stage.name} needs one Linear layer in front of it.",
                    hint="rule=BPTT() trains any network",
                )

    def gradients(
        self, objective: Objective, x: Tensor, targets: Tensor, draw: int
    ) -> tuple[Tensor, Tensor]:
        """See `spikeloom.train.rules.rule.Rule`."""
        self.check(objective)
        stages = check_walk(self, objective, regularisers=True, joined=True)
        block = objective.block(x, draw)
        seen: Seen | None = None
        if self.loss == "whole":
            chunk = 1 if is_random(objective.net) else CHUNK
            with keep_buffers(objective.net), replay():
                seen = first_pass(objective, block, targets, chunk)
        walkers = [Walker(stage, self.reset) for stage in stages]
        filters = Filter(walkers[-1].stage, repr(self))
        layers: list[SharedHidden | SynapseHidden] = []
        last: SharedTraces | SynapseTraces | None = None
        found: Gradients = {}
        outputs: list[Tensor] = []
        total = torch.zeros((), dtype=block.dtype)
        feedback = self._feedback(stages, draw)
        done = 0
        for now in block.split(STEPS):
            here = slice(done, done + len(now))
            done = here.stop
            moments: list[Moment] = []
            for walker in walkers:
                moments.append(walker.go(now))
                now = moments[-1].out
            outputs.append(now)
            if seen is not None:
                signal = seen.to_outputs[here]
            else:
                loss, signal = instant_loss(objective, now, targets, 1 / block.shape[0])
                total = total + loss
            end = moments[-1]
            if last is None:
                last = traces_for(stages[-1], walkers[-1].what, end.partials, self)
                filters.look(walkers[-1], end.partials)
                pairs = zip(walkers[:-1], moments, strict=False)
                layers = [hidden_for(w, filters, m.partials) for w, m in pairs]
            for layer, moment, back in zip(layers, moments, feedback, strict=False):
                own = None if seen is None else seen.to_spikes.get(layer.walker.stage.name)
                layer.learn(
                    moment, end.partials, signal, back, None if own is None else own[here], found
                )
            last.learn(signal, end.partials, end.pre, found)
        hand_over(found)
        if seen is not None:
            return seen.loss, seen.outputs
        return total, torch.cat(outputs)

    def _feedback(self, stages: Sequence[Stage], draw: int) -> list[Tensor]:
        """For each hidden stage B, (classes, neurons)."""
        found: list[Tensor] = []
        chain: Tensor | None = None
        for place in reversed(range(1, len(stages))):
            weights = stages[place].weights
            if weights is None:
                raise ParameterError(f"{self!r}: {stages[place].name} has no weights before it.")
            own = weights.weight.detach()
            chain = own if chain is None else chain @ own
            back = chain
            if self.feedback != "symmetric":
                classes, neurons = chain.shape
                name = stages[place - 1].name
                drawn = random_matrix(
                    classes, neurons, neurons**-0.5, own, self.seed, "eprop", name
                )
                back = drawn
                if self.feedback == "adaptive":
                    back = chain + (1 - self.decay) ** draw * drawn
            found.insert(0, back)
        return found
