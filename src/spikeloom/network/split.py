"""Synapses between groups become synapses between whole populations, one pair at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.network.view import Group, View

Array = np.ndarray[Any, np.dtype[Any]]


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
        high = low + len(receiver)
        keep = (rows.targets >= low) & (rows.targets < high)
        before = np.zeros(len(keep) + 1, np.int64)
        np.cumsum(keep, out=before[1:])
        yield (
            receiver,
            Rows(
                before[rows.indptr],
                rows.targets[keep] - np.uint32(low),
                _taken(rows.weights, keep),
                _taken(rows.delays, keep),
            ),
        )
        low = high


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
