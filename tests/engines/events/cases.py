"""Neurons and drives for the event engines."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from spikeloom.compile.events import event_model
from spikeloom.compile.values import numbers
from spikeloom.engines.events import Arrivals, EventSystem
from spikeloom.engines.events.bind import system_of
from spikeloom.equations import Condition, Input, Neuron, Param, State, impulse, state
from spikeloom.equations.units import ms, mV


class Alpha(Neuron):
    """A synapse with a rise and a decay in front of a leaky membrane."""

    tau: Param = 20 * ms
    rise: Param = 5 * ms
    decay: Param = 5 * ms
    theta: Param = 1 * mV
    v: State = state(mV)
    i: State = state(mV)
    a: State = state(mV)
    x: Input = impulse(mV)

    def flow(self, d: Self) -> None:
        d.v = (self.i - self.v) / self.tau
        d.i = (self.a - self.i) / self.decay
        d.a = -self.a / self.rise

    def receive(self, after: Self) -> None:
        after.a = self.a + self.x

    def fires(self) -> Condition:
        return self.v >= self.theta

    def reset(self, after: Self) -> None:
        after.v = 0.5 * (self.v - self.theta)


class Jumping(Neuron):
    """An arrival moves the potential itself: it can set off a spike at once."""

    tau: Param = 20 * ms
    theta: Param = 1 * mV
    v: State = state(mV)
    x: Input = impulse(mV)

    def flow(self, d: Self) -> None:
        d.v = (0.5 * self.theta - self.v) / self.tau

    def receive(self, after: Self) -> None:
        after.v = self.v + self.x

    def fires(self) -> Condition:
        return self.v >= self.theta

    def reset(self, after: Self) -> None:
        after.v = 0.3 * self.v - 0.2 * self.theta


def system(neuron: Any) -> EventSystem:
    """The arrays of a neuron whose first input takes the arrivals."""
    return system_of(event_model(neuron), numbers(neuron), neuron.definition.inputs[0].name)


def arrivals(rng: np.random.Generator, counts: tuple[int, ...], sources: int) -> Arrivals:
    """Random events: `counts` in each sample."""
    total = sum(counts)
    times = (
        np.concatenate([np.sort(rng.uniform(0, 40, n)) for n in counts]) if total else np.zeros(0)
    )
    return Arrivals(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        times,
        rng.integers(0, max(sources, 1), total),
        rng.choice([1.0, 1.0, -1.0], total),
    )
