"""`spikeloom bench`: the speed and memory figures of the documentation, on your machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

bench = typer.Typer(
    name="bench",
    no_args_is_help=True,
    help="Measure speed and memory beside other libraries.\n\n"
    "Every figure is reported only after both sides are proven to compute the same thing. The "
    "other libraries live in environments of their own (`make bench-peers`); without them only "
    "our side is measured.",
)

Against = Annotated[
    str | None,
    typer.Option(help="Libraries to compare with, separated by commas; by default all."),
]
Json = Annotated[
    Path | None, typer.Option("--json", help="Also write the figures to this file.", dir_okay=False)
]


@bench.command()
def neuron(
    against: Against = None,
    json: Json = None,
    rounds: Annotated[int, typer.Option(min=1, help="Timings of each side.")] = 15,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of every side.")] = None,
) -> None:
    """One LIF layer, forward and backward, beside other training libraries.

    Example: `spikeloom bench neuron --against snntorch,norse --json neuron.json`
    """
    from spikeloom.bench import neuron as benchmark

    benchmark.run(
        _names(against) if against is not None else benchmark.PEERS,
        json=json,
        rounds=rounds,
        threads=threads,
    )


@bench.command()
def step(json: Json = None) -> None:
    """One step of one neuron in native code, beside NumPy, Numba and Brian2.

    Example: `spikeloom bench step --json step.json`
    """
    _load("step").run(json=json)


@bench.command()
def start(json: Json = None) -> None:
    """From process start to the first trained batch and to the first spike, cold and warm.

    Example: `spikeloom bench start --json start.json`
    """
    _load("start").run(json=json)


def _load(name: str) -> Any:
    """A benchmark's module; its packages are imported only now."""
    from importlib import import_module

    return import_module(f"spikeloom.bench.{name}")


def _names(text: str) -> tuple[str, ...]:
    """`"a,b"` as names."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
