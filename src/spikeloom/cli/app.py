"""The `spikeloom` command. Each sub-command imports what it needs when it runs."""

from __future__ import annotations

import typer

from spikeloom.cli.bench import bench
from spikeloom.cli.convert import convert
from spikeloom.cli.doctor import doctor
from spikeloom.cli.explain import explain
from spikeloom.cli.gallery import gallery
from spikeloom.cli.guard import Guarded
from spikeloom.cli.models import models
from spikeloom.cli.patterns import patterns
from spikeloom.cli.predict import predict
from spikeloom.cli.show import show
from spikeloom.cli.simulate import simulate
from spikeloom.cli.train import train
from spikeloom.cli.version import version

app = typer.Typer(
    name="spikeloom",
    cls=Guarded,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def root(
    debug: bool = typer.Option(
        False, "--debug", help="Show the traceback of an error (also: SPIKELOOM_DEBUG=1)."
    ),
) -> None:
    """Write a spiking neuron once, as equations; run it, train it and show it everywhere.

    Start here: `spikeloom train digits` trains a network on handwritten digits in about a minute
    and writes a report to look at.
    """


app.command()(train)
app.command()(predict)
app.command()(doctor)
app.command()(convert)
app.command()(simulate)
app.command()(explain)
app.command()(models)
app.command()(show)
app.command()(patterns)
app.command()(gallery)
app.add_typer(bench, name="bench")
app.command()(version)


def main() -> None:
    """Entry point of the `spikeloom` command."""
    app()
