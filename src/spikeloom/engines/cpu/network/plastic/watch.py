"""Weights that are looked at while a network runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from spikeloom.engines.cpu.network.memory import Array
from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.engines.network_run import WeightTrace, check_weight_wishes, trace_steps


class Watch:
    """Wishes to keep weights: where a run must stop, and what was seen there.

    Arguments:
        plan: The network.
        wishes: What to keep.
    """

    def __init__(self, plan: NetworkPlan, wishes: Sequence[WeightTrace]) -> None:
        self._wishes = wishes
        self._synapses = check_weight_wishes(plan, wishes)
        self._kept: list[list[Array]] = [[] for _ in wishes]

    def until(self, step: int, most: int) -> int:
        """Steps from ``step`` on to the end of the first one after which there is something to
        keep, or ``most``."""
        ends = [-(-step // wish.every) * wish.every + 1 - step for wish in self._wishes]
        return min([most, *ends])

    def look(self, step: int, weights: Callable[[int, Array], Array]) -> None:
        """Keep what is wanted after a step."""
        for wish, chosen, kept in zip(self._wishes, self._synapses, self._kept, strict=True):
            if step % wish.every == 0:
                kept.append(weights(wish.projection, chosen))

    @property
    def rows(self) -> tuple[Array, ...]:
        """For each wish what was kept, (rows, synapses)."""
        return tuple(
            np.array(rows, np.float64).reshape(len(rows), len(chosen))
            for rows, chosen in zip(self._kept, self._synapses, strict=True)
        )

    def steps(self, first: int, steps: int) -> tuple[Array, ...]:
        """For each wish the steps after which rows were kept."""
        return tuple(trace_steps(first, steps, wish.every) for wish in self._wishes)
