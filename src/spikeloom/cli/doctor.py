"""`spikeloom doctor`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def doctor(
    run_dir: Annotated[Path, typer.Argument(help="Run folder that `spikeloom train` wrote.")],
    data: Annotated[
        Path | None, typer.Option(help="Folder of the data, if it is another one than in training.")
    ] = None,
    samples: Annotated[
        int, typer.Option(min=1, help="Training samples to look at, all at once.")
    ] = 128,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what keeps a network from learning, and what to change.

    Looks at one batch of training data: layers that are silent or fire all the time, gradients that
    get through no surrogate's window, explode or vanish on their way back through time, time
    constants that do not fit the step or the run, and axes in the wrong order. Nothing is written;
    the exit code is 3 if something grave was found.

    Example: `spikeloom doctor runs/digits`
    """
    from spikeloom.cli.tasks import Task, read_task, split_of
    from spikeloom.nn.loss import CrossEntropy
    from spikeloom.train.doctor import examine
    from spikeloom.train.jobs.load import load_run
    from spikeloom.train.store.run_folder import RunFolder

    trained = load_run(run_dir)
    recipe = trained.recipe
    _, _, note = RunFolder(run_dir).read_config()
    noted = note.get("data_folder")
    task = Task(recipe.data)
    place = data if data is not None or noted is None else Path(str(noted))
    _, splits = read_task(task, place, split_of(task, None))[0]
    found = examine(
        trained.net,
        splits.train,
        loss=CrossEntropy(recipe.readout, recipe.smoothing),
        encode=recipe.encode,
        batch_size=samples,
    )
    typer.echo(json.dumps(found.to_record(), indent=2) if as_json else str(found))
    if not found.healthy:
        raise typer.Exit(3)
