"""`spikeloom gallery`: a picture of everything in the library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spikeloom.errors import ConfigError, suggest


def gallery(
    out: Annotated[Path, typer.Option(help="Folder to write; files of it are replaced.")] = Path(
        "gallery"
    ),
    only: Annotated[
        list[str] | None,
        typer.Option(help="Draw only this model or sheet; may be given several times."),
    ] = None,
    page: Annotated[bool, typer.Option(help="Write index.html too, which shows them all.")] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Draw every model, every sheet of patterns, films and three neurons into a folder.

    Example: `spikeloom gallery --out gallery`, then open gallery/index.html

    Example: `spikeloom gallery --only adex --only lif`
    """
    from spikeloom.cli.drawing import Stages
    from spikeloom.cli.shelf import plain
    from spikeloom.files import check_writable, write_file
    from spikeloom.show.gallery import build, pieces
    from spikeloom.show.gallery import page as html

    made = pieces()
    known = {plain(piece.file.rpartition(".")[0]): piece for piece in made}
    for name in only or []:
        if plain(name) not in known:
            raise ConfigError(
                f"--only {name}: there is no such picture.", hint=suggest(plain(name), known)
            )
    names = {plain(name) for name in only or []}
    wanted = [p for p in made if not names or plain(p.file.rpartition(".")[0]) in names]
    check_writable(out / "index.html")
    with Stages(not quiet, len(wanted)) as stages:
        build(out, wanted, stages.next)
    if page:
        write_file(out / "index.html", html(made if not names else wanted))
    if not quiet:
        typer.echo(str(out / "index.html" if page else out))
