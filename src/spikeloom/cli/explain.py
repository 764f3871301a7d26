"""`spikeloom explain`: a model's equations, its step, and the code that runs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from spikeloom.errors import ConfigError, suggest

METHODS = (
    *("Exact", "ExponentialEuler", "Euler", "Midpoint", "Heun", "RK4"),
    *("LinearlyImplicitEuler", "ROS2", "RODAS3"),
)


class Engine(StrEnum):
    """Whose code to show."""

    cpu = "cpu"
    reference = "reference"


def explain(
    model: Annotated[str, typer.Argument(help="Name of a model; `spikeloom models` lists them.")],
    dt: Annotated[str, typer.Option(help="Length of a time step, with its unit.")] = "0.1ms",
    method: Annotated[
        str | None,
        typer.Option(
            help="Exact, ExponentialEuler, Euler, Midpoint, Heun, RK4, LinearlyImplicitEuler, ROS2 "
            "or RODAS3; by default the best that fits the equations."
        ),
    ] = None,
    engine: Annotated[
        Engine, typer.Option(help="`cpu` adds the generated kernel.")
    ] = Engine.reference,
) -> None:
    """Show what becomes of a model: equations, discretised step, gradients, generated code.

    Nothing is written or run.

    Example: `spikeloom explain AdEx --dt 0.05ms --engine cpu`
    """
    from spikeloom.cli.quantities import read_time
    from spikeloom.cli.shelf import find_model
    from spikeloom.engines import explain as told

    code = None
    if engine is Engine.cpu:
        from spikeloom.engines.cpu import CPU

        code = CPU()
    typer.echo(told(find_model(model)(), dt=read_time(dt), method=_method(method), engine=code))


def _method(name: str | None) -> Any:
    """An integration method by its name."""
    if name is None:
        return None
    import spikeloom.compile as shelf

    known = {each.lower(): getattr(shelf, each) for each in METHODS}
    chosen = known.get(name.replace("-", "").replace("_", "").lower())
    if chosen is None:
        names = [method.__name__ for method in known.values()]
        raise ConfigError(f"there is no method {name!r}.", hint=suggest(name, names))
    return chosen()
