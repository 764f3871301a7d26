"""`spikeloom simulate`."""

from __future__ import annotations

import json
from enum import StrEnum
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spikeloom.errors import ConfigError, StorageError, suggest

if TYPE_CHECKING:
    from spikeloom.network import Result, SpikeTrains
    from spikeloom.network.library import Example


NAMES = (
    "cuba, coba, cobahh, brunel-a to brunel-d, hpc, microcircuit, izhikevich-2003, "
    "polychronization, synfire, liquid, ring or winner-take-all."
)


class Precision(StrEnum):
    """Of states and weights."""

    float32 = "float32"
    float64 = "float64"


class Engine(StrEnum):
    """What steps the network."""

    cpu = "cpu"
    reference = "reference"


def simulate(
    name: Annotated[
        str,
        typer.Argument(help=NAMES, show_default=False),
    ],
    scale: Annotated[
        float, typer.Option(help="Number of neurons, relative to the paper; inputs stay as many.")
    ] = 1.0,
    seconds: Annotated[
        float | None, typer.Option(help="How long to simulate; by default as the bands ask for.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads; the spikes do not depend on it.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything that is random.")] = 0,
    dtype: Annotated[Precision, typer.Option(help="Precision.")] = Precision.float32,
    engine: Annotated[
        Engine, typer.Option(help="`cpu` is compiled, `reference` plain NumPy.")
    ] = Engine.cpu,
    out: Annotated[
        Path | None,
        typer.Option(help="Run folder to write; by default a new one under runs/."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no table.")] = False,
) -> None:
    """Simulate a network from a paper and compare it with what is known of it.

    Prints rate, irregularity and rhythm beside the published values, and writes a run folder:
    raster.png (every spike, the rates, a few potentials), statistics.json and spikes.csv.

    Ctrl-C ends the run early and keeps what there is. Under torchrun the neurons are spread over
    its processes; the spikes are the same.

    Example: `spikeloom simulate cuba`

    Example: `torchrun --nproc-per-node 2 -m spikeloom.cli simulate cuba`

    Example: `spikeloom simulate brunel-c --seconds 0.3 --threads 2 --out runs/c`
    """
    from spikeloom.equations.units import ms
    from spikeloom.network.library import EXAMPLES, Setup

    if name not in EXAMPLES:
        raise ConfigError(f"there is no network {name!r}.", hint=suggest(name, EXAMPLES))
    example = EXAMPLES[name]
    duration = example.duration if seconds is None else 1000 * seconds
    if not 0 < duration < float("inf"):
        raise ConfigError(f"--seconds must be above 0, got {seconds}.")
    folder = _folder(out, name)
    built = example.build(
        Setup(scale=scale, seed=seed, dtype=dtype.value, threads=threads, engine=engine.value)
    )
    result = built.net.run(duration * ms, progress=not quiet)
    trains = result.spikes[built.spikes]
    told: dict[str, Any] = {
        "network": name,
        "source": example.source,
        "scale": scale,
        "seed": seed,
        "dtype": dtype.value,
        "engine": engine.value,
        "ranks": built.net.ranks,
        "neurons": trains.size,
        "simulated_ms": result.stop - result.start,
        "complete": result.complete,
        "computed_s": result.seconds,
        "measured_from_ms": min(example.settle, (result.stop - result.start) / 2),
        "measured": example.measured(built, result),
        "bands": {band.measure: [band.low, band.high] for band in example.bands},
    }
    if built.net.rank > 0:
        return  # of several processes the first one writes and speaks
    figure = _write(folder, told, result, trains)
    if not quiet:
        _table(example, told, result, folder, figure)


def _folder(out: Path | None, name: str) -> Path:
    """The folder of the run, which must be new or empty: nothing is ever replaced."""
    if out is None:
        number, folder = 1, Path("runs") / name
        while folder.exists():
            number += 1
            folder = Path("runs") / f"{name}-{number}"
        return folder
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise StorageError(f"{out} is not an empty folder.", hint="choose a new one with --out")
    return out


def _write(folder: Path, told: dict[str, Any], result: Result, trains: SpikeTrains) -> bool:
    """Write the run folder; without matplotlib there is no figure, and all else is safe."""
    from spikeloom.cli.guard import say
    from spikeloom.files import write_file

    known = {k: None if isnan(x) else x for k, x in told["measured"].items()}
    text = json.dumps({**told, "measured": known}, indent=2, allow_nan=False)
    write_file(folder / "statistics.json", text + "\n")
    rows = (f"{t:.9g},{i}" for t, i in zip(trains.times.tolist(), trains.ids.tolist(), strict=True))
    write_file(folder / "spikes.csv", "\n".join(["time_ms,neuron", *rows]) + "\n")
    try:
        from spikeloom.show import png, raster

        write_file(folder / "raster.png", png(raster(result)))
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] != "matplotlib":
            raise
        say("note", "no raster.png: matplotlib is missing.", "pip install 'spikeloom[plot]'")
        return False
    return True


def _table(
    example: Example, told: dict[str, Any], result: Result, folder: Path, figure: bool
) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    bands = {band.measure: band for band in example.bands}
    table = Table.grid(padding=(0, 2))
    table.add_row(Text("measure", "bold"), Text("here", "bold"), Text("published", "bold"), "")
    for what, value in told["measured"].items():
        band = bands.get(what)
        known = f"{band.low:g} to {band.high:g}" if band else ""
        verdict = ("within" if band.holds(value) else "outside") if band else ""
        table.add_row(what, f"{value:.3g}", known, verdict)
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text.assemble((example.title, "bold"), f"  {told['neurons']:,} neurons"))
    console.print(Text(example.source, "dim"))
    console.print(table)
    if told["scale"] != 1 or told["simulated_ms"] < example.duration - 1e-6:
        console.print(f"The published values hold at scale 1 over {example.duration:g} ms.")
    early = "" if result.complete else " (ended early)"
    console.print(
        f"{told['simulated_ms']:g} ms{early} computed in {result.seconds:.3g} s: "
        f"{result.real_time_factor:.3g} s of computing per second"
    )
    console.print(f"{folder / 'raster.png' if figure else folder}")
