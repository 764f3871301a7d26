"""A neuron on both sides of a connection, and its synapses on itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeloom.engines.wiring.reference import diagonal
from spikeloom.errors import ParameterError
from spikeloom.network.rules.all_to_all import AllToAll
from spikeloom.network.rules.fixed_probability import FixedProbability
from spikeloom.network.rules.rule import Rule
from spikeloom.network.view import Group

Array = np.ndarray[Any, np.dtype[Any]]


def own_shift(source: Group, target: Group) -> int | None:
    """The number s for which source i and target i + s are one neuron, and no others are.

    None where no neuron is on both sides, or where no such number exists.
    """
    partner = partners(source, target)
    rows = np.flatnonzero(partner >= 0)
    if not rows.size:
        return None
    shift = int(partner[rows[0]] - rows[0])
    first, last = diagonal(len(source), len(target), shift)
    same = np.array_equal(rows, np.arange(first, last))
    return shift if same and np.all(partner[rows] == rows + shift) else None


def partners(source: Group, target: Group) -> Array:
    """For each source the place of the same neuron among the targets, or -1."""
    found, low = np.full(len(source), -1, np.int64), 0
    for sender in source.parts:
        start = 0
        for receiver in target.parts:
            if sender.population is receiver.population:
                place = np.searchsorted(receiver.ids, sender.ids)
                inside = np.minimum(place, len(receiver) - 1)
                here = receiver.ids[inside] == sender.ids
                found[low : low + len(sender)][here] = start + inside[here]
            start += len(receiver)
        low += len(sender)
    return found


def without_autapses(
    rule: Rule, name: str, indptr: Array, targets: Array, source: Group, target: Group
) -> tuple[Array, Array]:
    """Take a neuron's synapses on itself out of a graph, where that leaves the rule as it is.

    Raises:
        ParameterError: The rule promises numbers that would then no longer hold.
    """
    partner = partners(source, target)
    if not (partner >= 0).any():
        return indptr, targets
    if not isinstance(rule, (FixedProbability, AllToAll)):
        raise ParameterError(
            f"{name}: {rule!r} without autapses cannot tell the neurons of these two groups apart.",
            hint="allow autapses=True, or connect whole populations or ranges of one",
        )
    rows = np.repeat(np.arange(len(source)), np.diff(indptr))
    keep = targets != partner[rows]
    before = np.zeros(len(keep) + 1, np.int64)
    np.cumsum(keep, out=before[1:])
    return before[indptr], targets[keep]
