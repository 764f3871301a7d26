"""Rewards at given times of runs to come."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Any

import numpy as np

from spikeloom.engines.network_run import NetworkEngine
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.values import check
from spikeloom.errors import ParameterError, ShapeError
from spikeloom.network.description import Description, Reward
from spikeloom.network.grid import whole_steps


def numbers(label: str, value: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Rewards as plain numbers.

    Raises:
        ParameterError: They are no numbers, or not finite.
    """
    from spikeloom.equations.units import one

    given = check(label, "reward", one, value)
    if not isinstance(given, Quantity):
        raise ParameterError(f"{label}: a reward is a number, got {given}.")
    return np.asarray(given.value, np.float64)


def scheduled(said: Description, label: str, name: str, value: Any, at: Any, now: int) -> None:
    """Take down rewards for times from now on; arguments as in `Projection.reward`."""
    times = np.atleast_1d(np.asarray(at.value)) if isinstance(at, Quantity) else [at]
    unit = at.unit if isinstance(at, Quantity) else 1
    steps = [whole_steps(f"{label}: at", t * unit, said.dt) for t in times]
    values = numbers(label, value)
    if values.shape not in ((), (len(steps),)):
        raise ShapeError(
            f"{label}: one reward or {len(steps)} of them, one for each time; got shape "
            f"{values.shape}."
        )
    if min(steps, default=now) < now:
        raise ParameterError(
            f"{label}: a reward at {at} is too late, the network is at step {now}."
        )
    each = np.broadcast_to(values, (len(steps),))
    said.rewards += [Reward(s, name, float(v)) for s, v in zip(steps, each, strict=True)]
    said.rewards.sort(key=_step)


def give(engine: NetworkEngine, said: Description) -> None:
    """Give the rewards of the step that the engine is about to run."""
    first = bisect_left(said.rewards, engine.step, key=_step)
    for reward in said.rewards[first : bisect_right(said.rewards, engine.step, key=_step)]:
        for place, projection in enumerate(engine.plan.projections):
            if projection.name == reward.connection:
                engine.reward(place, reward.value)


def until(engine: NetworkEngine, said: Description, most: int) -> int:
    """Steps until the next reward after this step; `most` where none is nearer."""
    coming = said.rewards[(n := bisect_right(said.rewards, engine.step, key=_step)) : n + 1]
    return min([*(r.step - engine.step for r in coming), most])


def _step(reward: Reward) -> int:
    return reward.step
