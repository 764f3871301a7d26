"""The report of the network benchmark on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from spikeloom.bench.report import Report, Row, seconds


def show(report: Report, verdicts: Sequence[dict[str, Any]], console: Console) -> None:
    """Print what was measured, and which figures were reached."""
    table = Table(title="spikeloom bench network", title_justify="left")
    table.add_column("case")
    for heading in ("ours", "peers", "ratio", "rate", "MB"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in report.rows:
        table.add_row(*cells(row))
    console.print(table)
    if verdicts:
        console.print(judgement(verdicts))
    for note in report.notes:
        console.print(f"  {note}", markup=False, highlight=False)


def cells(row: Row) -> list[str]:
    """One row in words: case, ours, peers, ratio to each, our rate, our peak."""
    activity = row.extra.get("activity", {})
    mine = next((value for name, value in activity.items() if name.startswith("ours")), None)
    return [
        row.case,
        seconds(row.ours_s),
        "\n".join(f"{name} {seconds(value)}" for name, value in row.peers.items()),
        "\n".join(f"{ratio(row, name):.2f}" for name in row.peers),
        "" if mine is None else f"{mine['rate']:.3g} Hz",
        "" if row.ours_peak_mb is None else f"{row.ours_peak_mb:.0f}",
    ]


def ratio(row: Row, peer: str) -> float:
    """Seconds of a peer for one of ours: round by round where there were rounds."""
    found = row.extra.get("ratios", {}).get(peer)
    return found["median"] if found else row.peers[peer] / row.ours_s


def judgement(verdicts: Sequence[dict[str, Any]]) -> Table:
    """What was set out for, and what was measured."""
    table = Table(title="figures to reach", title_justify="left")
    for heading in ("case", "figure", "wanted", "measured", ""):
        table.add_column(heading, justify="right" if heading in ("wanted", "measured") else "left")
    for v in verdicts:
        sign = "≥" if v["more"] else "≤"
        table.add_row(
            v["row"], v["figure"], f"{sign} {v['wanted']:g}", f"{v['measured']:.2f}", v["verdict"]
        )
    return table
