"""Random networks for the tests of engines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, Self

import numpy as np

from spikeloom.compile import Bound, bind, compile_neuron
from spikeloom.compile.values import numbers
from spikeloom.engines.network_plan import (
    NetworkPlan,
    PoissonPlan,
    PopulationPlan,
    ProjectionPlan,
)
from spikeloom.equations import Condition, Input, Neuron, Param, State, impulse, inflow, state
from spikeloom.equations.refractory import Refractory
from spikeloom.equations.units import MOhm, ms, mV, nA
from spikeloom.models import CubaLIF


class TwoSided(Neuron):
    """A neuron with two channels and a continuous input."""

    tau: Param = 20 * ms
    fast: Param = 5 * ms
    slow: Param = 10 * ms
    R: Param = 100 * MOhm
    theta: Param = -50 * mV
    v: State = state(mV, start=-60 * mV)
    e: State = state(mV)
    i: State = state(mV)
    exc: Input = impulse(mV)
    inh: Input = impulse(mV)
    I: Input = inflow(nA)

    def flow(self, d: Self) -> None:
        d.v = (-60 * mV - self.v + self.e + self.i + self.R * self.I) / self.tau
        d.e = -self.e / self.fast
        d.i = -self.i / self.slow

    def receive(self, after: Self) -> None:
        after.e = self.e + self.exc
        after.i = self.i + self.inh

    def fires(self) -> Condition:
        return self.v > self.theta

    def reset(self, after: Self) -> None:
        after.v = -60 * mV


@dataclass(frozen=True)
class Shape:
    """What a random network is like.

    Arguments:
        seed: Of everything in it.
        sizes: Neurons of each population; even places are `TwoSided`, odd ones `CubaLIF`.
        density: Share of pairs that are connected.
        delays: Longest delay; a negative number means that all delays are its size.
        multiple: Whether some synapses occur twice.
        weights: Whether weights differ.
        spread: Whether a coefficient and the Poisson rates differ from neuron to neuron.
    """

    seed: int
    sizes: tuple[int, ...]
    density: float = 0.1
    delays: int = 5
    multiple: bool = False
    weights: bool = True
    spread: bool = False


@lru_cache(maxsize=8)
def _bound(kind: int, size: int, spread: bool) -> Bound:
    neuron = (TwoSided(), Refractory(CubaLIF(), 0.5 * ms))[kind]
    values = numbers(neuron)
    if spread:
        values["tau"] = values["tau"] * np.linspace(0.8, 1.2, size)
    return bind(compile_neuron(neuron), values, 0.1)


def random_plan(shape: Shape, dtype: Literal["float32", "float64"] = "float64") -> NetworkPlan:
    """A network in which neurons spike now and then and tell each other of it."""
    rng = np.random.Generator(np.random.Philox(shape.seed))
    populations = []
    for place, size in enumerate(shape.sizes):
        bound = _bound(place % 2, size, shape.spread)
        start = bound.initial(size)
        start[0] += rng.uniform(0, 9, size)
        plan = PopulationPlan(
            bound.program,
            bound.coefs,
            size,
            start,
            channels=("exc", "inh") if place % 2 == 0 else ("x",),
            constants={"I": rng.uniform(0.0, 0.15, size)} if place % 2 == 0 else {},
        )
        populations.append(plan)
    projections = []
    for source in range(len(shape.sizes)):
        for target in range(len(shape.sizes)):
            for channel in populations[target].channels:
                projections.append(_projection(shape, rng, source, target, channel))
    poisson = []
    for target, plan in enumerate(populations):
        rate = rng.uniform(0, 0.5, plan.size) if shape.spread else np.array(0.3)
        weight = 2.0 if target % 2 == 0 else 0.2
        poisson.append(PoissonPlan(target, plan.channels[0], rate, weight, 10 + target))
    return NetworkPlan(
        tuple(populations), tuple(projections), tuple(poisson), seed=shape.seed, dtype=dtype
    )


def _projection(
    shape: Shape, rng: np.random.Generator, source: int, target: int, channel: str
) -> ProjectionPlan:
    pairs = rng.random((shape.sizes[source], shape.sizes[target])) < shape.density
    times = pairs.astype(np.int64)
    if shape.multiple:
        times[pairs] += rng.random(int(pairs.sum())) < 0.3
    rows, targets = np.nonzero(times)
    many = times[rows, targets]
    rows, targets = np.repeat(rows, many), np.repeat(targets, many)
    sign = {"exc": 3.0, "inh": -2.0, "x": 0.3}[channel]
    weights: Any = np.array(sign)
    if shape.weights:
        weights = sign * rng.uniform(0.5, 1.5, rows.size)
    delays: Any = np.array(-shape.delays)
    if shape.delays >= 0:
        delays = rng.integers(0, shape.delays + 1, rows.size).astype(np.uint16)
    return ProjectionPlan(
        source,
        target,
        channel,
        np.searchsorted(rows, np.arange(shape.sizes[source] + 1)).astype(np.int64),
        targets.astype(np.uint32),
        weights,
        delays,
    )
