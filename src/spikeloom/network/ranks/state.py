"""The state of a network that is spread over processes, as that of the whole, and back.

A file of a `checkpoint` holds the whole, so it does not matter how many processes wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.errors import EngineError
from spikeloom.network.ranks.synapses import merged, mine
from spikeloom.network.ranks.team import Team

Array = np.ndarray[Any, np.dtype[Any]]
EVERYWHERE = (
    *("fired", "frozen", "pre", "shared", "since.pre", "since.shared"),
    *("since.start", "since.tick", "since.rows"),
)
TARGETS = ("events", "post", "seen", "since.post", "since.events")
SYNAPSES = ("synapse", "since.synapse")
"""Names of what a projection that learns keeps: the same in all processes, one for each of the
neurons of this one (last axis), or one for each of its synapses."""


def whole_state(team: Team, plan: NetworkPlan, state: Mapping[str, Array]) -> dict[str, Array]:
    """The state of all neurons and synapses, from the part of each process."""
    found: dict[str, Array] = {}
    for key, value in state.items():
        kind, place = _owner(key)
        if kind == "everywhere":
            found[key] = value
        elif kind == "neurons":
            found[key] = team.joined(key, value)
        else:
            found[key] = merged(team, plan.projections[place].indptr, value)
    return found


def own_state(team: Team, plan: NetworkPlan, whole: Mapping[str, Array]) -> dict[str, Array]:
    """The part of this process of a state of all neurons and synapses."""
    found: dict[str, Array] = {}
    for key, value in whole.items():
        kind, place = _owner(key)
        if kind == "everywhere":
            found[key] = value
        elif kind == "neurons":
            if key.startswith("learning."):
                place = plan.projections[place].target
            p = plan.populations[place]
            found[key] = value[..., p.first : p.first + p.size]
        else:
            found[key] = mine(team, plan.projections[place].indptr, value)
    return found


def _owner(key: str) -> tuple[str, int]:
    """What an array of a state has one number for, and of which population or projection."""
    kind, _, rest = key.partition(".")
    if key == "step":
        return "everywhere", 0
    place, _, name = rest.partition(".")
    if kind == "wave":  # an input that all neurons share
        return "everywhere", int(place)
    if kind in ("states", "coming", "walk"):
        return "neurons", int(place)
    if kind == "learning":
        for names, found in (
            (EVERYWHERE, "everywhere"),
            (TARGETS, "neurons"),
            (SYNAPSES, "synapses"),
        ):
            if any(name == n or name.startswith(f"{n}.") for n in names):
                return found, int(place)
    raise EngineError(
        f"network: {key!r} is a state that cannot be spread over processes yet.",
        hint="Network(ranks=1), without torchrun",
    )
