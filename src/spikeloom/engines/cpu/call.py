"""One call of a kernel: its slots filled in, its tile chosen, its columns given to threads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from spikeloom.compile.program import Program
from spikeloom.engines.cpu import pool
from spikeloom.engines.cpu.library import prepare
from spikeloom.engines.cpu.variant import Variant

Array = np.ndarray[Any, np.dtype[Any]]
FORWARD_BYTES = 16 * 1024
"""States of a tile in the forward kernel: half of a first-level cache."""
BACKWARD_BYTES = 512 * 1024
"""Kept states and inputs of a tile in the backward kernel: part of a second-level cache."""
LARGEST_TILE = 4096
TOGETHER = 4
"""Steps that a group of columns takes in registers before the next group has its turn."""
STREAM_BYTES = 8 * 1024 * 1024
"""Results from this size on go past the caches: nobody would find them there later."""
LINE = 64
"""Bytes of a line of a cache."""
GUARD = 64
"""Columns beyond the end that a kernel may read or write in memory of its own."""


def padded(columns: int) -> int:
    """Columns with room for every group that a kernel touches."""
    return -(-columns // GUARD) * GUARD


def tile_columns(variant: Variant, states: int, every: int) -> int:
    """Columns that go through time together, a multiple of the group size."""
    size = 4 if variant.dtype == "float32" else 8
    if variant.kind == "forward":
        each, budget = (states + len(variant.columns)) * size, FORWARD_BYTES
    else:
        kept = (states + len(variant.inputs) + variant.grad_out) * every
        each, budget = (kept + states + 2 * len(variant.want_coefs)) * size, BACKWARD_BYTES
    columns = budget // max(each, 1) // GUARD * GUARD
    return min(max(columns, GUARD), LARGEST_TILE)


def _streams(variant: Variant, given: Mapping[str, int], row: int, steps: int) -> bool:
    """Whether the results are too large for a cache to hold them, and lie on whole lines of it."""
    targets = [at for name, at in given.items() if name == "out" or name.startswith("grad:input:")]
    large = variant.kind != "simulate" and steps * row >= STREAM_BYTES
    return large and row % LINE == 0 and all(at % LINE == 0 for at in targets)


def pack_columns(columns: Mapping[str, Array], batch: int, features: int, dtype: str) -> Array:
    """Coefficients that differ, repeated over the batch: (coefs, padded columns)."""
    width = batch * features
    table = np.zeros((len(columns), padded(width)), dtype)
    for row, value in zip(table, columns.values(), strict=True):
        row[:width].reshape(batch, features)[:] = value
    return table


def run_kernel(
    program: Program,
    variant: Variant,
    given: Mapping[str, int],
    width: int,
    *,
    threads: int | None,
    steps: int,
    every: int = 1,
) -> None:
    """Fill the slots and run the kernel over all columns.

    Arguments:
        program: What to run.
        variant: Which kernel of it.
        given: Slot name -> number or address, without those that follow from the rest.
        width: Columns.
        threads: Most threads to use.
        steps: T.
        every: Steps in a segment.
    """
    size = 4 if variant.dtype == "float32" else 8
    if _streams(variant, given, width * size, steps):
        variant = replace(variant, stream=True)
    ready = prepare(program, variant)
    states = len(program.states)
    tile = tile_columns(variant, states, every)
    words = {
        **given,
        "steps": steps,
        "width": width,
        "padded": padded(width),
        "tile": tile,
        "every": max(every, 1),
        "together": TOGETHER,
    }
    table = np.array([words[name] for name in ready.slots], np.int64)
    scratch = states * tile * size
    if variant.kind == "backward":
        scratch *= every + 2
    pool.run(
        ready.native,
        table,
        width,
        group=ready.group,
        scratch=scratch if variant.kind != "simulate" else 0,
        work=ready.work * steps * width,
        threads=threads,
    )
