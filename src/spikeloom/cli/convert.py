"""`spikeloom convert`."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class How(StrEnum):
    """Ways to convert."""

    weights = "weights"
    threshold = "threshold"
    qcfs = "qcfs"


def convert(
    run_dir: Annotated[Path, typer.Argument(help="Run folder that `spikeloom train` wrote.")],
    method: Annotated[
        How,
        typer.Option(
            help="Normalise weights, balance thresholds, or train the twin further with steps "
            "in its activations (qcfs)."
        ),
    ] = How.weights,
    steps: Annotated[int, typer.Option(min=1, max=100_000, help="Time steps.")] = 32,
    percentile: Annotated[
        float, typer.Option(help="Of the activations, in %: the level of full rate.")
    ] = 99.9,
    levels: Annotated[int, typer.Option(min=1, help="Steps of the activation (qcfs).")] = 8,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Further training (qcfs); a quarter of the recipe's.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of the data, if it is another one than in training.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Turn a run's plain twin into a spiking network, and say what accuracy that loses.

    Takes the trained plain network beside the run's spiking one, puts integrate-and-fire neurons in
    the place of its rectified units, and compares both on the test data after 1, 2, 4, ... time
    steps. Training data alone set the scale. Nothing is written.

    Example: `spikeloom convert runs/digits --method threshold --steps 64`
    """
    from spikeloom.cli.tasks import Task, read_task, split_of
    from spikeloom.train.conversion import QCFS, ThresholdBalance, WeightNorm, convert_run
    from spikeloom.train.jobs.load import load_run
    from spikeloom.train.store.run_folder import RunFolder

    recipe = load_run(run_dir).recipe
    if method is How.qcfs:
        chosen = QCFS(levels)
    elif method is How.threshold:
        chosen = ThresholdBalance(percentile)
    else:
        chosen = WeightNorm(percentile)
    _, _, note = RunFolder(run_dir).read_config()
    noted = note.get("data_folder")
    task = Task(recipe.data)
    place = data if data is not None or noted is None else Path(str(noted))
    _, splits = read_task(task, place, split_of(task, None))[0]
    show = "quiet" if as_json else "auto"
    made = convert_run(run_dir, splits, method=chosen, steps=steps, epochs=epochs, show=show)
    if as_json:
        typer.echo(json.dumps(made.report.to_record(), indent=2))
    else:
        typer.echo(str(made.report))
