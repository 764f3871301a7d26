"""The course of a training run: epochs, the best weights so far, when to stop, when to save."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.optim.swa_utils import AveragedModel

from spikeloom.interrupt import Interrupt
from spikeloom.train.augments.augment import Augment
from spikeloom.train.jobs.f1 import macro_f1
from spikeloom.train.loop.history import ChooseBy, Epoch
from spikeloom.train.loop.loop import train_epoch, validate
from spikeloom.train.loop.progress import Reporter
from spikeloom.train.loop.samples import Batches
from spikeloom.train.loop.step import Objective, check_weights
from spikeloom.train.loop.tally import Tally
from spikeloom.train.loop.updates import Updates
from spikeloom.train.store.checkpoint import Checkpoint, Progress
from spikeloom.train.store.tree import copy_into


@dataclass(eq=False)
class Run:
    """The moving parts of one call of `fit`; its arguments are explained there."""

    objective: Objective
    batches: Batches
    held: Batches | None
    updates: Updates
    scheduler: Any
    store: Checkpoint | None
    at: Progress
    report: Reporter
    save_seconds: float
    seed: int
    patience: int | None
    augment: Augment | None
    callbacks: tuple[Callable[[Epoch], bool | None], ...]
    choose_by: ChooseBy = "accuracy"
    average: AveragedModel | None = None
    saved: float = field(default_factory=time.monotonic)

    def until(self, epochs: int, interrupt: Interrupt) -> None:
        """Train up to this many epochs in all, unless something stops it before."""
        at, history = self.at, self.at.history
        if at.epoch < epochs and history.stopped == "epochs":
            history.stopped = ""  # a finished run that is to go on for longer
        while at.epoch < epochs and not history.stopped:
            train_epoch(
                self.objective,
                self.batches,
                self.updates,
                at,
                seed=self.seed,
                augment=self.augment,
                report=self.report,
                after_batch=lambda: self._after_batch(interrupt),
            )
            epoch = self._finish_epoch()
            processes = self.updates.processes
            stops = [callback(epoch) for callback in self.callbacks if processes.first]
            if processes.any(any(stops)):
                history.stopped = "callback"
            elif self.patience is not None and at.stale >= self.patience:
                history.stopped = "patience"
            if at.epoch < epochs and not history.stopped:
                self._save_or_stop(interrupt)
        history.stopped = history.stopped or "epochs"
        self._save(at_once=True)

    def _finish_epoch(self) -> Epoch:
        at, judged, processes = self.at, self.judged, self.updates.processes
        check_weights(self.objective.net)
        processes.agree(self.objective.net, buffers_only=True)
        held = None
        if self.held is not None:
            by_class = self.choose_by == "macro_f1"
            rule = self.updates.rule
            held = validate(judged, self.held, processes, by_class, rule)
        if isinstance(self.scheduler, ReduceLROnPlateau):
            self.scheduler.step(held.loss if held else at.tally.loss)
        elif self.scheduler is not None and self.updates.each_step is None:
            self.scheduler.step()
        at.epoch += 1
        epoch = Epoch(
            at.epoch,
            at.tally.loss,
            at.tally.accuracy,
            held.loss if held else None,
            held.accuracy if held else None,
            float(self.updates.optimizer.param_groups[0]["lr"]),
            macro_f1(held.table) if held and held.table else None,
            self.choose_by,
        )
        at.step, at.tally = 0, Tally()
        at.history.epochs.append(epoch)
        self._keep_best(epoch)
        self.report.epoch(epoch)
        return epoch

    @property
    def judged(self) -> Objective:
        """What is validated and kept: the network, or the average over its course."""
        if self.average is None:
            return self.objective
        return replace(self.objective, net=self.average.module)

    def _keep_best(self, epoch: Epoch) -> None:
        at = self.at
        if epoch.score is None:
            return
        if at.history.best is not None and epoch.score <= (at.history.best_epoch.score or ()):
            at.stale += 1
            return
        at.history.best, at.stale = epoch.number, 0
        weights = self.judged.net.state_dict()
        if at.best:
            copy_into(at.best, weights)
        else:
            at.best = {name: value.detach().clone() for name, value in weights.items()}

    def _after_batch(self, interrupt: Interrupt) -> None:
        # After the last batch of an epoch its validation comes first: a checkpoint stands either
        # within an epoch or after a finished one, and never amid a group of batches.
        if self.at.step < self.batches.steps and self.updates.settled:
            self._save_or_stop(interrupt)

    def _save_or_stop(self, interrupt: Interrupt) -> None:
        asked = self.updates.processes.any(interrupt.asked)
        if not asked:
            self._save(at_once=False)
            return
        if self.store is None:
            raise KeyboardInterrupt("stopped by Ctrl-C; nothing was saved, there is no out=...")
        self._save(at_once=True)
        raise KeyboardInterrupt(
            f"stopped by Ctrl-C in epoch {self.at.epoch + 1} after batch {self.at.step}; "
            f"saved in {self.store.folder}: go on with resume"
        )

    def _save(self, at_once: bool) -> None:
        if self.store is None or not self.updates.processes.first:
            return
        if at_once or time.monotonic() - self.saved >= self.save_seconds:
            self.store.save(self.at)
            self.saved = time.monotonic()
