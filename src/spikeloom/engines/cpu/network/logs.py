"""Reading the logs in which native threads note who spiked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikeloom.engines.cpu.network.memory import Array


def spikes_of(
    logs: Sequence[Array], ends: Array, populations: int, first: int, steps: int
) -> list[tuple[Array, Array]]:
    """Steps and neurons of each population in the logs, in order of step and then neuron."""
    marks = ends[:, : steps * populations + 1]
    ids = np.concatenate([log[: row[-1]] for log, row in zip(logs, marks, strict=True)])
    # Which step and population an entry belongs to: step * populations + population.
    label = np.concatenate([np.repeat(np.arange(row.size - 1), np.diff(row)) for row in marks])
    found = []
    for place in range(populations):
        here = slice(None) if populations == 1 else label % populations == place
        who, at = ids[here].astype(np.int64), label[here] // populations
        if len(logs) > 1:
            # Sixteen bits are sorted without comparisons; threads follow each other in each step.
            order = np.argsort(at.astype(np.uint16), kind="stable")
            who, at = who[order], at[order]
        found.append((at + first, who))
    return found


def under(mask: Array, spikes: tuple[Array, Array]) -> tuple[Array, Array]:
    if mask.all():
        return spikes
    at, who = spikes
    kept = mask[who]
    return at[kept], who[kept]


def joined(parts: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    if len(parts) == 1:
        return parts[0]
    empty = np.empty(0, np.int64)
    return (
        np.concatenate([empty, *(at for at, _ in parts)]),
        np.concatenate([empty, *(who for _, who in parts)]),
    )
