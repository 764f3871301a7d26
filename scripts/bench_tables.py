"""Prints the JSON files of `spikeloom bench` as the Markdown tables of docs/performance.md.

Usage: python scripts/bench_tables.py neuron.json step.json start.json network.json models.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from spikeloom.bench.models.table import markdown
from spikeloom.bench.network.targets import judged
from spikeloom.bench.report import Row, seconds


def table(report: dict[str, Any]) -> str:
    """One report; only columns that have something in them."""
    names = list(dict.fromkeys(name for row in report["rows"] for name in row["peers"]))
    extra = [key for key in ("ratio_to_copy", "ours_ns") if key in report["rows"][0]]
    heads = {"ratio_to_copy": "x copy", "ours_ns": "ours, ns"}
    columns = ["case", "ours", *names, "ratio", "error", "MB, ours / peer", *map(heads.get, extra)]
    lines = [f"| {' | '.join(map(str, columns))} |", "|---|" + "---:|" * (len(columns) - 1)]
    for row in report["rows"]:
        peers = row["peers"]
        best = min(peers, key=peers.get) if peers else None
        peak = [row["ours_peak_mb"], row["peers_peak_mb"].get(best)]
        cells = [row["case"], seconds(row["ours_s"])]
        cells += [seconds(peers[name]) if name in peers else "" for name in names]
        cells.append(number(row["ratio_to_best_peer"], "**{:.1f}**"))
        cells.append(number(row["max_abs_error"], "{:.0e}"))
        cells.append(" / ".join(number(value, "{:.0f}") for value in peak if value is not None))
        cells += [number(row[key], "{:.2f}") for key in extra]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def network(report: dict[str, Any]) -> str:
    """The network report: what was measured, and the figures that were set out for."""
    rows, peers = report["rows"], ("brian2", "nest")
    lines = [
        "| case | threads | ours | Brian2 | NEST | x Brian2 | x NEST | Hz | M events/s/core | MB | "
        "B/synapse, ours / Brian2 / NEST |",
        "|---|" + "---:|" * 10,
    ]
    for row in rows:
        side = next((name for name in row.get("cpu_s", {}) if name.startswith("ours")), "")
        rate = row["activity"][side]["rate"] if side else None
        events = row.get("events_per_s_core", {})
        own = events.get(side) if isinstance(events, dict) else events
        ratios = row.get("ratios", {})
        cells = [row["case"], str(row.get("threads", "")), seconds(row["ours_s"])]
        cells += [seconds(row["peers"][p]) if p in row["peers"] else "" for p in peers]
        for p in peers:
            plain = row["peers"][p] / row["ours_s"] if p in row["peers"] else None
            cells.append(number(ratios.get(p, {}).get("median", plain), "**{:.2g}**"))
        cells += [number(rate, "{:.3g}"), number(own and own / 1e6, "{:.0f}")]
        cells.append(number(row["ours_peak_mb"], "{:.0f}"))
        cells.append(" / ".join(each(row, side, *peers)))
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| case | figure | wanted | measured | |", "|---|---|---:|---:|---|"]
    for v in judged([Row(r["case"], r["ours_s"], r["peers"], extra=r) for r in rows]):
        sign = "≥" if v["more"] else "≤"
        lines.append(
            f"| {v['row']} | {v['figure']} | {sign} {v['wanted']:g} | {v['measured']:.2f} | "
            f"{v['verdict']} |"
        )
    return "\n".join([*lines, "", *(f"- {note}" for note in report["notes"])])


def each(row: dict[str, Any], *sides: str) -> list[str]:
    """Bytes of a synapse on each side, where there are so many that nothing else counts."""
    found = row.get("bytes_per_synapse", {})
    if row.get("synapses", 0) < 1e7:
        return []
    if not isinstance(found, dict):
        return [f"{found:.1f}"]
    return [f"{found[side]:.1f}" for side in sides if side in found]


def number(value: float | None, form: str) -> str:
    """A number, or nothing."""
    return "" if value is None else form.format(value)


if __name__ == "__main__":
    for path in sys.argv[1:]:
        report = json.loads(Path(path).read_text(encoding="utf-8"))
        machine = report["machine"]
        print(f"{report['name']}: {machine['date']}, {machine['cores']} cores\n")
        write = {"network": network, "models": markdown}.get(report["name"], table)
        print(write(report) + "\n")
