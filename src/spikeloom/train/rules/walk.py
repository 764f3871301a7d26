"""Stages and their neurons, taken forward one step at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from spikeloom.compile.adjoint import Reset
from spikeloom.compile.eligibility import Eligibility
from spikeloom.errors import ParameterError
from spikeloom.nn.chain.fold import PER_SAMPLE, is_constant
from spikeloom.nn.loss import CrossEntropy, MeanSquare
from spikeloom.nn.neurons.forwards import Forwards, Partials, eligibility_of
from spikeloom.nn.neurons.spiking import Spiking
from spikeloom.nn.protocol import is_stateful
from spikeloom.nn.recurrent.forwards import RecurrentForwards
from spikeloom.train.rules.stages import Stage, stages_of

if TYPE_CHECKING:
    from spikeloom.train.loop.step import Objective

STEPS = 8
"""Steps taken at a time by rules that need not stop after each."""
RESETS = ("detached", "ignored")


@dataclass(frozen=True, eq=False)
class Moment:
    """What some steps of a stage saw and gave, the first axis of all being time.

    Arguments:
        x: What came in (steps, B, *features).
        pre: Signals at the weights; behind them, those that come from the neurons themselves.
        out: What the neurons, or the weights without neurons, gave.
        partials: Derivatives of the neurons' steps, or None without neurons.
    """

    x: Tensor
    pre: Tensor
    out: Tensor
    partials: Partials | None


class Walker:
    """One stage on its way through time.

    Arguments:
        stage: Weights and neurons.
        reset: What a change passes through at a reset; see `compile_eligibility`.
    """

    def __init__(self, stage: Stage, reset: Reset) -> None:
        self.stage = stage
        self.what: Eligibility | None = None
        if stage.neurons is not None:
            self.what = eligibility_of(stage.neurons, reset)
        self._forwards: Forwards | None = None
        self._joined: RecurrentForwards | None = None

    @torch.no_grad()
    def go(self, x: Tensor) -> Moment:
        """Go some steps on, with what comes in (steps, B, *features)."""
        stage = self.stage
        if is_constant(x) and all(type(m) in PER_SAMPLE for m in (*stage.before, stage.weights)):
            once = stage.arrive(x[0])
            pre, driven = (y.expand(len(x), *y.shape) for y in (once, stage.drive(once)))
        else:
            pre = stage.arrive(x.flatten(0, 1))
            driven = stage.drive(pre).unflatten(0, x.shape[:2])
            pre = pre.unflatten(0, x.shape[:2])
        if stage.neurons is None or self.what is None:
            return Moment(x, pre, driven, None)
        if stage.joined is not None:
            if self._joined is None:
                self._joined = RecurrentForwards(stage.joined, self.what, driven[0])
            out, partials, came = self._joined.steps(driven)
            return Moment(x, torch.cat([pre.flatten(2), came], 2), out, partials)
        if self._forwards is None:
            self._forwards = Forwards(stage.neurons, self.what, driven[0])
        out, partials = self._forwards.steps(driven)
        return Moment(x, pre, out, partials)

    def back(self, moment: Moment, signal: Tensor) -> Tensor:
        """The gradient at what came in, through each step alone.

        Arguments:
            moment: Of these steps.
            signal: Gradient at what went out.
        """
        at_drive = signal
        if self.what is not None and moment.partials is not None:
            show = moment.partials.show.get(self.what.sources[0])
            if show is None:
                return torch.zeros_like(moment.x)
            at_drive = (signal.flatten(2) * show).reshape(signal.shape)
        weights = self.stage.weights
        plain = type(weights) is nn.Linear and not self.stage.before and not self.stage.after
        if plain and isinstance(weights, nn.Linear):
            return (at_drive @ weights.weight).detach()
        with torch.enable_grad():
            x = moment.x.detach().flatten(0, 1).requires_grad_()
            driven = self.stage.drive(self.stage.arrive(x))
        (found,) = torch.autograd.grad(driven, x, at_drive.flatten(0, 1))
        return found.reshape(moment.x.shape)


def check_walk(
    rule: object, objective: Objective, *, regularisers: bool, joined: bool = False
) -> tuple[Stage, ...]:
    """The stages of a network that a rule can go through in time.

    Raises:
        ParameterError: It cannot.
    """
    if not is_stateful(objective.net):
        raise ParameterError(
            f"{rule!r}: {type(objective.net).__name__} has no time in which a rule could be local.",
            hint="train it with rule=BPTT()",
        )
    if objective.regularisers and not regularisers:
        raise ParameterError(
            f"{rule!r} knows no regularisers: they look at all of time at once.",
            hint="leave them out, or take EProp(loss='whole') or BPTT()",
        )
    stages = stages_of(objective.net, rule, joined)
    if not any(stage.weights is not None for stage in stages):
        raise ParameterError(f"{rule!r}: the network has no weights.")
    return stages


def check_reset(rule: str, reset: object) -> None:
    """Raise unless a reset is one that a rule can take."""
    if reset not in RESETS:
        raise ParameterError(
            f"{rule}: reset must be 'detached' or 'ignored', got {reset!r}.",
            hint="'ignored' takes the jump at a spike as a number; 'detached' only the spike",
        )


def instant_loss(
    objective: Objective, y: Tensor, targets: Tensor, share: float
) -> tuple[Tensor, Tensor]:
    """Σ over steps of the loss of each step alone, times a share, and its gradient at the outputs.

    Arguments:
        objective: Whose loss.
        y: Outputs (steps, B, classes).
        targets: Of the samples.
        share: Weight of one step.
    """
    with torch.enable_grad():
        leaf = y.detach().requires_grad_()
        if type(objective.loss) in (CrossEntropy, MeanSquare):  # means over samples: steps are more
            found = objective.loss(leaf.flatten(0, 1)[None], repeated(targets, len(y))) * len(y)
        else:
            found = torch.stack([objective.loss(now[None], targets) for now in leaf]).sum()
        loss = found * share
        (grad,) = torch.autograd.grad(loss, leaf)
    return loss.detach(), grad


def repeated(targets: Tensor, steps: int) -> Tensor:
    """Targets of a batch for some steps of it, one after another."""
    return targets.repeat(steps, *(1 for _ in targets.shape[1:]))


def is_random(net: nn.Module) -> bool:
    """Whether a network draws random numbers when it runs."""
    for module in net.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd) and module.training:
            return True
        if isinstance(module, Spiking):
            declared = len(module.neuron.definition.inputs)
            if len(module.program.inputs) > declared:
                return True
    return False
