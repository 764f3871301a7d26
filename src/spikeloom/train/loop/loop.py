"""One epoch of training and one pass of validation."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import islice

import torch

from spikeloom.errors import NumericsError, ParameterError
from spikeloom.nn.keys import derive_key
from spikeloom.nn.protocol import is_stateful
from spikeloom.nn.readout.readout import read
from spikeloom.train.augments.augment import Augment
from spikeloom.train.loop.processes import Processes
from spikeloom.train.loop.progress import Reporter
from spikeloom.train.loop.samples import Batches
from spikeloom.train.loop.settings import set_chance
from spikeloom.train.loop.step import Objective
from spikeloom.train.loop.tally import Tally
from spikeloom.train.loop.updates import Updates
from spikeloom.train.rules.rule import OwnOutputs, Rule
from spikeloom.train.store.checkpoint import Progress


def train_epoch(
    objective: Objective,
    batches: Batches,
    updates: Updates,
    at: Progress,
    *,
    seed: int,
    augment: Augment | None,
    report: Reporter,
    after_batch: Callable[[], None],
) -> None:
    """Train on the rest of the current epoch; ``at`` follows every batch.

    All chance in batch k of epoch e (encoder, augmentation, dropout) is keyed by (seed, e, k), so
    it does not matter what ran before.

    Raises:
        NumericsError: The loss is no longer a number.
    """
    net = objective.net
    net.train()
    for inputs, targets, lengths in islice(batches.epoch(at.epoch), at.step, None):
        takes = getattr(updates.rule, "takes_lengths", False)
        if lengths is not None and is_stateful(net) and not takes:
            raise ParameterError(
                f"{updates.rule!r} cannot train on recordings of different length.",
                hint="take rule=BPTT(), or bring all recordings to one length",
            )
        draw = at.epoch * batches.steps + at.step
        set_chance(derive_key(seed, "batch", draw))
        x = inputs if augment is None else augment(inputs, draw)
        loss, hits = updates.gather(objective.ending(lengths), x, targets, draw)
        _check_finite(loss, at)
        at.tally.add(loss, hits, inputs.shape[0])
        at.step += 1
        updates.finish(last=at.step == batches.steps)
        report.batch(inputs.shape[0], loss)
        after_batch()


def _check_finite(loss: float, at: Progress) -> None:
    if not math.isfinite(loss):
        raise NumericsError(
            f"training: the loss is {loss} in epoch {at.epoch + 1}, batch {at.step + 1}.",
            hint="lower the learning rate, or set clip=1.0",
        )


@torch.no_grad()
def validate(
    objective: Objective,
    batches: Batches,
    processes: Processes,
    by_class: bool = False,
    rule: Rule | None = None,
) -> Tally:
    """Loss and hits on samples that are not trained on; the same draws every time.

    Several processes take turns with the batches; each gets the sums of all.

    Arguments:
        objective: Network and loss.
        batches: The samples.
        processes: Those that take part.
        by_class: Also count which class was taken for which.
        rule: What the network is trained by; it may have a machine of its own to judge.
    """
    objective.net.eval()
    tally = Tally()
    for place, (inputs, targets, lengths) in processes.turns(enumerate(batches.epoch(0))):
        set_chance(derive_key(0, "validate", place))
        task = objective.ending(lengths)
        own = isinstance(rule, OwnOutputs)
        given = inputs, -1 - place
        y = rule.outputs(task, *given) if own else task.outputs(*given)
        tally.add(float(task.losses(y, targets)), task.correct(y, targets), inputs.shape[0])
        if by_class and not targets.is_floating_point():
            scores = read(task.loss.readout, y, task.lengths)
            classes = scores.shape[1]
            pairs = targets * classes + scores.argmax(1)
            table = torch.bincount(pairs, minlength=classes * classes)
            tally.note(table.view(classes, classes).tolist())
    return tally.of_all(processes)
