"""What makes two networks one: fingerprints of all that was said, part by part.

A state fits into another process, on another number of threads or ranks, if the same was said about
the network there. So what is compared is what was said, not what was built of it; of the synapses,
whose number depends on how they are drawn, sums over all of them are compared too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.equations.learning import LearningRule
from spikeloom.equations.model_value import ModelValue
from spikeloom.equations.quantity import Quantity
from spikeloom.network.description import Description, Setting
from spikeloom.network.settings import units_of
from spikeloom.network.sources import Spikes
from spikeloom.network.view import Group, Population, View

Array = np.ndarray[Any, np.dtype[Any]]


def identity(said: Description, plan: NetworkPlan) -> dict[str, str]:
    """Name of each part → its fingerprint, in the order in which they were made.

    Arguments:
        said: What the user has said.
        plan: What came of it, or the part of it that this process holds.
    """
    found = {
        "the time step": imprint(said.dt),
        "the seed": imprint(said.seed),
        "the precision": imprint(plan.dtype),
    }
    for member, built in zip(said.members, plan.populations, strict=True):
        population = member.population
        own = [s for s in said.settings if s.view.population is population]
        states = units_of(member)["state"]
        found[f"population {population.name!r}"] = imprint(
            population.name,
            built.senders,
            built.program.key,
            built.channels,
            member.receptors.cell().values,
            population.neuron if isinstance(population.neuron, Spikes) else None,
            {k: v for k, v in member.values.items() if k not in states},
            population.positions,
            repr(member.method),
            [_setting(s) for s in own if s.name not in states],
        )
    for connection in said.connections:
        found[f"connection {connection.name!r}"] = imprint(connection)
    kept = ("members", "connections", "settings", "recorders", "rewards")
    for each in fields(said):
        things = getattr(said, each.name)
        if isinstance(things, list) and each.name not in kept:
            for number, thing in enumerate(things):
                found[f"number {number + 1} of its {each.name}"] = imprint(thing)
    return found


def sums(plan: NetworkPlan) -> list[list[int]]:
    """Of each projection: its synapses, and sums over their sources, targets, weights and delays.

    Those of the parts of a network add up to those of the whole, modulo 2⁶⁴.
    """
    found: list[list[int]] = []
    for projection in plan.projections:
        p = projection.sample
        rows = np.diff(p.indptr).astype(np.uint64)
        count = int(p.indptr[-1])
        source = rows @ np.arange(len(rows), dtype=np.uint64)
        first = plan.populations[p.target].first
        target = np.sum(p.targets, dtype=np.uint64) + np.uint64(count * first)
        values = [_bits(np.asarray(x), count) for x in (p.weights, p.delays)]
        found.append([count, int(source), int(target), *values])
    return found


def imprint(*things: Any) -> str:
    """A fingerprint of values, the same in every process.

    >>> imprint(1, [2.0, None]) == imprint(1, [2.0, None]), imprint(1) == imprint(2)
    (True, False)
    """
    total = hashlib.blake2b(digest_size=16)
    _put(total, things)
    return total.hexdigest()


def _put(total: Any, thing: Any) -> None:
    kind = type(thing).__name__
    if isinstance(thing, np.ndarray):
        total.update(f"{thing.dtype.str} {thing.shape} ".encode())
        total.update(np.ascontiguousarray(thing).data)
    elif isinstance(thing, Quantity):
        _put(total, (np.asarray(thing.value), repr(thing.unit)))
    elif isinstance(thing, Population | View | Group):
        parts = (thing.all,) if isinstance(thing, Population) else ()
        parts = (thing,) if isinstance(thing, View) else parts
        for part in thing.parts if isinstance(thing, Group) else parts:
            _put(total, (part.population.name, None if part.whole else part.ids))
    elif isinstance(thing, LearningRule):  # nothing built holds its equations
        _put(total, (kind, str(thing), thing.values, thing.scale))
    elif isinstance(thing, ModelValue):
        _put(total, (kind, thing.values))
    elif isinstance(thing, Mapping):
        _put(total, sorted(thing.items()))
    elif isinstance(thing, list | tuple):
        total.update(f"{len(thing)}[".encode())
        for each in thing:
            _put(total, each)
    elif is_dataclass(thing) and not isinstance(thing, type):
        _put(total, (kind, [getattr(thing, f.name) for f in fields(thing) if f.compare]))
    else:
        # What is known by its place in memory only says what it is.
        text = repr(thing)
        total.update(f"{kind} {'' if ' at 0x' in text else text};".encode())


def _setting(setting: Setting) -> tuple[Any, ...]:
    return (setting.view, setting.name, setting.value, setting.number, setting.seed)


def _bits(values: Array, count: int) -> int:
    if values.ndim == 0:
        return _bits(values.reshape(1), 1) * count % 2**64
    whole = values if values.dtype.kind in "ui" else values.view(f"u{values.itemsize}")
    return int(np.sum(whole[:count], dtype=np.uint64))
