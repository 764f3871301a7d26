"""The state of plastic synapses as arrays, alike whatever was looked at and however runs were cut.

All rows are brought up to date first. Of the history only those entries are left that a synapse may
still ask for, so its size follows from the longest delay alone.
"""

from __future__ import annotations

import numpy as np

from spikeloom.engines.cpu.network.memory import Array
from spikeloom.engines.cpu.network.plastic.synapses import PlasticSynapses
from spikeloom.engines.cpu.network.plastic.words import STORED


def save(s: PlasticSynapses, step: int) -> dict[str, Array]:
    """Every array that is needed to go on; ``step`` steps are done.

    What tells of steps has ``since.`` in its name.
    """
    s.sync(step - 1)
    store, scratch, rule, size = s.storage, s.scratch[0], s.rule, s.size
    saved = {"synapse.w": store.weights.copy(), "frozen": np.array(s.frozen)}
    saved |= {f"synapse.{n}": x.copy() for n, x in zip(rule.synapse[1:], store.own, strict=True)}
    saved |= {f"pre.{n}": x.copy() for n, x in zip(rule.pre, scratch.pre, strict=True)}
    saved |= {f"shared.{n}": np.array(x) for n, x in zip(rule.shared, scratch.shared, strict=True)}
    saved |= {
        "since.start": np.array(s.get("birth") - 1),
        "since.pre": scratch.when.copy(),
        "since.rows": scratch.row.copy(),
        "since.shared": np.array(s.get("shared_at")),
        "since.tick": np.array(s.get("ticked")),
    }
    for kind, steps, values, counts in _histories(s):
        depth, birth = _depth(s), s.get("birth")
        kept = _needed(s, steps[:depth, :size], counts[:size], step)
        real = kept & (steps[:depth, :size] > birth)
        saved[f"since.{kind}"] = np.where(real, steps[:depth, :size] - STORED, birth - 1)
        saved[f"{kind}.count"] = real.sum(axis=0, dtype=np.int32)
        saved[f"{kind}.values"] = np.where(kept, values[:, :depth, :size], 0).astype(values.dtype)
    if rule.reads:
        saved["seen"] = s.planes[:, _rooms(s, step), :size].copy()
    if s.learning.axonal:
        saved["fired"] = scratch.late.copy()
    return saved


def load(s: PlasticSynapses, state: dict[str, Array], step: int) -> None:
    """Go on from what `save` gave."""
    store, rule, size = s.storage, s.rule, s.size
    s.frozen = bool(state["frozen"])
    store.weights[:] = state["synapse.w"]
    for row, name in zip(store.own, rule.synapse[1:], strict=True):
        row[:] = state[f"synapse.{name}"]
    for scratch in s.scratch:
        for row, name in zip(scratch.pre, rule.pre, strict=True):
            row[:] = state[f"pre.{name}"]
        for k, name in enumerate(rule.shared):
            scratch.shared[k] = state[f"shared.{name}"]
        scratch.when[:], scratch.row[:] = state["since.pre"], state["since.rows"]
        scratch.seen[:] = step - 1
        if s.learning.axonal:
            scratch.late[:] = state["fired"]
    for name, key in (("shared_at", "shared"), ("ticked", "tick")):
        s.set(name, int(state[f"since.{key}"]))
    s.set("birth", int(state["since.start"]) + 1)
    s.set("least", step - 1)
    for kind, steps, values, counts in _histories(s):
        depth = _depth(s)
        real = np.arange(depth)[:, None] < state[f"{kind}.count"]
        used = int(counts.max(initial=1))  # memory beyond was never touched, and may be large
        steps[:used], values[:, :used] = 0, 0
        steps[:depth, :size] = np.where(real, state[f"since.{kind}"] + STORED, s.get("birth"))
        values[:, :depth, :size] = state[f"{kind}.values"]
        counts[:size] = state[f"{kind}.count"] + 1
    if rule.reads:
        s.planes[:, _rooms(s, step), :size] = state["seen"]
    _show(s, step)


def _show(s: PlasticSynapses, step: int) -> None:
    """Find anew what synapses see of the traces of their targets, and what is on its way."""
    store, late = s.storage, s.storage.longest
    if not s.rule.post or s.spread:
        return
    store.fresh[:] = 0
    unknown = np.ones(store.width, bool)
    for depth, steps in enumerate(store.base_steps[: _depth(s)]):
        known = unknown & ((steps - STORED + late < step) | (steps <= s.get("birth")))
        store.known_steps[known] = steps[known]
        for place in range(len(s.rule.post)):
            store.known_values[place, known] = store.base_values[place, depth, known]
        unknown &= ~known
        for target in np.flatnonzero(unknown):
            word = (int(steps[target]) - STORED) % (late + 1), target // 64
            store.fresh[word] |= np.uint64(1 << int(target) % 64)


def _histories(s: PlasticSynapses) -> list[tuple[str, Array, Array, Array]]:
    store, found = s.storage, list[tuple[str, Array, Array, Array]]()
    if s.formulas.replays:
        found.append(("events", store.steps, store.values, store.counts))
    if s.rule.post and not store.together:
        found.append(("post", store.base_steps, store.base_values, store.base_counts))
    return found


def _depth(s: PlasticSynapses) -> int:
    """Most entries of a history that are needed when all rows are up to date: one of each step."""
    return s.storage.longest + 2


def _needed(s: PlasticSynapses, steps: Array, counts: Array, step: int) -> Array:
    """Entries that a synapse may still ask for: those that it may not know yet, and one more."""
    there = np.arange(len(steps))[:, None] < counts
    late = steps - STORED + s.storage.longest
    recent = there & (steps > s.get("birth")) & (late > step - 1)
    one_more = np.arange(len(steps))[:, None] == recent.sum(axis=0)
    return recent | (one_more & there)


def _rooms(s: PlasticSynapses, step: int) -> Array:
    """Where the states of the last steps are kept, the earliest first."""
    return np.arange(step - s.remembered, step) % s.rows_planes
