"""A recipe on several divisions of one data set: cross-validation, or one speaker after another."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spikeloom.errors import CheckpointError, ParameterError
from spikeloom.files import write_file
from spikeloom.train.jobs.f1 import macro_f1
from spikeloom.train.jobs.job import Splits, run
from spikeloom.train.jobs.outcome import Outcome
from spikeloom.train.loop.processes import Processes
from spikeloom.train.loop.progress import Show
from spikeloom.train.recipes import Recipe
from spikeloom.train.store.run_folder import RunFolder

Finished = Callable[[str, Outcome, Splits, Path | None], None]
"""Called after each fold with its name, what came out, its data and its folder."""


@dataclass(frozen=True, eq=False, repr=False)
class FoldsOutcome:
    """One outcome for each fold, and their means.

    Arguments:
        recipe: What was trained.
        folds: Name of the fold -> its outcome.

    >>> FoldsOutcome.__doc__.split(",")[0]
    'One outcome for each fold'
    """

    recipe: Recipe
    folds: Mapping[str, Outcome]

    def __repr__(self) -> str:
        mean = self.metrics()["test_accuracy"]
        return (
            f"FoldsOutcome: {self.recipe.data}, {len(self.folds)} folds, "
            f"mean test accuracy {100 * mean:.1f} %"
        )

    def metrics(self) -> dict[str, Any]:
        """Figures as JSON-ready values.

        An accuracy of one seed is the mean over the folds; then mean and standard deviation are
        over the seeds. Macro-F1 is that of the tables of all folds added up.
        """
        outcomes = list(self.folds.values())
        places = range(len(outcomes[0].seeds))

        def mean(kind: str) -> list[float]:
            return [
                statistics.fmean(getattr(o.seeds[k], kind).test.accuracy for o in outcomes)
                for k in places
            ]

        def pooled(kind: str) -> list[float]:
            return [
                macro_f1(np.sum([getattr(o.seeds[k], kind).test.confusion for o in outcomes], 0))
                for k in places
            ]

        return {
            "format": 1,
            "data": self.recipe.data,
            "seeds": [seed.seed for seed in outcomes[0].seeds],
            **_spread("test_accuracy", mean("spiking")),
            **_spread("twin_test_accuracy", mean("twin")),
            **_spread("test_macro_f1", pooled("spiking")),
            **_spread("twin_test_macro_f1", pooled("twin")),
            "folds": {
                name: {
                    key: value
                    for key, value in outcome.metrics().items()
                    if key.partition("_per_seed")[0].removeprefix("twin_").startswith("test_")
                }
                for name, outcome in self.folds.items()
            },
        }


def run_folds(
    recipe: Recipe,
    folds: Sequence[tuple[str, Splits]],
    *,
    seeds: Sequence[int] = (0,),
    out: str | Path | None = None,
    resume: str | Path | None = None,
    overwrite: bool = False,
    note: Mapping[str, Any] | None = None,
    show: Show = "auto",
    finished: Finished | None = None,
) -> FoldsOutcome:
    """Train and test a recipe and its twin on every fold for each seed.

    Arguments:
        recipe: What is trained, and how.
        folds: Name and data of each division; each is a job of its own, see `run`.
        seeds: One network and one twin for each, in every fold.
        out: Folder; each fold writes its own run folder in it. None writes nothing.
        resume: Folder of an interrupted run to go on with.
        overwrite: Replace an earlier run in ``out``.
        note: Further settings for ``config.toml``.
        show: ``"auto"``, ``"quiet"`` or a reporter.
        finished: Called after each fold.

    Returns:
        What every fold gave.

    Raises:
        ParameterError: No folds, or two of one name.
        CheckpointError: The run to resume is another one.
        KeyboardInterrupt: After Ctrl-C, with everything saved.

    >>> from dataclasses import replace
    >>> from spikeloom.data import k_fold, load_digits
    >>> from spikeloom.train.recipes import DIGITS, FullyConnected
    >>> parts = enumerate(k_fold(load_digits().train[:200], 2), start=1)
    >>> recipe = replace(DIGITS, model=FullyConnected((8,)), epochs=1)
    >>> outcome = run_folds(recipe, [(str(k), part) for k, part in parts], show="quiet")
    >>> list(outcome.folds)
    ['1', '2']
    """
    names = [name for name, _ in folds]
    if not names or len(set(names)) != len(names):
        raise ParameterError(f"run_folds: folds need a name each, no two the same, got {names}.")
    place = resume if resume is not None else out
    if place is None:
        return FoldsOutcome(
            recipe, {n: _one(recipe, n, d, seeds, show, finished) for n, d in folds}
        )
    processes = Processes.here()
    folder = RunFolder(Path(place), processes.first)
    if resume is not None:
        before, old_seeds, _ = folder.read_config()
        if before != recipe or old_seeds != list(seeds):
            raise CheckpointError(
                f"{folder.path}: the run there has another recipe or other seeds.",
                hint="resume without further options: the folder knows its own",
            )
    found: dict[str, Outcome] = {}
    with folder.hold():
        if resume is None:
            folder.start(recipe, seeds, {**(note or {}), "folds": names}, overwrite=overwrite)
        for name, data in folds:
            part = folder.path / f"fold-{name}"
            begun = resume is not None and (part / "config.toml").is_file()
            found[name] = run(
                recipe,
                data,
                seeds=seeds,
                out=None if begun else part,
                resume=part if begun else None,
                overwrite=overwrite,
                show=show,
            )
            if finished is not None and processes.first:
                finished(name, found[name], data, part)
        outcome = FoldsOutcome(recipe, found)
        if folder.writes:
            write_file(folder.metrics, json.dumps(outcome.metrics(), indent=2) + "\n")
    return outcome


def _one(
    recipe: Recipe,
    name: str,
    data: Splits,
    seeds: Sequence[int],
    show: Show,
    finished: Finished | None,
) -> Outcome:
    outcome = run(recipe, data, seeds=seeds, show=show)
    if finished is not None:
        finished(name, outcome, data, None)
    return outcome


def _spread(name: str, values: list[float]) -> dict[str, Any]:
    return {
        name: statistics.fmean(values),
        f"{name}_sd": statistics.stdev(values) if len(values) > 1 else None,
        f"{name}_per_seed": values,
    }
