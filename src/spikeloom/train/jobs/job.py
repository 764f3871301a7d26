"""A whole training job: the spiking network and its plain twin, for every seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from spikeloom.errors import CheckpointError, ParameterError
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.delay.anneal import narrowing
from spikeloom.nn.encode import Encoder
from spikeloom.nn.init import scale_to_rate
from spikeloom.nn.loss import CrossEntropy
from spikeloom.nn.readout import Direct, MembraneMean, Readout
from spikeloom.nn.twin import ann_twin
from spikeloom.train.evaluate import evaluate
from spikeloom.train.fit import fit
from spikeloom.train.jobs.outcome import Outcome, SeedOutcome, Trained
from spikeloom.train.jobs.split import permutation, split_groups, split_validation
from spikeloom.train.loop.processes import Processes
from spikeloom.train.loop.progress import Show
from spikeloom.train.loop.samples import Samples, as_samples
from spikeloom.train.loop.settings import repeatable
from spikeloom.train.recipes import Recipe, build
from spikeloom.train.rules import BPTT, Rule
from spikeloom.train.store.checkpoint import FILE
from spikeloom.train.store.run_folder import RunFolder, check_seeds

CALIBRATION = 512
"""Samples in the batch that sets the firing rates at the start."""


class Splits(Protocol):
    """Training and test data, as the loaders of `spikeloom.data` give them."""

    @property
    def train(self) -> Any: ...

    @property
    def test(self) -> Any: ...


def run(
    recipe: Recipe,
    data: Splits,
    *,
    seeds: Sequence[int] = (0,),
    out: str | Path | None = None,
    resume: str | Path | None = None,
    overwrite: bool = False,
    note: Mapping[str, Any] | None = None,
    show: Show = "auto",
) -> Outcome:
    """Train and test a recipe and its twin for each seed, and write the run folder.

    The validation part is the same for all seeds. The test data are used once for each trained
    network, at the end.

    Arguments:
        recipe: What is trained, and how.
        data: Training and test data.
        seeds: One network and one twin for each.
        out: Folder of the run, or None to write nothing.
        resume: Folder of an interrupted run of the same recipe, to go on with.
        overwrite: Replace an earlier run in ``out``.
        note: Further settings for ``config.toml``, such as where the data were read.
        show: ``"auto"``, ``"quiet"`` or a reporter.

    Returns:
        Networks, histories and test figures.

    Raises:
        CheckpointError: The run to resume is damaged or is another one.
        StorageError: The folder cannot be written.
        KeyboardInterrupt: After Ctrl-C, with everything saved.

    >>> from dataclasses import replace
    >>> from types import SimpleNamespace
    >>> from spikeloom.train.recipes import DIGITS, FullyConnected
    >>> images = SimpleNamespace(
    ...     inputs=torch.rand(40, 8, 8), targets=torch.arange(40) % 2, classes=("even", "odd")
    ... )
    >>> both = SimpleNamespace(train=images, test=images)
    >>> outcome = run(replace(DIGITS, model=FullyConnected((8,)), epochs=1), both, show="quiet")
    >>> outcome.net.names
    ('flat', 'weights1', 'hidden1', 'weights2', 'output')
    >>> sorted(outcome.metrics())[-3:]
    ['validation_accuracy', 'validation_accuracy_per_seed', 'validation_accuracy_sd']
    """
    check_seeds(seeds)
    classes = tuple(str(name) for name in data.train.classes)
    samples, test = as_samples(data.train, "training data"), as_samples(data.test, "test data")
    first, second = divide(recipe, data.train, samples.targets.numpy())
    place = resume if resume is not None else out
    processes = Processes.here()
    folder = None if place is None else RunFolder(Path(place), processes.first)
    job = _Job(recipe, samples.rows(first), samples.rows(second), test, len(classes), folder, show)
    if folder is None:
        return Outcome(recipe, [job.seed(seed) for seed in seeds], classes)
    if resume is not None:
        before, old_seeds, _ = folder.read_config()
        if before != recipe or old_seeds != list(seeds):
            raise CheckpointError(
                f"{folder.path}: the run there has another recipe or other seeds.",
                hint="resume without further options: the folder knows its own",
            )
    with folder.hold():
        if resume is None:
            folder.start(recipe, seeds, note or {}, overwrite=overwrite)
        processes.wait()
        outcome = Outcome(recipe, [job.seed(seed) for seed in seeds], classes)
        record = {
            "recipe": recipe.to_record(),
            "shape": list(samples.inputs.shape[1:]),
            "classes": list(classes),
            "seed": outcome.best.seed,
            "model": repr(outcome.net),
        }
        folder.finish(outcome.metrics(), outcome.net.state_dict(), record)
        processes.wait()
    return outcome


def divide(recipe: Recipe, data: Any, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows for training and for validation; whole groups of them if the recipe asks for it.

    >>> from spikeloom.train.recipes import DIGITS
    >>> [len(rows) for rows in divide(DIGITS, None, np.arange(100) % 10)]
    [90, 10]
    """
    if recipe.validate_by == "class":
        return split_validation(targets, recipe.validation, seed=0)
    groups = getattr(data, "groups", None)
    if groups is None:
        raise ParameterError(
            "run: the recipe validates by group, and the training data name no groups.",
            hint='give the data set its groups, or take validate_by="class"',
        )
    return split_groups(targets, np.asarray(groups), recipe.validation, seed=0)


def class_weights(targets: np.ndarray, classes: int, balance: float) -> tuple[float, ...] | None:
    """Weights n^-balance of the classes, scaled so that they are 1 in the mean over the samples.

    Arguments:
        targets: Labels of the training samples (n,).
        classes: Number of classes; one without samples weighs 1.
        balance: 0 gives None.

    >>> class_weights(np.array([0, 0, 0, 1]), 2, 1.0)
    (0.6666666666666666, 2.0)
    """
    if not balance:
        return None
    count = np.bincount(targets, minlength=classes).astype(float)
    weights = np.where(count > 0, np.maximum(count, 1.0) ** -balance, 0.0)
    weights = np.where(count > 0, weights * count.sum() / (weights * count).sum(), 1.0)
    return tuple(float(w) for w in weights)


class _Job:
    """One recipe on one division of the data."""

    def __init__(
        self,
        recipe: Recipe,
        train: Samples,
        validation: Samples,
        test: Samples,
        classes: int,
        folder: RunFolder | None,
        show: Show,
    ) -> None:
        self.recipe, self.folder = recipe, folder
        self.show: Show = show
        self.train, self.validation, self.test = train, validation, test
        self.shape, self.classes = tuple(train.inputs.shape[1:]), classes

    def seed(self, seed: int) -> SeedOutcome:
        """Train both networks for one seed."""
        recipe = self.recipe
        net = build(recipe, self.shape, self.classes, seed)
        twin = ann_twin(net, seed=seed, over_time=recipe.samples_in_time)
        self._set_rates(net, seed)
        spiking = self._train(net, seed, "spiking", recipe.readout, recipe.encode, recipe.rule)
        plain = self._train(twin, seed, "twin", *self._twin_coding(), BPTT())
        return SeedOutcome(seed, spiking, plain)

    def _twin_coding(self) -> tuple[Readout, Encoder | None]:
        """How the twin reads samples: steps of their own like the network, else at a glance."""
        if self.recipe.samples_in_time:
            return MembraneMean(), self.recipe.encode
        return Direct(), None

    def _set_rates(self, net: Sequential, seed: int) -> None:
        rows = permutation(len(self.train), seed, "calibration")[:CALIBRATION]
        chosen = self.train.rows(rows)
        batch = self.recipe.encode(chosen.inputs)
        with repeatable(self.recipe.threads):
            scale_to_rate(
                net, batch, self.recipe.target_rate, self.recipe.dt, lengths=chosen.lengths
            )

    def _train(
        self,
        net: nn.Module,
        seed: int,
        kind: str,
        readout: Readout,
        encode: Encoder | None,
        rule: Rule,
    ) -> Trained:
        recipe = self.recipe
        optimizer = torch.optim.AdamW(
            net.parameters(),
            lr=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            fused=True,
        )
        place = self.folder.part(seed, kind) if self.folder is not None else None
        begun = place is not None and (place / FILE).is_file()
        title = f"{kind}, seed {seed}"
        weights = class_weights(self.train.targets.numpy(), self.classes, recipe.balance)
        history = fit(
            net,
            self.train,
            loss=CrossEntropy(readout, recipe.smoothing, weights),
            optimizer=optimizer,
            scheduler=torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, recipe.epochs),
            epochs=recipe.epochs,
            rule=rule,
            encode=encode,
            batch_size=recipe.batch_size,
            validation=self.validation,
            seed=seed,
            clip=recipe.clip,
            patience=recipe.patience,
            augment=recipe.augment,
            choose_by=recipe.choose_by,
            average=recipe.average,
            callbacks=narrowing(net, recipe.epochs),
            out=place,
            resume=place if begun else None,
            threads=recipe.threads,
            title=title,
            show=self.show,
        )
        test = evaluate(
            net,
            self.test,
            readout=readout,
            encode=encode,
            dt=recipe.dt,
            threads=recipe.threads,
            title=f"testing {title}",
            show=self.show if Processes.here().first else "quiet",
        )
        return Trained(net, history, test)
