"""Stages and their neurons, taken forward one step at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from spikeloom.compile.adjoint import Reset
from spikeloom.compile.eligibility import Eligibility
from spikeloom.errors import ParameterError
from spikeloom.nn.forwards import Forwards, Partials, eligibility_of
from spikeloom.nn.protocol import is_stateful
from spikeloom.nn.spiking import Spiking
from spikeloom.train.rules.stages import Stage, stages_of

if TYPE_CHECKING:
    from spikeloom.train.step import Objective

RESETS = ("detached", "ignored")


@dataclass(frozen=True, eq=False)
class Moment:
    """What one step of a stage saw and gave.

    Arguments:
        x: What came in (B, *features).
        pre: Signals at the weights.
        out: What the neurons, or the weights without neurons, gave.
        partials: Derivatives of the neurons' step, or None without neurons.
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

    @torch.no_grad()
    def step(self, x: Tensor) -> Moment:
        """Go one step on."""
        pre = self.stage.arrive(x)
        driven = self.stage.drive(pre)
        if self.stage.neurons is None or self.what is None:
            return Moment(x, pre, driven, None)
        if self._forwards is None:
            self._forwards = Forwards(self.stage.neurons, self.what, driven)
        out, partials = self._forwards.step(driven)
        return Moment(x, pre, out, partials)

    def back(self, moment: Moment, signal: Tensor) -> Tensor:
        """The gradient at what came in, through this step alone.

        Arguments:
            moment: Of this step.
            signal: Gradient at what went out.
        """
        at_drive = signal
        if self.what is not None and moment.partials is not None:
            show = moment.partials.show.get(self.what.sources[0])
            if show is None:
                return torch.zeros_like(moment.x)
            at_drive = (signal.flatten(1) * show).reshape(signal.shape)
        weights = self.stage.weights
        plain = type(weights) is nn.Linear and not self.stage.before and not self.stage.after
        if plain and isinstance(weights, nn.Linear):
            return (at_drive @ weights.weight).detach()
        with torch.enable_grad():
            x = moment.x.detach().requires_grad_()
            driven = self.stage.drive(self.stage.arrive(x))
        return torch.autograd.grad(driven, x, at_drive)[0]


def check_walk(rule: object, objective: Objective, *, regularisers: bool) -> tuple[Stage, ...]:
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
    stages = stages_of(objective.net, rule)
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
    """Loss of one step alone, times its share, and its gradient at the outputs (B, classes)."""
    with torch.enable_grad():
        leaf = y.detach().requires_grad_()
        loss = objective.loss(leaf[None], targets) * share
        (grad,) = torch.autograd.grad(loss, leaf)
    return loss.detach(), grad


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
