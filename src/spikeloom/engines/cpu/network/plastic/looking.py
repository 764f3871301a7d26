"""What can be seen of plastic synapses between two steps, and changed by hand."""

from __future__ import annotations

import numpy as np

from spikeloom.compile.numeric import run_block
from spikeloom.engines.cpu.network.memory import Array
from spikeloom.engines.cpu.network.plastic.synapses import PlasticSynapses
from spikeloom.engines.cpu.network.plastic.words import STORED

Values = dict[str, Array]


def weights(s: PlasticSynapses, now: int, chosen: Array | None = None) -> Array:
    """w of some synapses after step ``now``, float64, in the unit of the rule; None for all."""
    if chosen is None:
        s.sync(now)
    else:
        s.sync_some(now, np.unique(np.searchsorted(s.plan.indptr, chosen, side="right") - 1))
    return np.array(_synapse(s, now, chosen)["w"], np.float64)


def set_weights(s: PlasticSynapses, now: int, values: Array, chosen: Array | None) -> None:
    """Replace w of some synapses after step ``now``."""
    s.sync(now)
    _settle(s, now)
    s.storage.weights[slice(None) if chosen is None else chosen] = values


def freeze(s: PlasticSynapses, now: int, frozen: bool) -> None:
    """Hold w after step ``now``, or let it go."""
    s.sync(now)
    _settle(s, now)
    s.frozen = frozen


def traces(s: PlasticSynapses, now: int) -> Values:
    """Every trace of the rule after step ``now``; of the targets in their own time."""
    s.sync(now)
    rule, store, scratch = s.rule, s.storage, s.scratch[0]
    size = s.size
    pre = dict(zip(rule.pre, scratch.pre, strict=True))
    found = _moved(s, "pre", pre, now - scratch.when)
    post = {n: x[0, :size] for n, x in zip(rule.post, store.base_values, strict=False)}
    known = np.maximum(store.base_steps[0, :size], s.get("birth") + 1) - STORED
    since = np.maximum(now - known, 0)
    found |= _moved(s, "post", post, since)
    shared = {n: np.asarray(x) for n, x in zip(rule.shared, scratch.shared, strict=True)}
    found |= _moved(s, "shared", shared, np.asarray(now - s.get("shared_at")))
    found |= {n: x for n, x in _synapse(s, now, None).items() if n != "w"}
    return {n: np.array(x, np.float64) for n, x in found.items()}


def _synapse(s: PlasticSynapses, now: int, chosen: Array | None) -> Values:
    """States of synapses that are up to date, brought to step ``now``."""
    here = slice(None) if chosen is None else chosen
    rows = (s.storage.weights, *s.storage.own)
    values = {n: x[here] for n, x in zip(s.rule.synapse, rows, strict=True)}
    if not s.formulas.flows:
        return values
    found = _moved(s, "synapse", values, now - _bases(s, now)[here])
    return found | {"w": values["w"]} if s.frozen else found


def _bases(s: PlasticSynapses, now: int) -> Array:
    """Step of the last event of each synapse; all are up to date."""
    row = np.repeat(s.scratch[0].row, np.diff(s.plan.indptr))
    base = np.maximum(row, s.get("ticked")).astype(np.int64)
    birth, steps = s.get("birth"), s.storage.steps
    targets = s.plan.targets.astype(np.int64)
    late = np.broadcast_to(s.plan.delays, targets.shape).astype(np.int64) - s.learning.axonal
    left = np.arange(targets.size) if s.formulas.replays else np.empty(0, np.int64)
    for plane in steps:
        if left.size == 0:
            break
        stored = plane[targets[left]].astype(np.int64)
        arrival = stored - STORED + late[left]
        known = (arrival <= now) & (stored > birth)
        base[left[known]] = np.maximum(base[left[known]], arrival[known])
        left = left[~known & (stored > birth)]
    return base


def _moved(s: PlasticSynapses, level: str, values: Values, steps: Array) -> Values:
    block = s.rule.blocks.get(f"decay.{level}")
    if block is None or not values:
        return values
    leaves: Values = {f"coef:{n}": np.asarray(x) for n, x in s.learning.coefs.items()}
    leaves |= {f"state:{n}": x for n, x in values.items()} | {"event:steps": steps}
    given = run_block(block, leaves)
    return values | {n.removeprefix("state:"): x for n, x in given.items()}


def _settle(s: PlasticSynapses, now: int) -> None:
    """Where w flows, a hand on it is an event of every synapse."""
    if "w" not in s.rule.gives("decay.synapse"):
        return
    moved = _synapse(s, now, None)
    for row, name in zip((s.storage.weights, *s.storage.own), s.rule.synapse, strict=True):
        row[:] = moved[name]
    s.set("ticked", now)
