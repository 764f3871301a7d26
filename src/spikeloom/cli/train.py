"""`spikeloom train`."""

from __future__ import annotations

import shlex
import time
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spikeloom.errors import ConfigError, DataError, StorageError

if TYPE_CHECKING:
    from spikeloom.data import Splits
    from spikeloom.train.recipes import Recipe


class Task(StrEnum):
    """What there is to learn."""

    digits = "digits"
    mnist = "mnist"


def train(
    task: Annotated[
        Task | None,
        typer.Argument(
            help="`digits`: 1,797 images of 8 × 8 pixels that come with spikeloom. "
            "`mnist`: 70,000 images of 28 × 28, read from your own folder.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with MNIST's four idx files, plain or .gz (mnist only)."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Run folder to write; by default a new one under runs/."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many networks to train.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="The first seed; the others follow it.")] = 0,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the data; the recipe's own if left out.")
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(help="Go on with an interrupted run; it knows its task, seeds and epochs."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the run that stands in --out.")
    ] = False,
    rule: Annotated[
        str | None,
        typer.Option(
            help="How the spiking network learns: `bptt`, or a rule with its options, such as "
            "`'BPTT(chunk=5)'`; the recipe's own if left out.",
        ),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1024,
            help="Threads of every computation; part of the recipe, because torch's sums round "
            "differently with another number.",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no table.")] = False,
) -> None:
    """Train a spiking network and a plain network of the same size, and compare them.

    Prints test accuracy beside the twin's, firing rate, synaptic events and energy per image, and
    writes a run folder: report.html (open it in a browser), figures/ (the same as PNG),
    metrics.json (all numbers), weights.safetensors (the network, for `spikeloom predict`) and
    config.toml (everything needed to repeat the run).

    Ctrl-C keeps a checkpoint; `--resume` goes on from it and ends with the same bits.

    Example: `spikeloom train digits --seeds 5 --out runs/five`

    Example: `spikeloom train mnist --data ~/mnist`
    """
    from spikeloom.cli.memory import keep_freed_memory

    keep_freed_memory()
    if resume is not None:
        forbidden = {"--out": out, "--epochs": epochs, "--threads": threads, "--rule": rule}
        forbidden |= {"--seeds": seeds != 1, "--seed": seed != 0}
        given = [name for name, value in forbidden.items() if value]
        if given or overwrite:
            raise ConfigError(
                f"{', '.join(given or ['--overwrite'])} cannot go with --resume.",
                hint="the run folder knows its own settings; start a new run to change them",
            )
        recipe, numbers, note = _resumed(resume, task)
        folder = resume
    else:
        if task is None:
            raise ConfigError("train what?", hint="spikeloom train digits")
        recipe, numbers, note = (
            _recipe(task, epochs, threads, rule),
            list(range(seed, seed + seeds)),
            {},
        )
        folder = out if out is not None else _free_folder(Path("runs"), task)
    noted = note.get("data_folder")
    place = data if data is not None or noted is None else Path(str(noted))
    splits = _load(recipe.data, place)
    if place is not None:
        note["data_folder"] = str(place.resolve())
    _go(recipe, splits, numbers, folder, resume is not None, overwrite, note, quiet)


def _go(
    recipe: Recipe,
    splits: Splits,
    seeds: list[int],
    folder: Path,
    resumed: bool,
    overwrite: bool,
    note: dict[str, Any],
    quiet: bool,
) -> None:
    from spikeloom.cli.guard import ctrl_c
    from spikeloom.cli.results import report_of, summary
    from spikeloom.train.job import run

    began = time.monotonic()
    try:
        with ctrl_c():
            outcome = run(
                recipe,
                splits,
                seeds=seeds,
                out=None if resumed else folder,
                resume=folder if resumed else None,
                overwrite=overwrite,
                note=note,
                show="quiet" if quiet else "auto",
            )
            told = report_of(outcome, splits, folder, time.monotonic() - began)
            files = _write_report(told, folder)
    except KeyboardInterrupt as stop:
        if not (folder / "config.toml").is_file():
            raise
        raise KeyboardInterrupt(
            f"last checkpoint in {folder}; resume with: {_again(folder)}"
        ) from stop
    if not quiet:
        summary(outcome, folder, files)


def _write_report(told: Any, folder: Path) -> bool:
    """Write figures and page; without matplotlib say so, for the training itself is safe."""
    from spikeloom.cli.guard import say
    from spikeloom.show import write_report

    try:
        write_report(told, folder)
    except StorageError as full:
        raise StorageError(
            f"{full.message} The training itself is saved.",
            hint=f"once it can be written, this makes the report: {_again(folder)}",
        ) from full
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] != "matplotlib":
            raise
        say("note", "no report.html: matplotlib is missing.", "pip install 'spikeloom[plot]'")
        return False
    return True


def _again(folder: Path) -> str:
    return shlex.join(["spikeloom", "train", "--resume", str(folder)])


def _recipe(task: Task, epochs: int | None, threads: int | None, rule: str | None) -> Recipe:
    from spikeloom.train.recipes import RECIPES
    from spikeloom.train.recipes.vocabulary import rule_named

    chosen = None if rule is None else rule_named(rule)
    changes = {"epochs": epochs, "threads": threads, "rule": chosen}
    return replace(RECIPES[task.value], **{n: v for n, v in changes.items() if v is not None})


def _resumed(folder: Path, task: Task | None) -> tuple[Recipe, list[int], dict[str, Any]]:
    from spikeloom.train.run_folder import RunFolder

    recipe, seeds, note = RunFolder(folder).read_config()
    if task is not None and task.value != recipe.data:
        raise ConfigError(
            f"{folder} holds a run of {recipe.data!r}, not of {task.value!r}.",
            hint=_again(folder),
        )
    return recipe, seeds, note


def _load(name: str, folder: Path | None) -> Splits:
    from spikeloom.data import load_digits, load_mnist

    if name == Task.digits:
        if folder is not None:
            raise ConfigError(
                "digits needs no --data: the images come with spikeloom.", hint="leave --data out"
            )
        return load_digits()
    if name != Task.mnist:
        raise ConfigError(f"the run was trained on {name!r}, which this command cannot load.")
    if folder is None:
        raise DataError(
            "MNIST does not come with spikeloom.",
            hint="name the folder with its four idx files: spikeloom train mnist --data DIR",
        )
    return load_mnist(folder)


def _free_folder(parent: Path, task: Task) -> Path:
    """runs/digits, or runs/digits-2 and so on: without --out nothing is ever replaced."""
    number = 1
    while (folder := parent / (f"{task.value}-{number}" if number > 1 else task.value)).exists():
        number += 1
    return folder
