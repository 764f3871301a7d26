"""The memory of a plastic projection: what changes, and what each thread works with."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeloom.compile.learning_program import RuleProgram
from spikeloom.engines.cpu.host import this_host
from spikeloom.engines.cpu.network.memory import Array, aligned
from spikeloom.engines.cpu.network.plastic.formulas import Formulas
from spikeloom.engines.learning_plan import LearningPlan
from spikeloom.engines.network_plan import ProjectionPlan

SHORTEST_HISTORY = 64
"""Events of a target that are kept at least before rows must be brought up to date."""
CHUNK = 1024
"""Synapses that are handled together: what belongs to them fits a first-level cache."""
SCRATCH = 1 << 22
"""Entries in the lists of a thread, for as long a history as that allows with full chunks."""


class Storage:
    """Everything of a projection that changes in a run.

    Where many rows of numbers are kept of each target, those of one kind and depth lie together.

    Arguments:
        plan: The projection.
        learning: Its plan of learning.
        sources: Size of the whole source population.
        width: Room for its targets.
        dtype: Of weights and traces.
    """

    def __init__(
        self, plan: ProjectionPlan, learning: LearningPlan, sources: int, width: int, dtype: str
    ) -> None:
        rule, count = learning.program, plan.targets.size
        f, self.rule, self.dtype, self.width = Formulas(rule), rule, dtype, width
        self.longest = max(plan.longest - learning.axonal, 0)
        self.weights = np.empty(count, dtype)
        self.weights[:] = plan.weights
        self.own = np.empty((len(rule.synapse) - 1, count), dtype)
        for row, name in zip(self.own, rule.synapse[1:], strict=True):
            row[:] = learning.start[name]
        self.depth = max(SHORTEST_HISTORY, self.longest + 3)
        self.steps = np.zeros((self.depth, width), np.int32)
        self.values = np.zeros((len(f.event_planes), self.depth, width), dtype)
        self.counts = np.ones(width, np.int32)
        if f.together:
            self.base_steps, self.base_values = self.steps, self.values
            self.base_counts = self.counts
        else:
            depth = self.longest + 3
            self.base_steps = np.zeros((depth, width), np.int32)
            self.base_values = np.zeros((len(f.base_planes), depth, width), dtype)
            self.base_counts = np.ones(width, np.int32)
        self.known_steps = np.zeros(width, np.int32)
        self.known_values = np.zeros((len(rule.post), width), dtype)
        for name, plane, known in zip(rule.post, self.base_values, self.known_values, strict=False):
            plane[0] = known[:] = learning.start[name]
        self.fresh = np.zeros((self.longest + 1, -(-width // 64)), np.uint64)
        self.sources = sources
        self.start = {n: learning.start[n] for level in (rule.pre, rule.shared) for n in level}
        self.together = f.together


class Scratch:
    """What one thread writes and nobody else reads: its own copy of the traces of the sources,
    which all threads move alike, and memory for its lists.

    Arguments:
        storage: Of the projection.
        axonal: Steps of the axon.
    """

    def __init__(self, storage: Storage, axonal: int) -> None:
        rule, dtype, sources = storage.rule, storage.dtype, storage.sources
        self.seen = np.full(sources, -1, np.int32)
        self.row = np.full(sources, -1, np.int32)
        self.when = np.full(sources, -1, np.int32)
        self.pre = _started(rule, rule.pre, storage.start, (sources,), dtype)
        self.shared = _started(rule, rule.shared, storage.start, (1,), dtype).ravel()
        self.reward = np.zeros(1, dtype)
        self.late_words = -(-sources // 64)
        self.late = np.zeros((axonal + 1, self.late_words), np.uint64)
        lanes = this_host().lanes(dtype)
        self.chunk = max(4 * lanes, min(CHUNK, SCRATCH // storage.depth) // lanes * lanes)
        room, lists = self.chunk + lanes, self.chunk * storage.depth + lanes
        whole: dict[str, int] = {
            **{"bases": room, "walk_place": 2 * room, "walk_target": 2 * room},
            **{"list_place": lists, "list_arrival": lists, "ids": sources if axonal else 0},
        }
        numbers = {
            "prior": room * len(rule.synapse),
            "sends": max(room, lanes * len(rule.post)),
        }
        self.memory: dict[str, Array] = {
            **{name: np.empty(size, np.int32) for name, size in whole.items()},
            **{name: aligned((size,), dtype) for name, size in numbers.items()},
            "firsts": np.zeros(storage.depth + 2, np.int64),
        }


def _started(
    rule: RuleProgram, names: tuple[str, ...], start: dict[str, float], shape: Any, dtype: str
) -> Array:
    del rule
    made = np.empty((len(names), *shape), dtype)
    for row, name in zip(made, names, strict=True):
        row[:] = start[name]
    return made
