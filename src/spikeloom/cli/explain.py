"""`spikeloom explain`: a model's equations, its step, and the code that runs."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spikeloom.errors import ConfigError, suggest

if TYPE_CHECKING:
    from spikeloom.compile import Program
    from spikeloom.equations import Neuron, Quantity, Surrogate


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
            help="Exact, ExponentialEuler, Euler, Midpoint, Heun or RK4; "
            "by default the best that fits the equations."
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
    from spikeloom.cli.models import find_model
    from spikeloom.cli.quantities import read_time
    from spikeloom.compile import compile_neuron
    from spikeloom.compile.explain import explain as told
    from spikeloom.models import ATan

    neuron = find_model(model)()
    step, surrogate = read_time(dt), ATan()
    program = compile_neuron(neuron, _method(method), surrogate=surrogate)
    typer.echo(str(neuron))
    typer.echo(f"\n{told(program)}")
    typer.echo(_numbers(neuron, surrogate, program, step))
    if engine is Engine.cpu:
        from spikeloom.engines.cpu import CPU

        typer.echo(f"\n{CPU().ir(program)}")


def _numbers(neuron: Neuron, surrogate: Surrogate, program: Program, dt: Quantity) -> str:
    """The coefficients of one step at the model's own parameters."""
    from spikeloom.compile import bind
    from spikeloom.compile.values import numbers
    from spikeloom.equations import units

    bound = bind(
        program, numbers(neuron, surrogate), float(dt.to(getattr(units, program.time_unit)))
    )
    if not bound.coefs:
        return ""
    lines = [f"  {name} = {float(value):.10g}" for name, value in bound.coefs.items()]
    return "\n".join([f"\ncoefficients at dt = {dt} and the parameters above:", *lines])


def _method(name: str | None) -> Any:
    """An integration method by its name."""
    if name is None:
        return None
    import spikeloom.compile as shelf

    known = {
        each.lower(): getattr(shelf, each)
        for each in ("Exact", "ExponentialEuler", "Euler", "Midpoint", "Heun", "RK4")
    }
    chosen = known.get(name.replace("-", "").replace("_", "").lower())
    if chosen is None:
        names = [method.__name__ for method in known.values()]
        raise ConfigError(f"there is no method {name!r}.", hint=suggest(name, names))
    return chosen()
