"""`spikeloom patterns`: all the named patterns of a model in one figure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def patterns(
    model: Annotated[str, typer.Argument(help="izhikevich, adex, mihalas-niebur or glif.")],
    which: Annotated[
        str | None, typer.Option(help="Another set of the model, such as izhikevich's `cells`.")
    ] = None,
    save: Annotated[
        Path | None, typer.Option(help="File to write: .png, .svg or .pdf; by default a new PNG.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Draw every named pattern of a model in one figure, with its parameters, as in the papers.

    Example: `spikeloom patterns izhikevich`

    Example: `spikeloom patterns adex --save patterns.pdf`
    """
    from spikeloom.cli.drawing import Stages, place, write
    from spikeloom.cli.shelf import find_model
    from spikeloom.cli.show import STILL

    chosen = find_model(model)
    from spikeloom.show import patterns as draw
    from spikeloom.show.pattern_sheet import entries, sheets

    count = len(entries(chosen, which))
    name = f"{chosen.__name__.lower()}-{which or next(iter(sheets(chosen)))}"
    target = place(save, name, STILL)
    with Stages(not quiet, count + 1) as stages:
        figure = draw(chosen, which, progress=stages.next)
        stages.next("drawing")
        write(target, figure, quiet)
