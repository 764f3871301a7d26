"""What the benchmarks open and close with: names that are known, peers that are there, a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console

from spikeloom.bench.machine import peer_python
from spikeloom.bench.report import Report
from spikeloom.errors import ConfigError, suggest

NO_PEERS = "No peers here: build their environment with `make bench-peers`."


def check_names(bench: str, what: str, names: Iterable[str], known: Sequence[str]) -> None:
    """Refuse a name that nobody knows.

    Raises:
        ConfigError: With the nearest of the known names.

    >>> check_names("step", "peer", ["numba"], ("numpy", "numba"))
    """
    for name in names:
        if name not in known:
            raise ConfigError(f"bench {bench}: no {what} {name!r}.", hint=suggest(name, known))


def find_peers(
    folder: str, against: Sequence[str], given: Path | None = None
) -> tuple[Path | None, list[str]]:
    """The interpreter of the peers, and what to tell where there is none.

    Arguments:
        folder: Of their environment, sought from the current folder upwards.
        against: Which peers are wanted; without any nothing is missed.
        given: Interpreter that needs no search.

    >>> find_peers(".no-such-folder", ())
    (None, [])
    """
    python = given or peer_python(folder)
    return python, [NO_PEERS] if python is None and against else []


def finish(report: Report, json: Path | None, console: Console | None, *lines: str) -> Report:
    """Print the table, the notes and further lines, and write the file."""
    console = console or Console()
    report.show(console)
    for line in lines:
        console.print(f"  {line}", markup=False, highlight=False)
    if json is not None:
        report.write(json)
    return report


def ns_lines(report: Report) -> list[str]:
    """Of each row: ns for one step of one neuron on each side."""
    return [
        f"{row.case}, ns per neuron and step: "
        + "  ".join(
            f"{side} {ns:.2f}"
            for side, ns in {"ours": row.extra["ours_ns"], **row.extra["peers_ns"]}.items()
        )
        for row in report.rows
    ]
