"""From batches to new weights: gradients, their sum over batches and processes, the step."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from spikeloom.errors import ParameterError
from spikeloom.nn.loss import Loss
from spikeloom.nn.readout import Readout
from spikeloom.train.loop.processes import Processes, samples
from spikeloom.train.loop.room import is_full, refuse
from spikeloom.train.loop.step import Objective
from spikeloom.train.rules.bptt import BPTT
from spikeloom.train.rules.passes import keep_buffers
from spikeloom.train.rules.rule import Online, Rule

Precision: TypeAlias = Literal["full", "bfloat16", "float16"]
DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}
PRECISIONS = ("full", *DTYPES)


@dataclass(eq=False)
class Updates:
    """How `fit` changes weights; its arguments are explained there.

    With ``accumulate`` = k, k batches make one step, that of the batch which they form together:
    the gradient is the mean over their samples. Weights change, and a run can be saved, only where
    such a group ends.
    """

    optimizer: Optimizer
    rule: Rule
    clip: float | None = None
    accumulate: int = 1
    precision: Precision = "full"
    processes: Processes = field(default_factory=Processes)
    each_step: Any = None
    """A scheduler that steps after every update, or None."""
    after_step: Callable[[], None] | None = None
    scaler: torch.amp.GradScaler | None = None
    samples: int = 0
    """Samples whose gradients wait for the end of their group."""
    batches: int = 0
    """Batches in the group so far."""

    def __post_init__(self) -> None:
        if self._online and (self.accumulate > 1 or not self.processes.alone):
            raise ParameterError(
                f"fit: {self.rule!r} changes weights while a sample is presented, which goes with "
                "neither accumulate nor several processes.",
                hint="take its variant that gathers gradients over time",
            )
        if self.precision == "float16":
            if not isinstance(self.rule, BPTT):
                raise ParameterError(
                    f"fit: float16 needs a loss that can be scaled, {self.rule!r} has none.",
                    hint='precision="bfloat16" needs no scaling',
                )
            device = next((p.device.type for p in self._parameters), "cpu")
            self.scaler = torch.amp.GradScaler(device)

    @property
    def _parameters(self) -> list[nn.Parameter]:
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    @property
    def settled(self) -> bool:
        """Whether no gradients wait for their group to end."""
        return self.samples == 0

    def gather(
        self, objective: Objective, x: Tensor, targets: Tensor, draw: int
    ) -> tuple[float, int | None]:
        """Add the gradients of one batch to those of its group.

        Arguments:
            objective: Network, encoder, loss and regularisers.
            x: Samples (batch, *features).
            targets: One for each.
            draw: Number of the batch since the beginning of training.

        Returns:
            Mean loss of the batch, and how many samples were right, or None without labels.
        """
        if self.samples == 0:
            # Zeroed in place: fresh gradients would need fresh memory in every step.
            self.optimizer.zero_grad(set_to_none=False)
        whole = len(targets)
        if not self.processes.alone:
            objective, x, targets = self.processes.part(objective, x, targets)
        try:
            loss, hits = self._gradients(objective, x, targets, draw)
        except (RuntimeError, MemoryError) as error:
            if not self.processes.alone or not is_full(error):
                raise
            with keep_buffers(objective.net):
                refuse(error, whole, lambda n: self._gradients(*_first(n, objective, x, targets)))
        self.samples += whole
        self.batches += 1
        if self.processes.alone:
            return loss, hits
        total, right = self.processes.add(loss * len(targets), -1.0 if hits is None else hits)
        return total / whole, None if hits is None else int(right)

    def finish(self, last: bool) -> None:
        """Change the weights if the group of batches is complete, or the ``last`` of an epoch."""
        if self.batches < self.accumulate and not last:
            return
        count, self.samples, self.batches = self.samples, 0, 0
        if not self._online:
            self.processes.add_gradients(self._parameters)
            self._scale_gradients(1 / count)
            self._step()

    @property
    def _online(self) -> bool:
        return isinstance(self.rule, Online) and self.rule.online

    @property
    def _plain(self) -> bool:
        return self.accumulate == 1 and self.processes.alone

    def _gradients(
        self, objective: Objective, x: Tensor, targets: Tensor, draw: int
    ) -> tuple[float, int | None]:
        """Add those of our samples: of their mean if that is all, else of their sum."""
        count = len(targets)
        if count == 0:
            floating = targets.is_floating_point()
            return 0.0, None if floating else 0
        self._scale_gradients(1 / count)
        scale = 1.0
        if self.scaler is not None:
            scale = float(self.scaler.scale(torch.ones(())))
            objective = replace(objective, loss=Scaled(objective.loss, scale))
            if objective.regularisers:
                terms = tuple(Times(term, scale) for term in objective.regularisers)
                objective = replace(objective, regularisers=terms)
        with self._casting(x):
            if isinstance(self.rule, Online) and self.rule.online:
                loss, y = self.rule.updates(objective, x, targets, draw, self._renew)
            else:
                loss, y = self.rule.gradients(objective, x, targets, draw)
        self._scale_gradients(count)
        return float(loss) / scale, objective.correct(y.float(), targets)

    def _scale_gradients(self, factor: float) -> None:
        if self._plain:
            return
        for p in self._parameters:
            if p.grad is not None:
                p.grad.mul_(factor)

    def _casting(self, x: Tensor) -> AbstractContextManager[Any]:
        if self.precision == "full":
            return nullcontext()
        return torch.autocast(x.device.type, DTYPES[self.precision])

    def _renew(self) -> None:
        self._step()
        self.optimizer.zero_grad(set_to_none=False)

    def _step(self) -> None:
        if self.scaler is not None:
            self.scaler.unscale_(self.optimizer)
        if self.clip is not None:
            torch.nn.utils.clip_grad_norm_(self._parameters, self.clip)
        if self.scaler is None:
            self.optimizer.step()
        else:
            self.scaler.step(self.optimizer)
            self.scaler.update()
        if self.each_step is not None:
            self.each_step.step()
        if self.after_step is not None:
            self.after_step()


def _first(
    count: int, objective: Objective, x: Tensor, targets: Tensor
) -> tuple[Objective, Tensor, Tensor, int]:
    """Some samples of a batch, as arguments for their gradients."""
    return samples(objective, slice(count)), x[:count], targets[:count], 0


def moving_average(net: nn.Module, decay: float) -> AveragedModel:
    """The exponential moving average of weights and buffers, as torch keeps it.

    After n updates the decay is at most (1 + n) / (10 + n): what a norm has counted before it saw
    anything (a variance of 1) would otherwise stay in the average for hundreds of updates.

    >>> moving_average(nn.Linear(1, 1), 0.9).module
    Linear(in_features=1, out_features=1, bias=True)
    """

    def mix(mean: Any, now: Any, count: Any) -> None:
        seen = float(count)
        get_ema_multi_avg_fn(min(decay, (1 + seen) / (10 + seen)))(mean, now, count)

    return AveragedModel(net, multi_avg_fn=mix, use_buffers=True)


@dataclass(frozen=True, eq=False)
class Scaled:
    """A loss times a number, so that small gradients do not vanish in 16 bits."""

    loss: Loss
    factor: float

    @property
    def readout(self) -> Readout:
        """That of the loss."""
        return self.loss.readout

    def __call__(self, *args: Any) -> Tensor:
        """As the loss."""
        return self.factor * self.loss(*args)


@dataclass(frozen=True, eq=False)
class Times:
    """A regulariser times a number."""

    term: Any
    factor: float

    def __call__(self, *args: Any) -> Tensor:
        """As the regulariser."""
        return self.factor * self.term(*args)
