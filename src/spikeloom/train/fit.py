"""Train a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

from torch import nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader

from spikeloom.errors import ParameterError
from spikeloom.files import make_folder
from spikeloom.interrupt import Interrupt
from spikeloom.nn.encode import Encoder
from spikeloom.nn.loss import Loss, Regulariser
from spikeloom.train.arguments import (
    check_callable,
    check_choice,
    check_clip,
    check_counts,
    check_loss,
    check_optimizer,
    check_schedule,
    check_share,
    describe,
    describe_optimizer,
    whole,
)
from spikeloom.train.augments.augment import Augment
from spikeloom.train.jobs.split import split_validation
from spikeloom.train.loop.history import CHOOSE_BY, ChooseBy, Epoch, History
from spikeloom.train.loop.processes import Processes, check_size
from spikeloom.train.loop.progress import Show, reporter, show_on
from spikeloom.train.loop.runner import Run
from spikeloom.train.loop.samples import Batches, LoaderBatches, SampleBatches, Samples, as_samples
from spikeloom.train.loop.settings import repeatable
from spikeloom.train.loop.step import Objective
from spikeloom.train.loop.updates import PRECISIONS, Precision, Updates, moving_average
from spikeloom.train.memory.follow import planned
from spikeloom.train.memory.plan import Budget
from spikeloom.train.rules.bptt import BPTT
from spikeloom.train.rules.rule import Rule, check_rule
from spikeloom.train.store.checkpoint import Checkpoint, Progress
from spikeloom.train.store.tree import copy_into


def fit(
    net: nn.Module,
    data: Any,
    *,
    loss: Loss,
    optimizer: Optimizer,
    epochs: int,
    rule: Rule = BPTT(),
    encode: Encoder | None = None,
    batch_size: int = 64,
    validation: Any = 0.1,
    seed: int = 0,
    scheduler: Any = None,
    scheduler_every: Literal["epoch", "step"] = "epoch",
    accumulate: int = 1,
    precision: Precision = "full",
    average: float | None = None,
    clip: float | None = None,
    patience: int | None = None,
    augment: Augment | None = None,
    regularisers: Sequence[Regulariser] = (),
    callbacks: Sequence[Callable[[Epoch], bool | None]] = (),
    out: str | Path | None = None,
    resume: str | Path | None = None,
    save_seconds: float = 5.0,
    choose_by: ChooseBy = "accuracy",
    threads: int = 1,
    memory: Budget = "auto",
    title: str = "training",
    show: Show = "auto",
) -> History:
    """Train a network; keep the weights of the epoch that validates best.

    The same arguments give the same bits, also when the run was interrupted and resumed.

    In a program with a process group of ``torch.distributed`` (``torchrun``), each process presents
    its part of every batch and all take the step of the whole; see `Processes` for what differs.

    Arguments:
        net: Spiking or plain network; its weights are changed.
        data: Training data: an object with ``inputs`` and ``targets``, a pair of arrays, or a
            torch DataLoader. The test data have no place here.
        loss: Such as ``CrossEntropy(MembraneMean())``.
        optimizer: A torch optimiser over ``net.parameters()``.
        epochs: Passes over the data.
        rule: How a batch becomes gradients: ``BPTT()``, ``BPTT(chunk=20)`` or another rule.
        encode: How a sample becomes a run in time; for spiking networks.
        batch_size: Samples in a batch (a DataLoader has its own).
        validation: Share of the data to hold back, or data of its own, or None for none.
        seed: Key of the order and of all chance.
        scheduler: A torch learning-rate scheduler.
        scheduler_every: When it steps: after each epoch, or after each change of the weights.
        accumulate: Batches whose gradients make one change of the weights, as if they were one.
        precision: ``"full"``, that of the weights; ``"bfloat16"`` or ``"float16"`` for the layers
            that torch's autocast lists. Neurons keep their states in float32.
        average: Decay of an exponential moving average of the weights over updates, such as 0.999,
            or None; after n updates it is at most (1 + n) / (10 + n). The average is what is
            validated, and what the network is at the end.
        clip: Largest norm of the gradient, or None.
        patience: Stop after this many epochs without a better validation.
        augment: Changes training samples, such as ``Shift(1)``.
        regularisers: Such as ``RateBand(...)``.
        callbacks: Called after each epoch with its figures; True stops the training.
        out: Folder for checkpoints, or None.
        resume: Folder of an interrupted run to go on with.
        save_seconds: Shortest time between two checkpoints, s.
        choose_by: What the best epoch is best at on the validation data; ties go to the lower loss.
        threads: For torch's own operations; part of what makes the bits. For small networks one
            is the fastest, also on many cores.
        memory: Bytes that a step may take (see `memory_plan`); ``"auto"`` is 80 % of what the
            machine has left, and changes no bit of the result; None plans nothing.
        title: Name shown beside the progress.
        show: ``"auto"``, ``"quiet"`` or a reporter.

    Returns:
        Figures of every epoch.

    Raises:
        CheckpointError: The run to resume is damaged or had other settings.
        ParameterError: A step does not fit into memory; the message names the largest batch.
        StorageError: The folder cannot be written.
        NumericsError: NaN or infinity in the data or in the loss.
        EngineError: A batch does not fit into memory; the largest one that does is named.
        KeyboardInterrupt: After Ctrl-C, once the batch is finished and the state is saved.

    >>> import torch
    >>> from spikeloom.nn.loss import CrossEntropy
    >>> from spikeloom.nn.readout import Direct
    >>> net, x = nn.Linear(2, 2), torch.rand(40, 2)
    >>> optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    >>> history = fit(
    ...     net,
    ...     (x, (x[:, 0] > x[:, 1]).long()),
    ...     loss=CrossEntropy(Direct()),
    ...     optimizer=optimizer,
    ...     epochs=3,
    ...     show="quiet",
    ... )
    >>> len(history), history.stopped
    (3, 'epochs')
    """
    check_counts("fit", epochs=epochs, batch_size=batch_size, patience=patience, threads=threads)
    check_counts("fit", accumulate=accumulate)
    check_choice("fit", "precision", precision, PRECISIONS)
    check_clip("fit", clip)
    check_loss(loss)
    check_optimizer(optimizer, net)
    check_callable("fit", encode=encode, augment=augment)
    for callback, regulariser in zip_longest(callbacks, regularisers):
        check_callable("fit", callbacks=callback, regularisers=regulariser)
    each_step = check_schedule(scheduler, scheduler_every)
    check_share("fit", average=average)
    check_choice("fit", "choose_by", choose_by, CHOOSE_BY)
    seed = whole("fit", "seed", seed)
    objective = Objective(net, loss, encode, tuple(regularisers))
    check_rule(rule, objective)
    batches, held = _divide(data, validation, batch_size, seed)
    place = out if out is not None else resume
    folder = None if place is None else Path(place)
    settings = {
        "seed": seed,
        "batches": batches.steps,
        "samples": batches.count,
        "validation samples": held.count if held is not None else 0,
        "loss": describe(loss),
        "rule": describe(rule),
        "encode": describe(encode),
        "augment": describe(augment),
        "regularisers": describe(tuple(regularisers)),
        "clip": clip,
        "choose_by": choose_by,
        "scheduler every": scheduler_every,
        "accumulate": accumulate,
        "precision": precision,
        "average": average,
        "optimizer": describe_optimizer(optimizer),
    }
    processes = Processes.here()
    check_size(min(batch_size, batches.count), processes.size)
    updates = Updates(optimizer, rule, clip, accumulate, precision, processes, each_step)
    mean = None if average is None else moving_average(net, average)
    if mean is not None:
        updates.after_step = lambda: mean.update_parameters(net)
    at, parts = Progress(), (net, optimizer, scheduler, settings, mean, updates.scaler)
    if resume is not None:
        at = Checkpoint(Path(resume), *parts).load()
    if folder is not None:
        make_folder(folder)
    processes.agree(net)
    store = Checkpoint(folder, *parts) if folder else None
    report = reporter(show if processes.first else "quiet")
    run = Run(
        objective,
        batches,
        held,
        updates,
        scheduler,
        store,
        at,
        report,
        save_seconds,
        seed=seed,
        patience=patience,
        augment=augment,
        callbacks=tuple(callbacks),
        choose_by=choose_by,
        average=mean,
    )
    with planned(objective, batches, rule, optimizer, memory) as plan:
        if plan is not None:
            show_on(report, plan)
        report.start(title, epochs, batches.steps, at.epoch * batches.steps + at.step)
        try:
            with repeatable(threads), Interrupt() as interrupt:
                run.until(epochs, interrupt)
        finally:
            report.close()
    if at.best:
        copy_into(net.state_dict(), at.best)
    elif mean is not None:
        copy_into(net.state_dict(), mean.module.state_dict())
    return at.history


def _divide(
    data: Any, validation: Any, batch_size: int, seed: int
) -> tuple[Batches, Batches | None]:
    share = validation if isinstance(validation, float) else None
    held: Batches | None = None
    if validation is not None and share is None:
        held = evaluation_batches(validation, "validation data", batch_size)
    if isinstance(data, DataLoader):
        if share is not None:
            raise ParameterError(
                "fit: a share of validation cannot be cut from a DataLoader.",
                hint="pass validation=another_loader, or validation=None",
            )
        return LoaderBatches(data, seed), held
    samples = as_samples(data, "training data")
    if share is not None:
        first, second = split_validation(samples.targets.numpy(), share, seed)
        held = evaluation_batches(samples.rows(second), "validation data", batch_size)
        samples = samples.rows(first)
    return SampleBatches(samples, batch_size, seed), held


def evaluation_batches(data: Any, what: str, batch_size: int) -> Batches:
    """Batches in the order of the data."""
    if isinstance(data, DataLoader):
        return LoaderBatches(data)
    samples: Samples = as_samples(data, what)
    return SampleBatches(samples, batch_size, shuffle=False)
