"""Synapses between groups become synapses between whole populations, one pair at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.network.view import Group, View

Array = np.ndarray[Any, np.dtype[Any]]

AT_ONCE = 1 << 20
"""Synapses that are looked at together."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Synapses of each source, one row after the other.

    Arguments:
        indptr: Row of source i is ``indptr[i]:indptr[i + 1]``, int64 (sources + 1,).
        targets: Target of each synapse, uint32 (synapses,), ascending within a row.
        weights: One number, or one of each synapse.
        delays: In steps, likewise.
    """

    indptr: Array
    targets: Array
    weights: Array
    delays: Array


def pairs(rows: Rows, source: Group, target: Group) -> Iterator[tuple[View, View, Rows]]:
    """Cut synapses between two groups into those between pairs of populations.

    Arguments:
        rows: Sources and targets counted through the groups.
        source, target: The groups.

    Returns:
        Of each pair, with or without synapses: its views, and its rows with sources and targets
        counted as in the whole populations. Drawn weights and delays stay with their synapses.
    """
    low = 0
    for sender in source.parts:
        high = low + len(sender)
        first, last = rows.indptr[low], rows.indptr[high]
        own = rows.indptr[low : high + 1] - first
        block = slice(int(first), int(last))
        cut = Rows(
            own, rows.targets[block], _taken(rows.weights, block), _taken(rows.delays, block)
        )
        for receiver, part in _by_target(cut, target):
            yield sender, receiver, _spread(part, sender, receiver)
        low = high


def _by_target(rows: Rows, target: Group) -> Iterator[tuple[View, Rows]]:
    if len(target.parts) == 1:
        yield target.parts[0], rows
        return
    low = 0
    for receiver in target.parts:
        yield receiver, _between(rows, low, low + len(receiver))
        low += len(receiver)


def _between(rows: Rows, low: int, high: int) -> Rows:
    """The synapses on some of the targets, looked through a block at a time to save memory."""

    def blocks() -> Iterator[tuple[slice, Array]]:
        for first in range(0, len(rows.targets), AT_ONCE):
            block = slice(first, min(first + AT_ONCE, len(rows.targets)))
            targets = rows.targets[block]
            yield block, (targets >= low) & (targets < high)

    total = sum(int(np.count_nonzero(keep)) for _, keep in blocks())

    def room(values: Array) -> Array:
        return np.empty(total, values.dtype) if np.ndim(values) else values

    made = Rows(
        np.zeros(len(rows.indptr), np.int64),
        *(np.empty(total, np.uint32), room(rows.weights), room(rows.delays)),
    )
    end = 0
    for block, keep in blocks():
        before = np.zeros(len(keep) + 1, np.int32)
        np.cumsum(keep, out=before[1:])
        first, last = np.searchsorted(rows.indptr, (block.start, block.stop), side="right")
        own = slice(int(first), int(last))  # rows that end within the block
        made.indptr[own] = before[rows.indptr[own] - block.start]
        made.indptr[own] += end
        here = slice(end, end + int(before[-1]))
        np.subtract(rows.targets[block][keep], np.uint32(low), out=made.targets[here])
        for values, taken in ((rows.weights, made.weights), (rows.delays, made.delays)):
            if np.ndim(values):
                taken[here] = values[block][keep]
        end = here.stop
    return made


def _spread(rows: Rows, sender: View, receiver: View) -> Rows:
    indptr, targets = rows.indptr, rows.targets
    if not sender.whole:
        counts = np.zeros(sender.population.size, np.int64)
        counts[sender.ids] = np.diff(indptr)
        indptr = np.concatenate([[0], np.cumsum(counts)])
    if not receiver.whole:
        targets = receiver.ids.astype(np.uint32)[targets]  # ids ascend, so rows stay in order
    return Rows(indptr, targets, rows.weights, rows.delays)


def _taken(values: Array, chosen: slice | Array) -> Array:
    return values if np.ndim(values) == 0 else values[chosen]
