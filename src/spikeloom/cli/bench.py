"""`spikeloom bench`: the speed and memory figures of the documentation, on your machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from spikeloom.files import check_writable

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


Rounds = Annotated[int | None, typer.Option(min=1, help="Timings of each side; the median counts.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads of every side; by default all.")]


@bench.command()
def neuron(
    against: Against = None, json: Json = None, rounds: Rounds = None, threads: Threads = None
) -> None:
    """One LIF layer, forward and backward, beside other training libraries.

    Example: `spikeloom bench neuron --against snntorch,norse --json neuron.json`
    """
    _run("neuron", against=_names(against), json=json, rounds=rounds, threads=threads)


@bench.command()
def train(
    case: Annotated[
        str,
        typer.Option(
            help="Networks, separated by commas, or `all`: mnist-fc, mnist-conv, recurrent, fsdd.",
            show_default=True,
        ),
    ] = "all",
    against: Against = None,
    json: Json = None,
    rounds: Rounds = None,
    threads: Threads = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of weights and samples.")] = None,
) -> None:
    """Whole training steps of small networks, beside SpikingJelly, snnTorch and Norse.

    Samples per second of forward, loss, backward and Adam, and the peak memory of a step.

    Example: `spikeloom bench train --case recurrent --against snntorch,norse --json train.json`
    """
    _run(
        "train",
        case=_names(case),
        against=_names(against),
        json=json,
        rounds=rounds,
        threads=threads,
        seed=seed,
    )


@bench.command()
def step(
    against: Against = None, json: Json = None, rounds: Rounds = None, threads: Threads = None
) -> None:
    """One step of one neuron in native code, beside NumPy, Numba and Brian2.

    Example: `spikeloom bench step --json step.json`
    """
    _run("step", against=_names(against), json=json, rounds=rounds, threads=threads)


@bench.command()
def models(
    case: Annotated[
        str,
        typer.Option(help="Models, separated by commas, `axon`, or `all`.", show_default=True),
    ] = "all",
    against: Against = None,
    json: Json = None,
    rounds: Rounds = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Measured beside one thread; by default all cores.")
    ] = None,
    dtype: Annotated[
        str | None, typer.Option(help="`float32`, `float64`, or both, separated by a comma.")
    ] = None,
    size: Annotated[int | None, typer.Option(min=1, help="Neurons of each population.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps of one timing.")] = None,
) -> None:
    """Every model of the library beside Brian2, a population of each, and the axon of `bench axon`.

    Nanoseconds for one step of one neuron, in float32 and float64, on one thread and on several. A
    few models alone are quick: `--case LIF,AdEx --dtype float32 --threads 1`.

    Example: `spikeloom bench models --json models.json`
    """
    _run(
        "models",
        case=_names(case),
        against=_names(against),
        json=json,
        rounds=rounds,
        threads=threads,
        dtypes=_names(dtype),
        size=size,
        steps=steps,
    )


@bench.command()
def noise(json: Json = None, rounds: Rounds = None) -> None:
    """What white noise and random spikes cost in one step of one neuron, beside NumPy.

    Example: `spikeloom bench noise --json noise.json`
    """
    _run("noise", json=json, rounds=rounds)


@bench.command()
def ticks(json: Json = None, rounds: Rounds = None) -> None:
    """What a tick of a chip's neuron costs in whole numbers, beside NumPy.

    Example: `spikeloom bench ticks --json ticks.json`
    """
    _run("ticks", json=json, rounds=rounds)


@bench.command()
def axon(against: Against = None, json: Json = None, rounds: Rounds = None) -> None:
    """An axon of 1,000 compartments with a travelling action potential, beside NEURON and Brian2.

    Example: `spikeloom bench axon --against neuron --json axon.json`
    """
    _run("axon", against=_names(against), json=json, rounds=rounds)


@bench.command()
def trees(json: Json = None, rounds: Rounds = None) -> None:
    """Many cells with a shape side by side in a network, beside one after another.

    Example: `spikeloom bench trees --json trees.json`
    """
    _run("trees", json=json, rounds=rounds)


@bench.command()
def start(json: Json = None, rounds: Rounds = None, threads: Threads = None) -> None:
    """From process start to the first trained batch and to the first spike, cold and warm.

    Example: `spikeloom bench start --json start.json`
    """
    _run("start", json=json, rounds=rounds, threads=threads)


@bench.command()
def network(
    case: Annotated[
        str, typer.Option(help="Networks, separated by commas, or `all`.", show_default=True)
    ] = "all",
    against: Against = None,
    json: Json = None,
    rounds: Rounds = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads of every side.")] = 1,
    scale: Annotated[
        float | None, typer.Option(help="Size of the network; by default each case's own.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Simulated seconds of one timing.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of everything random.")] = None,
) -> None:
    """Whole networks beside Brian2 and NEST: speed, construction and memory.

    Cases: cuba, coba, cobahh, brunel, brunel-stdp, microcircuit and memory with peers; cuba-1m,
    silent, microcircuit-full, regenerated, brunel-threads and brunel-stdp-threads without.

    Example: `spikeloom bench network --case cuba --against brian2,nest --json cuba.json`
    """
    _run(
        "network",
        case=_names(case),
        against=_names(against),
        json=json,
        rounds=rounds,
        threads=threads,
        scale=scale,
        seconds=seconds,
        seed=seed,
    )


def _run(name: str, **options: Any) -> None:
    """Run a benchmark with the options that were given; the others keep its own defaults."""
    from importlib import import_module

    if isinstance(options.get("json"), Path):
        check_writable(options["json"])
    given = {word: value for word, value in options.items() if value is not None}
    import_module(f"spikeloom.bench.{name}").run(**given)


def _names(text: str | None) -> tuple[str, ...] | None:
    """`"a,b"` as names."""
    if text is None:
        return None
    return tuple(name.strip() for name in text.split(",") if name.strip())
