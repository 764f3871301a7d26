"""`spikeloom predict`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from spikeloom.errors import ShapeError


def predict(
    run_dir: Annotated[Path, typer.Argument(help="Run folder that `spikeloom train` wrote.")],
    images: Annotated[list[Path], typer.Argument(help="Pictures, .png or .npy.", metavar="IMAGE")],
    invert: Annotated[
        bool, typer.Option("--invert", help="Pictures show dark ink on light paper.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one list of all.")] = False,
) -> None:
    """Classify pictures with a trained network: class, confidence, and when it was decided.

    Pictures become grey, are brought to the network's size (same proportions needed), and must
    show bright ink on a dark ground, as the training images do; `--invert` turns them over.
    Confidence is the softmax score of the chosen class; the decision time counts the steps after
    which the choice never changed again. Nothing is written.

    Example: `spikeloom predict runs/digits seven.png --invert`
    """
    import numpy as np
    import torch

    from spikeloom.cli.guard import say
    from spikeloom.data import looks_inverted, read_image
    from spikeloom.train.jobs.load import load_run

    trained = load_run(run_dir)
    if len(trained.shape) != 2:
        raise ShapeError(
            f"{run_dir}: the network takes samples of shape {trained.shape}, not pictures.",
            hint="predict works with networks trained on images (height, width)",
        )
    height, width = trained.shape
    pictures = [read_image(path, (height, width), invert=invert) for path in images]
    for path, picture in zip(images, pictures, strict=True):
        if not invert and looks_inverted(picture):
            say(
                "note",
                f"{path} looks like dark ink on light paper.",
                "the network has learnt bright on dark: try --invert",
            )
    made = trained.predict(torch.from_numpy(np.stack(pictures)))
    steps = len(trained.recipe.encode(torch.zeros(1, height, width), 0))
    rows = [
        {
            "image": str(path),
            "class": trained.classes[int(label)],
            "confidence": round(float(confidence), 6),
            "latency_steps": int(latency),
            "steps": steps,
        }
        for path, label, confidence, latency in zip(
            images, made.labels, made.confidence, made.latency, strict=True
        )
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    else:
        _table(rows)


def _table(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2))
    for title in ("image", "class", "confidence", "decided after"):
        table.add_column(title, justify="left" if title == "image" else "right", overflow="fold")
    for row in rows:
        table.add_row(
            row["image"],
            row["class"],
            f"{100 * row['confidence']:.1f} %",
            f"{row['latency_steps']} of {row['steps']} steps",
        )
    Console(highlight=False, markup=False).print(table)
