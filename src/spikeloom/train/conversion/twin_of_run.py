"""The plain twin of a finished run, converted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from spikeloom.errors import CheckpointError, ConfigError
from spikeloom.nn.loss import CrossEntropy
from spikeloom.nn.readout import Direct
from spikeloom.nn.twin import ann_twin
from spikeloom.train.conversion.convert import Converted, convert
from spikeloom.train.conversion.methods import Conversion
from spikeloom.train.conversion.qcfs import quantised
from spikeloom.train.conversion.stretches import stretches_of
from spikeloom.train.evaluate import evaluate
from spikeloom.train.fit import fit
from spikeloom.train.jobs.job import divide
from spikeloom.train.jobs.load import load_run
from spikeloom.train.loop.progress import Show
from spikeloom.train.loop.samples import as_samples
from spikeloom.train.store.bundle import read_bundle
from spikeloom.train.store.checkpoint import FILE
from spikeloom.train.store.run_folder import RunFolder
from spikeloom.train.store.tree import unflatten


def load_twin(path: str | Path) -> nn.Sequential:
    """The plain twin of a finished run, with the weights of its best epoch.

    Arguments:
        path: The run folder; of several seeds, the one whose spiking network is kept there.

    Raises:
        CheckpointError: No finished run, or one without the checkpoint of its twin.
        ConfigError: The twin reads its samples step by step.

    >>> load_twin("nowhere")
    Traceback (most recent call last):
    spikeloom.errors.CheckpointError: nowhere: there is no such folder.
    """
    trained = load_run(path)
    if trained.recipe.samples_in_time:
        raise ConfigError(
            f"{path}: the samples of {trained.recipe.data} have a time axis, and so has the twin.",
            hint="convert takes networks that see a sample at a glance: digits, mnist, ...",
        )
    folder = RunFolder(Path(path))
    file = folder.part(int(folder.read_weights()[1]["seed"]), "twin") / FILE
    tensors, record = read_bundle(file, "checkpoint")
    twin = ann_twin(trained.net)
    try:
        best = unflatten(record["best"], tensors) or unflatten(record["net"], tensors)
        twin.load_state_dict(best)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"{file}: these are not the weights of the run's twin ({error}).",
            hint="the file was changed, or another version of spikeloom wrote it",
        ) from error
    return twin.eval()


def convert_run(
    path: str | Path,
    data: Any,
    *,
    method: Conversion,
    steps: int = 32,
    epochs: int | None = None,
    show: Show = "auto",
) -> Converted:
    """Convert the twin of a run and measure it on the test data.

    For `QCFS` the twin gets its activations first and trains further, by the recipe of the run:
    its validation chooses the epoch, and the test data have no part in it.

    Arguments:
        path: The run folder.
        data: Has ``train`` and ``test``, as the run had them.
        method: How to convert.
        steps: Time steps to measure over.
        epochs: Further training for `QCFS`; None is a quarter of the recipe's epochs.
        show: As for `fit`.

    Raises:
        CheckpointError: As `load_twin`.
        ParameterError: A layer of the twin cannot be converted.

    >>> from spikeloom.train.conversion import WeightNorm
    >>> convert_run("nowhere", None, method=WeightNorm())
    Traceback (most recent call last):
    spikeloom.errors.CheckpointError: nowhere: there is no such folder.
    """
    twin, recipe = load_twin(path), load_run(path).recipe
    before: float | None = None
    if method.percentile is None:
        # Refuses layers before time goes into training.
        stretches_of(twin)
        before = evaluate(twin, data.test, readout=Direct()).accuracy
        twin = quantised(twin, data.train, levels=method.levels or 1)
        count = max(1, recipe.epochs // 4) if epochs is None else epochs
        optimizer = torch.optim.AdamW(
            twin.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        samples = as_samples(data.train, "training data")
        rows = divide(recipe, data.train, samples.targets.numpy())
        part = [samples.rows(chosen) for chosen in rows]
        fit(
            twin,
            part[0],
            loss=CrossEntropy(Direct(), recipe.smoothing),
            optimizer=optimizer,
            scheduler=torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, count),
            epochs=count,
            batch_size=recipe.batch_size,
            validation=part[1],
            augment=recipe.augment,
            choose_by=recipe.choose_by,
            threads=recipe.threads,
            title="twin with steps",
            show=show,
        )
    made = convert(twin, data.train, method=method, steps=steps, dt=recipe.dt, test=data.test)
    return replace(made, report=replace(made.report, rectified_accuracy=before))
