"""What an engine gave for some steps, as recorders want to see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.engines.network_run import NetworkRun
from spikeloom.network.view import Group, View

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Piece:
    """Some steps of a run.

    Arguments:
        run: What the engine gave.
    """

    run: NetworkRun

    @property
    def first(self) -> int:
        """First step."""
        return self.run.first

    @property
    def last(self) -> int:
        """The step after the last."""
        return self.run.first + self.run.steps

    def spikes(self, group: Group, since: int = 0) -> tuple[Array, Array]:
        """Spikes of a group from step `since` on, in order of step and then neuron.

        Returns:
            Step of each, and which neuron of the group it was, counted over its parts.
        """
        at: list[Array] = []
        who: list[Array] = []
        low = 0
        for part in group.parts:
            steps, ids = self.run.spikes[part.population.index]
            here, place = within(part, ids)
            at.append(steps[here])
            who.append(place + low)
            low += len(part)
        when, neuron = np.concatenate(at), np.concatenate(who)
        if len(at) > 1:
            order = np.lexsort((neuron, when))
            when, neuron = when[order], neuron[order]
        if since > self.first:
            cut = int(np.searchsorted(when, since))
            when, neuron = when[cut:], neuron[cut:]
        return when, neuron

    def states(self, place: int, count: int, since: int = 0) -> tuple[Array, Array]:
        """Samples of `count` wishes that follow each other, side by side.

        Returns:
            The steps after which they were taken, (rows,), and the samples, (rows, neurons).
        """
        steps = self.run.trace_steps[place]
        found = self.run.traces[place : place + count]
        rows = found[0] if count == 1 else np.concatenate(found, axis=1)
        if since > self.first:
            cut = int(np.searchsorted(steps, since))
            steps, rows = steps[cut:], rows[cut:]
        return steps, rows

    def weights(self, place: int, scales: Sequence[float], since: int = 0) -> tuple[Array, Array]:
        """Copies of weights for as many wishes as there are scales, side by side and scaled.

        Returns:
            The steps after which they were taken, (rows,), and the weights, (rows, synapses).
        """
        if not scales:
            return np.empty(0, np.int64), np.empty((0, 0))
        steps = self.run.weight_steps[place]
        found = self.run.weights[place : place + len(scales)]
        low = int(np.searchsorted(steps, since))
        rows = [rows[low:] * scale for rows, scale in zip(found, scales, strict=True)]
        return steps[low:], np.concatenate(rows, axis=1)


def within(part: View, ids: Array) -> tuple[Any, Array]:
    """Which spikes are of a part, and which of its neurons they are."""
    if part.whole:
        return slice(None), ids
    place = np.minimum(np.searchsorted(part.ids, ids), len(part) - 1)
    here = part.ids[place] == ids
    return here, place[here]
