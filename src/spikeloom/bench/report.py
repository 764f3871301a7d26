"""What a benchmark found: rows, the JSON text that every benchmark shares, and a table."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from spikeloom.io.write import write_file


@dataclass(frozen=True, slots=True)
class Row:
    """One case, measured on every side.

    Arguments:
        case: What was run, in words.
        ours_s: Median seconds of our side.
        peers: Median seconds of each peer, empty where none is installed.
        max_abs_error: Largest difference between our results and a peer's; None without a peer.
        ours_peak_mb: Our growth of resident memory over one run, in MB.
        peers_peak_mb: The same for each peer.
        extra: Further figures of this benchmark, by name; they join the JSON object of the row.
    """

    case: str
    ours_s: float
    peers: dict[str, float] = field(default_factory=dict)
    max_abs_error: float | None = None
    ours_peak_mb: float | None = None
    peers_peak_mb: dict[str, float] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def best_peer(self) -> str | None:
        """Name of the fastest peer."""
        return min(self.peers, key=lambda name: self.peers[name]) if self.peers else None

    @property
    def ratio_to_best_peer(self) -> float | None:
        """Seconds of the fastest peer for one second of ours: above 1 we are the faster."""
        return self.peers[self.best_peer] / self.ours_s if self.best_peer else None

    @property
    def memory_ratio(self) -> float | None:
        """Our peak for one MB of the fastest peer's: below 1 we need less."""
        peer = self.peers_peak_mb.get(self.best_peer) if self.best_peer else None
        return None if not peer or self.ours_peak_mb is None else self.ours_peak_mb / peer

    def to_dict(self) -> dict[str, Any]:
        """The row as plain values, in the order of the format."""
        return {
            "case": self.case,
            "ours_s": self.ours_s,
            "peers": self.peers,
            "ratio_to_best_peer": self.ratio_to_best_peer,
            "max_abs_error": self.max_abs_error,
            "ours_peak_mb": self.ours_peak_mb,
            "peers_peak_mb": self.peers_peak_mb,
            "memory_ratio_to_best_peer": self.memory_ratio,
            **self.extra,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """All rows of one benchmark.

    >>> row = Row("tiny", 0.5, {"other": 2.0})
    >>> Report("neuron", {"cores": 2}, (row,)).to_dict()["rows"][0]["ratio_to_best_peer"]
    4.0
    """

    name: str
    machine: dict[str, Any]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The whole report as plain values."""
        return {
            "name": self.name,
            "machine": self.machine,
            "notes": list(self.notes),
            "rows": [row.to_dict() for row in self.rows],
        }

    def write(self, path: Path) -> None:
        """Write the JSON text in one move: the file is whole or it is not there.

        Raises:
            StorageError: The folder is missing, not writable or full.
        """
        write_file(path, json.dumps(self.to_dict(), indent=1) + "\n")

    def show(self, console: Console | None = None) -> None:
        """Print the report as a table."""
        table = Table(title=f"spikeloom bench {self.name}", title_justify="left")
        table.add_column("case")
        for heading in ("ours", "peers", "ratio", "error", "peak MB"):
            table.add_column(heading, justify="right", no_wrap=True)
        for row in self.rows:
            peers = "\n".join(f"{name} {seconds(s)}" for name, s in row.peers.items())
            ratio = row.ratio_to_best_peer
            peak = "" if row.ours_peak_mb is None else f"{row.ours_peak_mb:.1f}"
            if row.best_peer in row.peers_peak_mb:
                peak += f" / {row.peers_peak_mb[row.best_peer]:.1f}"
            table.add_row(
                row.case,
                seconds(row.ours_s),
                peers or "none installed",
                "" if ratio is None else f"{ratio:.2f}",
                "" if row.max_abs_error is None else f"{row.max_abs_error:.1e}",
                peak,
            )
        console = console or Console()
        console.print(table)
        for note in self.notes:
            console.print(f"  {note}", markup=False, highlight=False)


def seconds(value: float) -> str:
    """A time with a fitting unit.

    >>> seconds(0.0031)
    '3.1 ms'
    """
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "us")):
        if value * factor >= 1:
            return f"{value * factor:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"
