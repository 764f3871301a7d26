"""Synapses between neurons that fire when they are told to: learning rules without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import numpy as np

from spikeloom.compile import Bound, bind, bind_rule, compile_neuron, compile_rule
from spikeloom.compile.learning import rule_numbers
from spikeloom.compile.values import numbers
from spikeloom.engines.cpu.network import NativeNetwork
from spikeloom.engines.inputs.trains import NOTHING, GivenTrains
from spikeloom.engines.learning_plan import LearningPlan
from spikeloom.engines.network_plan import NetworkPlan, PopulationPlan, ProjectionPlan
from spikeloom.engines.network_run import NetworkEngine, NetworkRun, WeightTrace
from spikeloom.engines.reference.network import ReferenceNetwork
from spikeloom.equations import (
    Cell,
    Condition,
    Input,
    LearningRule,
    Neuron,
    State,
    impulse,
    state,
)  # fmt: skip
from spikeloom.equations.units import ms, mV, one

ENGINES: dict[str, Any] = {"reference": ReferenceNetwork, "cpu": NativeNetwork}
"""Every engine that learns."""
LEARNING = 1
"""Place of the synapses that learn among the projections."""


class Puppet(Neuron):
    """Fires in the step in which it is pushed, and adds up what arrives; `v` stands at a clamp."""

    push: Input = impulse(one)
    x: Input = impulse(one)
    p: State = state(one)
    got: State = state(one)
    v: State = state(mV)

    def flow(self, d: Self) -> None:
        d.p = 0
        d.got = 0
        d.v = 0

    def receive(self, after: Self) -> None:
        after.p = self.p + self.push
        after.got = self.got + self.x

    def fires(self) -> Condition:
        return self.p >= 1

    def reset(self, after: Self) -> None:
        after.p = 0


@lru_cache
def _puppet(rule: LearningRule, dt: float) -> Bound:
    cell = Cell(Puppet(), rule=rule) if rule.definition.driven else Puppet()
    return bind(compile_neuron(cell), numbers(cell), dt)


@dataclass(frozen=True)
class Bench:
    """Trains of sources and targets, and the synapses between them.

    Arguments:
        rule: What the synapses learn by.
        pre: Steps in which each source fires.
        post: Steps in which each target fires, from 1 on.
        synapses: (source, target) of each, in the order of the rows; None for all pairs.
        delays: In steps, one or of each synapse.
        weights: One, or of each synapse, in units of the rule.
        scale, axonal, dt: As in a plan; dt in ms.
        clamp: Potential of the targets.
        every: Steps between two ticks.
    """

    rule: LearningRule
    pre: Sequence[Sequence[int]]
    post: Sequence[Sequence[int]]
    synapses: Sequence[tuple[int, int]] | None = None
    delays: Any = 0
    weights: Any = 0.5
    scale: float = 1.0
    axonal: int = 0
    dt: float = 0.1
    clamp: float = 0.0
    every: int = 0
    lags: Mapping[str, int] | None = None

    def plan(self) -> NetworkPlan:
        """The whole as a network: sources, pushers, puppets."""
        size, bound = len(self.post), _puppet(self.rule.replace(scale=None), self.dt)
        pushed = [[s - 1 for s in steps] for steps in self.post]
        start = bound.initial(size)
        start[bound.program.states.index("v")] = self.clamp
        puppets = PopulationPlan(
            bound.program, bound.coefs, size, start, ("push", "x")
        )  # fmt: skip
        everyone = np.arange(size)
        push = ProjectionPlan(
            1, 2, "push", np.arange(size + 1), everyone.astype(np.uint32), np.array(1.0),
            np.array(0),
        )  # fmt: skip
        return NetworkPlan(
            (_source(self.pre), _source(pushed), puppets),
            (push, self.projection()),
            dtype="float64",
        )

    def projection(self) -> ProjectionPlan:
        """The synapses that learn."""
        pairs = self.synapses
        if pairs is None:
            pairs = [(j, i) for j in range(len(self.pre)) for i in range(len(self.post))]
        rows = np.array([j for j, _ in pairs], np.int64)
        program = compile_rule(self.rule)
        step = float((self.dt * ms).to(self.rule.definition.scales.time))
        coefs, start = bind_rule(program, rule_numbers(self.rule, self.scale), step)
        definition = self.rule.definition
        reads = {t.name: t.state for t in definition.targets}
        reads |= {t.name: f"rule_{t.name}" for t in definition.driven}
        delays = np.asarray(self.delays)
        return ProjectionPlan(
            0,
            2,
            "x",
            np.searchsorted(rows, np.arange(len(self.pre) + 1)).astype(np.int64),
            np.array([i for _, i in pairs], np.uint32),
            np.asarray(self.weights, np.float64),
            delays.astype(np.uint16) if delays.ndim else delays,
            LearningPlan(program, coefs, start, reads, self.lags or {}, self.axonal, self.every),
        )

    def engine(self, name: str = "cpu") -> NetworkEngine:
        """An engine that has not run yet."""
        return ENGINES[name](self.plan())

    def run(self, steps: int, name: str = "cpu", every: int = 1) -> NetworkRun:
        """Some steps, with all weights kept."""
        return self.engine(name).run(steps, record_weights=[WeightTrace(LEARNING, every=every)])

    def final(self, steps: int, name: str = "cpu") -> Any:
        """Weights after some steps."""
        engine = self.engine(name)
        engine.run(steps)
        return engine.weights(LEARNING)


def _source(trains: Sequence[Sequence[int]]) -> PopulationPlan:
    steps = np.array([s for train in trains for s in train], np.int64)
    ids = np.array([k for k, train in enumerate(trains) for _ in train], np.int64)
    order = np.lexsort((ids, steps))
    given = GivenTrains(steps[order], ids[order])
    return PopulationPlan(NOTHING, {}, len(trains), np.empty((0, len(trains))), trains=given)
