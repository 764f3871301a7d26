"""What a finished training job becomes: a report for the browser and a table for the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.cli.examine import examples, neuron_rates, telling_rows
from spikeloom.cli.version import versions
from spikeloom.show import Curves, Energy, RunReport
from spikeloom.show.words import percent, short

if TYPE_CHECKING:
    from spikeloom.data import Splits
    from spikeloom.nn import EnergyReport
    from spikeloom.train.jobs.folds import FoldsOutcome
    from spikeloom.train.jobs.outcome import Outcome
    from spikeloom.train.loop.history import History
    from spikeloom.train.recipes import Recipe

TITLES = {
    "digits": "Handwritten digits (UCI, 8 × 8)",
    "mnist": "Handwritten digits (MNIST)",
    "fashion-mnist": "Clothes (Fashion-MNIST)",
    "fsdd": "Spoken digits (FSDD)",
    "nmnist": "Digits seen by an event camera (N-MNIST)",
    "mitbih": "Heart beats (MIT-BIH)",
}


THINGS = {"fsdd": "recordings", "nmnist": "recordings", "mitbih": "beats"}


def report_of(
    outcome: Outcome,
    splits: Splits,
    folder: Path,
    seconds: float,
    note: Mapping[str, Any] | None = None,
    fold: str = "",
) -> RunReport:
    """The report of a job; what happens inside is shown for the seed that validated best.

    Arguments:
        outcome: What the job gave.
        splits: The data it used.
        folder: Its run folder, for the command.
        seconds: How long it took.
        note: What else the command was told.
        fold: Name of the division, where there are several.
    """
    from spikeloom.equations.units import ms
    from spikeloom.nn import EnergyConstants
    from spikeloom.train.jobs.f1 import class_f1

    recipe, best, constants = outcome.recipe, outcome.best, EnergyConstants()
    found = outcome.metrics(constants)
    by_class = recipe.choose_by == "macro_f1"
    dt_ms = float(recipe.dt.to(ms))
    test = splits.test
    rows = telling_rows(best.spiking.test.labels, test.targets)
    inside = examples(outcome.net, recipe.encode, recipe.readout, test, rows, dt_ms)
    steps = inside.potentials.shape[1]
    whole = _energy(outcome, splits)
    return RunReport(
        title=TITLES.get(recipe.data, recipe.data) + (f", {fold}" if fold else ""),
        network=_network(recipe, test.shape, len(outcome.classes), steps),
        twin="the same weight layers with ReLU instead of spikes, trained by the same protocol",
        classes=outcome.classes,
        test_count=len(test),
        seeds=tuple(seed.seed for seed in outcome.seeds),
        test_accuracy=np.array(found["test_accuracy_per_seed"]),
        twin_test_accuracy=np.array(found["twin_test_accuracy_per_seed"]),
        mean_rate_hz=found["mean_rate_hz"],
        synaptic_events_per_sample=found["synaptic_events_per_sample"],
        mean_decision_steps=found["latency_steps"],
        energy=Energy(
            network_nj=found["energy_nj_per_sample"],
            twin_nj=found["twin_energy_nj_per_sample"],
            constants={
                "addition": f"{constants.accumulate_pj:g} pJ",
                "multiplication with addition": f"{constants.multiply_accumulate_pj:g} pJ",
            },
            source=f"{constants.technology}; {constants.source}",
            verdict=str(whole.total),
            details=str(whole),
        ),
        curves=_curves([seed.spiking.history for seed in outcome.seeds]),
        twin_curves=_curves([seed.twin.history for seed in outcome.seeds]),
        examples=inside,
        confusion=np.sum([seed.spiking.test.confusion for seed in outcome.seeds], axis=0),
        rates_hz=neuron_rates(outcome.net, recipe.encode, test, dt_ms),
        config=recipe.to_record(),
        command=_command(recipe, [seed.seed for seed in outcome.seeds], folder, note or {}),
        source=test.source,
        licence=test.licence,
        shown_seed=best.seed,
        things=THINGS.get(recipe.data, "images"),
        class_f1=class_f1(np.sum([seed.spiking.test.confusion for seed in outcome.seeds], axis=0)),
        macro_f1=np.array(found["test_macro_f1_per_seed"]) if by_class else None,
        twin_macro_f1=np.array(found["twin_test_macro_f1_per_seed"]) if by_class else None,
        made_with={**versions(), "took": f"{seconds:.0f} s"},
    )


def _energy(outcome: Outcome, splits: Splits, count: int = 256) -> EnergyReport:
    """Everything that costs energy, of the best seed's networks on some test samples."""
    import torch

    from spikeloom.nn import energy_report

    test, recipe = splits.test, outcome.recipe
    ends = getattr(test, "lengths", None)
    return energy_report(
        outcome.net,
        torch.as_tensor(test.inputs[:count]),
        encode=recipe.encode,
        twin=outcome.best.twin.net,
        lengths=None if ends is None else torch.as_tensor(ends[:count]),
    )


def summary(outcome: Outcome, folder: Path, report: bool) -> None:
    """Print the figures beside the twin's, and where everything is.

    Arguments:
        outcome: What the job gave.
        folder: Its run folder.
        report: Whether report.html was written.
    """
    from rich.console import Console
    from rich.table import Table

    found = outcome.metrics()
    thing = THINGS.get(outcome.recipe.data, "images")[:-1]
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2))
    table.add_column("")
    table.add_column("spiking", justify="right")
    table.add_column("plain twin", justify="right")
    table.add_row(
        "test accuracy",
        percent(np.array(found["test_accuracy_per_seed"])),
        percent(np.array(found["twin_test_accuracy_per_seed"])),
    )
    if outcome.recipe.choose_by == "macro_f1":
        table.add_row(
            "test macro-F1",
            percent(np.array(found["test_macro_f1_per_seed"])),
            percent(np.array(found["twin_test_macro_f1_per_seed"])),
        )
    events = short(found["synaptic_events_per_sample"])
    table.add_row("mean firing rate", f"{short(found['mean_rate_hz'])} Hz", "")
    table.add_row("decision after", f"{short(found['latency_steps'])} steps", "")
    table.add_row(f"synaptic events per {thing}", events, "")
    table.add_row(
        f"energy per {thing}, estimated",
        f"{short(found['energy_nj_per_sample'])} nJ",
        f"{short(found['twin_energy_nj_per_sample'])} nJ",
    )
    constants = found["energy_constants"]
    console = Console(highlight=False, soft_wrap=True)
    console.print()
    console.print(table)
    console.print(
        f"\nEnergy counts {constants['accumulate_pj']:g} pJ for an addition and "
        f"{constants['multiply_accumulate_pj']:g} pJ for a multiplication with addition "
        f"({constants['source']}; {constants['technology']}). "
        "Neuron updates and memory traffic are left out.",
        style="dim",
        markup=False,
    )
    what = "report.html to look at, figures/, " if report else ""
    console.print(f"\nWritten to {folder}: {what}metrics.json, weights.safetensors, config.toml")


def _curves(histories: Sequence[History]) -> Curves:
    """Histories of different lengths side by side; NaN where a seed had stopped."""
    shape = (len(histories), max(len(history) for history in histories))
    names = ("loss", "validation_loss", "accuracy", "validation_accuracy")
    made = {name: np.full(shape, np.nan) for name in names}
    for row, history in enumerate(histories):
        for column, epoch in enumerate(history):
            for name in names:
                value = getattr(epoch, name)
                made[name][row, column] = np.nan if value is None else value
    return Curves(*(made[name] for name in names))


def _network(recipe: Recipe, shape: tuple[int, ...], classes: int, steps: int) -> str:
    sizes = " × ".join(map(str, shape))
    return (
        f"{sizes} inputs → {recipe.model!r} of {type(recipe.neuron).__name__} neurons → "
        f"{classes} outputs, {steps} steps of {recipe.dt}"
    )


def folds_summary(outcome: FoldsOutcome, folder: Path) -> None:
    """Print the figures of every fold beside the twin's, and their mean.

    Arguments:
        outcome: What all folds gave.
        folder: The run folder.
    """
    from rich.console import Console
    from rich.table import Table

    found = outcome.metrics()
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2))
    table.add_column("test accuracy")
    table.add_column("spiking", justify="right")
    table.add_column("plain twin", justify="right")
    for name, each in [*found["folds"].items(), ("mean", found)]:
        table.add_row(
            name,
            percent(np.array(each["test_accuracy_per_seed"])),
            percent(np.array(each["twin_test_accuracy_per_seed"])),
            end_section=name != "mean",
        )
    console = Console(highlight=False, soft_wrap=True)
    console.print()
    console.print(table)
    console.print(
        f"\nWritten to {folder}: metrics.json, and a run folder for each with report.html"
    )


def _command(recipe: Recipe, seeds: Sequence[int], folder: Path, note: Mapping[str, Any]) -> str:
    from spikeloom.cli.tasks import SPLITS, Task
    from spikeloom.train.recipes import MODELS

    words = ["spikeloom", "train", recipe.data]
    if recipe.data != "digits":
        words += ["--data", "DIR"]
    models = MODELS.get(recipe.data, {})
    named = [(name, each) for name, each in models.items() if each.model == recipe.model]
    named.sort(key=lambda each: each[1].encode != recipe.encode)  # some differ in this alone
    if named and named[0][0] != next(iter(models)):
        words += ["--model", named[0][0]]
    usual = SPLITS.get(Task(recipe.data), ("official",))[0] if recipe.data in list(Task) else None
    if "split" in note and note["split"] != usual:
        words += ["--split", str(note["split"])]
    if len(seeds) > 1:
        words += ["--seeds", str(len(seeds))]
    if seeds[0] != 0:
        words += ["--seed", str(seeds[0])]
    if named and recipe.epochs != named[0][1].epochs:
        words += ["--epochs", str(recipe.epochs)]
    if named and recipe.threads != named[0][1].threads:
        words += ["--threads", str(recipe.threads)]
    return shlex.join([*words, "--out", str(folder)])
