"""One epoch of training and one pass of validation."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import islice

import torch
from torch import Tensor
from torch.optim import Optimizer

from spikeloom.errors import NumericsError, ParameterError
from spikeloom.nn.keys import derive_key
from spikeloom.nn.protocol import is_stateful
from spikeloom.nn.readout.readout import read
from spikeloom.train.augment import Augment
from spikeloom.train.checkpoint import Progress
from spikeloom.train.progress import Reporter
from spikeloom.train.rules.rule import Online, Rule
from spikeloom.train.samples import Batches
from spikeloom.train.settings import set_chance
from spikeloom.train.step import Objective
from spikeloom.train.tally import Tally


def train_epoch(
    objective: Objective,
    batches: Batches,
    optimizer: Optimizer,
    at: Progress,
    *,
    seed: int,
    clip: float | None,
    augment: Augment | None,
    report: Reporter,
    after_batch: Callable[[], None],
    rule: Rule,
) -> None:
    """Train on the rest of the current epoch; ``at`` follows every batch.

    All chance in batch k of epoch e (encoder, augmentation, dropout) is keyed by (seed, e, k), so
    it does not matter what ran before.

    Raises:
        NumericsError: The loss is no longer a number.
    """
    net = objective.net
    net.train()
    parameters = [p for group in optimizer.param_groups for p in group["params"]]

    def apply() -> None:
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(parameters, clip)
        optimizer.step()

    def renew() -> None:
        apply()
        optimizer.zero_grad(set_to_none=False)

    for inputs, targets, lengths in islice(batches.epoch(at.epoch), at.step, None):
        if lengths is not None and is_stateful(net) and not getattr(rule, "takes_lengths", False):
            raise ParameterError(
                f"{rule!r} cannot train on recordings of different length.",
                hint="take rule=BPTT(), or bring all recordings to one length",
            )
        task = objective.ending(lengths)
        draw = at.epoch * batches.steps + at.step
        set_chance(derive_key(seed, "batch", draw))
        x = inputs if augment is None else augment(inputs, draw)
        # Zeroed in place: fresh gradients would need fresh memory in every step.
        optimizer.zero_grad(set_to_none=False)
        if isinstance(rule, Online) and rule.online:
            loss, y = rule.updates(task, x, targets, draw, renew)
            value = _finite(loss, at)
        else:
            loss, y = rule.gradients(task, x, targets, draw)
            value = _finite(loss, at)
            apply()
        at.tally.add(value, task.correct(y, targets), inputs.shape[0])
        at.step += 1
        report.batch(inputs.shape[0], value)
        after_batch()


def _finite(loss: Tensor, at: Progress) -> float:
    value = float(loss)
    if not math.isfinite(value):
        raise NumericsError(
            f"training: the loss is {value} in epoch {at.epoch + 1}, batch {at.step + 1}.",
            hint="lower the learning rate, or set clip=1.0",
        )
    return value


@torch.no_grad()
def validate(objective: Objective, batches: Batches, by_class: bool = False) -> Tally:
    """Loss and hits on samples that are not trained on; the same draws every time.

    Arguments:
        objective: Network and loss.
        batches: The samples.
        by_class: Also count which class was taken for which.
    """
    objective.net.eval()
    tally = Tally()
    for place, (inputs, targets, lengths) in enumerate(batches.epoch(0)):
        set_chance(derive_key(0, "validate", place))
        task = objective.ending(lengths)
        y = task.outputs(inputs, -1 - place)
        tally.add(float(task.losses(y, targets)), task.correct(y, targets), inputs.shape[0])
        if by_class and not targets.is_floating_point():
            scores = read(task.loss.readout, y, task.lengths)
            classes = scores.shape[1]
            pairs = targets * classes + scores.argmax(1)
            table = torch.bincount(pairs, minlength=classes * classes)
            tally.note(table.view(classes, classes).tolist())
    return tally
