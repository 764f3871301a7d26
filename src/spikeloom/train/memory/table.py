"""A memory plan for the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from spikeloom.train.memory.plan import MemoryPlan, megabytes

LARGE = 100_000_000
"""Bytes of activations from which on a table is worth its lines."""
SMALL = 10_000_000
"""Bytes below which memory is nobody's worry."""


def show_plan(console: Console, plan: MemoryPlan) -> None:
    """One line; above it a table by layer if the step is large or something is computed again."""
    saves = plan.saves
    quiet = plan.peak < SMALL and not saves.recompute and saves.segment is None
    if quiet:
        return
    if plan.activations >= LARGE or saves.recompute or saves.segment is not None:
        table = Table(box=None, pad_edge=False)
        for head in ("layer", "output", "waits", "as"):
            table.add_column(head, justify="right" if head in ("output", "waits") else "left")
        for row in plan.rows:
            table.add_row(row.name, megabytes(row.output), megabytes(row.kept), row.form)
        console.print(table)
    console.print(plan.summary, highlight=False, soft_wrap=True, markup=False)
