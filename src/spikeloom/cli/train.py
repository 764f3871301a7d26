"""`spikeloom train`."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spikeloom.cli.tasks import FOLDS, Split, Task, read_task, split_of
from spikeloom.errors import ConfigError, StorageError

if TYPE_CHECKING:
    from spikeloom.data import Splits
    from spikeloom.train.jobs.outcome import Outcome
    from spikeloom.train.loop.processes import Processes
    from spikeloom.train.recipes import Recipe


def train(
    task: Annotated[
        Task | None,
        typer.Argument(
            help="`digits`: 1,797 images of 8 × 8 pixels that come with spikeloom. `mnist`, "
            "`fashion-mnist`: 70,000 images of 28 × 28. `fsdd`: 3,000 spoken digits. `nmnist`: "
            "digits seen by an event camera. `mitbih`: 100,000 heart beats. All but the first are "
            "read from your own folder or fetched.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder with the files of the data set, as they were published. Without it they "
            "are looked for in $SPIKELOOM_DATA or the user's cache, and fetched from their makers.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Architecture: `conv`, `fc`, ...; by default the task's most accurate."),
    ] = None,
    split: Annotated[
        Split | None,
        typer.Option(
            help="Who is kept for the test: `official`, `speakers` (fsdd: each of the six once, "
            "never heard in training) or `folds` (nmnist: cross-validation, its default).",
            show_default=False,
        ),
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="Number of folds.")] = FOLDS,
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
            help="How the spiking network learns: `bptt`, `eventprop`, `eprop`, `ottt`, `decolle`, "
            "or a rule with its options, such as `'BPTT(chunk=5)'`; the recipe's own if left out.",
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

    Example: `torchrun --nproc-per-node 2 -m spikeloom.cli train digits` (each process presents its
    part of every batch)
    """
    from spikeloom.train.loop.processes import Processes
    from spikeloom.train.memory.freed import keep_freed_memory

    keep_freed_memory()
    if resume is not None:
        forbidden = {"--out": out, "--epochs": epochs, "--threads": threads, "--rule": rule}
        forbidden |= {"--seeds": seeds != 1, "--seed": seed != 0, "--folds": folds != FOLDS}
        forbidden |= {"--model": model, "--split": split}
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
        kept = split_of(task, split)
        recipe = _recipe(task, model, kept, epochs, threads, rule)
        numbers = list(range(seed, seed + seeds))
        note: dict[str, Any] = {"split": kept.value}
        note |= {"folds_count": folds} if kept is Split.folds else {}
        folder = out if out is not None else _free_folder(Path("runs"), task)
    processes = Processes.join()
    # All write where the first one does: its free folder may be taken when the others look.
    folder = Path(processes.gather(str(folder))[0])
    noted = note.get("data_folder")
    place = data if data is not None or noted is None else Path(str(noted))
    task, kept = Task(recipe.data), Split(str(note.get("split", Split.official)))
    parts = read_task(task, place, kept, int(note.get("folds_count", FOLDS)))
    if place is not None:
        note["data_folder"] = str(place.resolve())
    go = Going(recipe, numbers, folder, resume is not None, overwrite, note, quiet, processes)
    go.single(parts[0][1]) if kept is Split.official else go.folds(parts)


@dataclass
class Going:
    """A job on its way, with what the command line says about it."""

    recipe: Recipe
    seeds: list[int]
    folder: Path
    resumed: bool
    overwrite: bool
    note: dict[str, Any]
    quiet: bool
    processes: Processes
    began: float = field(default_factory=time.monotonic)

    def single(self, splits: Splits) -> None:
        """One division of the data: a report and a table."""
        from spikeloom.cli.results import report_of, summary
        from spikeloom.train.jobs.job import run

        with self._interruptible():
            outcome = run(self.recipe, splits, **self._options())
            if not self.processes.first:
                return
            told = report_of(outcome, splits, self.folder, self._seconds(), self.note)
            files = _write_report(told, self.folder)
        if not self.quiet:
            summary(outcome, self.folder, files)

    def folds(self, parts: list[tuple[str, Splits]]) -> None:
        """Several divisions: a report for each, and a table of all."""
        from spikeloom.cli.results import folds_summary, report_of
        from spikeloom.train.jobs.folds import run_folds

        def finished(name: str, outcome: Outcome, splits: Any, folder: Path | None) -> None:
            if folder is not None:
                told = report_of(outcome, splits, self.folder, self._seconds(), self.note, name)
                _write_report(told, folder)

        with self._interruptible():
            outcome = run_folds(self.recipe, parts, finished=finished, **self._options())
        if not self.quiet and self.processes.first:
            folds_summary(outcome, self.folder)

    def _options(self) -> dict[str, Any]:
        return {
            "seeds": self.seeds,
            "out": None if self.resumed else self.folder,
            "resume": self.folder if self.resumed else None,
            "overwrite": self.overwrite,
            "note": self.note,
            "show": "quiet" if self.quiet else "auto",
        }

    def _seconds(self) -> float:
        return time.monotonic() - self.began

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        from spikeloom.cli.guard import ctrl_c

        try:
            with ctrl_c():
                yield
        except KeyboardInterrupt as stop:
            if not (self.folder / "config.toml").is_file():
                raise
            raise KeyboardInterrupt(
                f"last checkpoint in {self.folder}; resume with: {_again(self.folder)}"
            ) from stop


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


def _recipe(
    task: Task,
    model: str | None,
    split: Split,
    epochs: int | None,
    threads: int | None,
    rule: str | None,
) -> Recipe:
    from spikeloom.train.recipes import recipe_of
    from spikeloom.train.recipes.vocabulary import rule_named

    chosen = None if rule is None else rule_named(rule)
    changes: dict[str, Any] = {"epochs": epochs, "threads": threads, "rule": chosen}
    if split is Split.speakers:
        changes["validate_by"] = "group"
    kept = {name: value for name, value in changes.items() if value is not None}
    return replace(recipe_of(task.value, model), **kept)


def _resumed(folder: Path, task: Task | None) -> tuple[Recipe, list[int], dict[str, Any]]:
    from spikeloom.train.store.run_folder import RunFolder

    recipe, seeds, note = RunFolder(folder).read_config()
    if task is not None and task.value != recipe.data:
        raise ConfigError(
            f"{folder} holds a run of {recipe.data!r}, not of {task.value!r}.",
            hint=_again(folder),
        )
    return recipe, seeds, note


def _free_folder(parent: Path, task: Task) -> Path:
    """runs/digits, or runs/digits-2 and so on: without --out nothing is ever replaced."""
    number = 1
    while (folder := parent / (f"{task.value}-{number}" if number > 1 else task.value)).exists():
        number += 1
    return folder
