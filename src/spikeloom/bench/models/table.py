"""The report of the models on the terminal and as Markdown, and how many reach what was wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from spikeloom.bench.report import Report, Row

AXON = "axon"
WANTED: Mapping[str, float] = {"models": 4.0, AXON: 2.0}
"""How many times faster than the best peer."""


def ratio(row: Row) -> float | None:
    """Seconds of the best peer for one of ours, round by round."""
    return row.ratio_to_best_peer


def show(report: Report, console: Console) -> None:
    """A table for each precision and number of threads, the axon, and the notes."""
    models = [row for row in report.rows if row.extra["model"] != AXON]
    for dtype, threads in dict.fromkeys((r.extra["dtype"], r.extra["threads"]) for r in models):
        rows = [r for r in models if (r.extra["dtype"], r.extra["threads"]) == (dtype, threads)]
        clock = rows[0].extra["clock"]
        title = f"{dtype}, {threads} thread{'s' * (threads > 1)}, {clock} ns a neuron and step"
        table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
        table.add_column("model", no_wrap=True)
        for heading in ("ours", "Brian2", "ratio (range)", "floor", "both / floor"):
            table.add_column(heading, justify="right", no_wrap=True)
        for row in rows:
            table.add_row(row.extra["model"], *cells(row.to_dict()))
        console.print(table)
    cable = tuple(row for row in report.rows if row.extra["model"] == AXON)
    if cable:
        Report(AXON, report.machine, cable).show(console)
    for note in report.notes:
        console.print(f"  {note}", markup=False, highlight=False)


def cells(row: Mapping[str, Any]) -> list[str]:
    """Ours, Brian2's, their ratio with its range, the floor, and both as multiples of it.

    Brian2's has an ``o`` where OpenMP was the quickest, an ``s`` where its threads spin.
    """
    ours, floor = row["ours_ns"], row["floor_ns"]
    theirs, found = row["peers_ns"].get("brian2"), row["ratios"].get("brian2")
    way = row["peers_way"].get("brian2", "")
    mark = {"openmp": " o", "openmp, spinning": " s"}.get(way, "")
    return [
        f"{ours:.2f}",
        "" if theirs is None else f"{theirs:.2f}{mark}",
        ""
        if found is None
        else f"{found['median']:.1f} ({_short(found['low'])}-{_short(found['high'])})",
        f"{floor:.2f}",
        _short(ours / floor) + ("" if theirs is None else f", {_short(theirs / floor)}"),
    ]


def _short(times: float) -> str:
    """Two digits or more."""
    return f"{times:.1f}" if times < 10 else f"{times:.0f}"


def reached(rows: Sequence[Row], models: int) -> list[str]:
    """How many of so many models reach what was wanted, and how many cannot by their floor."""
    lines: list[str] = []
    wanted = WANTED["models"]
    peers = [row for row in rows if row.peers]
    plain = [row for row in peers if row.extra["model"] != AXON]
    for threads in sorted({row.extra["threads"] for row in plain}):
        told: list[str] = []
        these = [row for row in plain if row.extra["threads"] == threads]
        for dtype in dict.fromkeys(row.extra["dtype"] for row in these):
            some = [row for row in these if row.extra["dtype"] == dtype]
            fast = sum((ratio(row) or 0) >= wanted for row in some)
            over = [row.extra["peers_ns"]["brian2"] / row.extra["floor_ns"] for row in some]
            far = sum(times < wanted for times in over)
            told.append(f"{dtype} {fast} of {models} ({far} have Brian2 below {wanted:g} floors)")
        count = f"{threads} thread{'s' * (threads > 1)}"
        lines.append(f"{wanted:g} times Brian2 is reached, {count}: {', '.join(told)}.")
    cable = [row for row in peers if row.extra["model"] == AXON]
    for row in cable:
        lines.append(
            f"{WANTED[AXON]:g} times the best peer, {row.case}: "
            + ("reached" if (ratio(row) or 0) >= WANTED[AXON] else "not reached")
            + f" ({ratio(row):.1f}, {row.best_peer})."
        )
    return lines


def markdown(report: Mapping[str, Any]) -> str:
    """The JSON of a report as the tables of docs/performance.md, one for each number of threads."""
    plain = [row for row in report["rows"] if row["model"] != AXON]
    dtypes = sorted({row["dtype"] for row in plain}, reverse=True)
    parts: list[str] = []
    for threads in sorted({row["threads"] for row in plain}):
        rows = {(r["model"], r["dtype"]): r for r in plain if r["threads"] == threads}
        heads = "".join(f" {d}: ours, Brian2, floor (ns) | ratio |" for d in dtypes)
        lines = [f"| model | method |{heads}", "|---|---|" + "---:|---:|" * len(dtypes)]
        for model in dict.fromkeys(name for name, _ in rows):
            some = [rows.get((model, dtype)) for dtype in dtypes]
            method = next(row["method"] for row in some if row)
            lines.append(
                f"| `{model}` | {method.removesuffix('()')} |"
                + "".join(_markdown(row) for row in some)
            )
        clock = "processor time" if threads == 1 else "time on the wall"
        parts.append(f"{threads} thread{'s' * (threads > 1)}, {clock}:\n\n" + "\n".join(lines))
    parts.append("\n".join(f"- {note}" for note in report["notes"]))
    return "\n\n".join(parts)


def _markdown(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "  | not timed |"
    ours, theirs, _, floor, *_ = cells(row)
    found = row["ratios"].get("brian2")
    shown = "" if found is None else f"{found['median']:.1f}"
    return f" {ours}, {theirs.rstrip(' os')}, {floor} | {shown} |"
