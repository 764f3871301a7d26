"""Networks whose synapses learn, by rules that together use every word of the language."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal, Self

import numpy as np
from tests.engines.network.nets import Shape, random_plan

from spikeloom.compile import bind_rule, compile_rule
from spikeloom.compile.learning import rule_numbers
from spikeloom.engines.learning_plan import LearningPlan
from spikeloom.engines.network_plan import AnyProjection, NetworkPlan
from spikeloom.equations import (
    Condition,
    Expr,
    LearningRule,
    Param,
    Target,
    Trace,
    clip,
    exp,
    post,
    pre,
    shared,
    synaptic,
    target,
)
from spikeloom.equations.units import ms, mV
from spikeloom.models import PairSTDP


class PowerLaw(LearningRule):
    """Potentiation as a power of the weight, depression in proportion to it."""

    tau: Param = 15 * ms
    rate: Param = 0.1
    x: Trace = pre()
    y: Trace = post()

    def flow(self, d: Self) -> None:
        d.x = -self.x / self.tau
        d.y = -self.y / (2 * self.tau)

    def on_pre(self, after: Self) -> None:
        after.w = self.w * (1 - self.rate * 0.5 * self.y)
        after.x = self.x + 1

    def on_post(self, after: Self) -> None:
        after.w = self.w + self.rate * self.w**0.4 * self.x
        after.y = self.y + 1


class Triplets(LearningRule):
    """Two traces on either side, read just before each spike."""

    fast: Param = 12 * ms
    slow: Param = 40 * ms
    a: Trace = pre()
    b: Trace = pre(start=0.2)
    p: Trace = post()
    q: Trace = post(start=0.5)

    def flow(self, d: Self) -> None:
        d.a = -self.a / self.fast
        d.b = -self.b / self.slow
        d.p = -self.p / self.fast
        d.q = -self.q / self.slow

    def on_pre(self, after: Self) -> None:
        after.w = clip(self.w - self.p * (0.01 + 0.02 * self.b), 0, 3)
        after.a = self.a + 1
        after.b = 1

    def on_post(self, after: Self) -> None:
        after.w = clip(self.w + self.a * (0.01 + 0.02 * self.q), 0, 3)
        after.p = 1
        after.q = self.q + 1


class Rewarded(LearningRule):
    """A synaptic trace that a shared one turns into weight, tick by tick; w leaks."""

    every: Param = 1 * ms
    tau: Param = 20 * ms
    tau_c: Param = 100 * ms
    x: Trace = pre()
    y: Trace = post(start=0.7)
    c: Trace = synaptic(start=0.1)
    dopamine: Trace = shared(start=0.3)

    def flow(self, d: Self) -> None:
        d.x = -self.x / self.tau
        d.y = -self.y / self.tau
        d.c = -self.c / self.tau_c
        d.w = (1 - self.w) / (3 * self.tau_c)
        d.dopamine = -self.dopamine / (2 * self.tau)

    def on_pre(self, after: Self) -> None:
        after.c = self.c - 0.5 * self.y * self.w
        after.w = self.w + 0.01 * self.c
        after.x = self.x + 1

    def on_post(self, after: Self) -> None:
        after.c = self.c + self.x * self.dopamine
        after.w = self.w + 0.02 * self.x - 0.01 * self.c
        after.y = self.y + 1

    def on_tick(self, after: Self) -> None:
        after.w = self.w + 0.05 * self.c * self.dopamine

    def on_reward(self, after: Self) -> None:
        after.dopamine = self.dopamine + self.reward
        after.w = self.w + 0.1 * self.reward * self.c
        after.y = 0.5 * self.y


class Sliding(LearningRule):
    """Ticks change traces of sources and targets; weights change with spikes only."""

    every: Param = 0.7 * ms
    tau: Param = 20 * ms
    x: Trace = pre()
    y: Trace = post()
    limit: Trace = post(start=0.5)

    def flow(self, d: Self) -> None:
        d.x = -self.x / self.tau
        d.y = -self.y / self.tau
        d.limit = 0

    def on_pre(self, after: Self) -> None:
        after.w = clip(self.w + 0.05 * self.y * (self.y - self.limit), 0, 3)
        after.x = self.x + 1

    def on_post(self, after: Self) -> None:
        after.w = clip(self.w + 0.05 * self.x * (self.y - self.limit), 0, 3)
        after.y = self.y + 1

    def on_tick(self, after: Self) -> None:
        after.limit = self.limit + 0.05 * (self.y**2 - self.limit)
        after.x = 0.9 * self.x


class Voltage(LearningRule):
    """A condition on the target's potential is the event; spikes read the potential."""

    tau: Param = 20 * ms
    x: Trace = pre()
    y: Trace = post()
    v: Target = target(mV)

    def flow(self, d: Self) -> None:
        d.x = -self.x / self.tau
        d.y = -self.y / self.tau

    def post_event(self) -> Condition:
        return self.v > -53 * mV

    def on_pre(self, after: Self) -> None:
        after.w = clip(self.w - 0.02 * exp((self.v + 55 * mV) / (4 * mV)) * self.y, 0, 3)
        after.x = self.x + 1

    def on_post(self, after: Self) -> None:
        after.w = clip(self.w + 0.01 * self.x * (self.v + 60 * mV) / (10 * mV), 0, 3)
        after.y = self.y + 0.2


class ShortTerm(LearningRule):
    """What is sent depends on traces of the source alone; weights stay."""

    u: Trace = pre()
    r: Trace = pre(start=1.0)

    def flow(self, d: Self) -> None:
        d.u = -self.u / (50 * ms)
        d.r = (1 - self.r) / (80 * ms)

    def on_pre(self, after: Self) -> None:
        u = self.u + 0.3 * (1 - self.u)
        after.u = u
        after.r = self.r * (1 - u)

    def sends(self, after: Self) -> Expr:
        return 2 * self.w * self.r * after.u


class Nearest(LearningRule):
    """A trace of the synapse that either side sets; only the first spike after the other counts."""

    tau: Param = 20 * ms
    c: Trace = synaptic()
    o: Trace = synaptic()

    def flow(self, d: Self) -> None:
        d.c = -self.c / self.tau
        d.o = -self.o / self.tau

    def on_pre(self, after: Self) -> None:
        after.w = clip(self.w - 0.05 * self.o, 0, 3)
        after.o = 0
        after.c = 1

    def on_post(self, after: Self) -> None:
        after.w = clip(self.w + 0.05 * self.c, 0, 3)
        after.c = 0
        after.o = 1


RULES: dict[str, LearningRule] = {
    rule.definition.name: rule
    for rule in (
        PairSTDP(A_plus=0.05, A_minus=0.05, w_max=3.0),
        *(PowerLaw(), Triplets(), Rewarded(), Sliding(), Voltage(), ShortTerm(), Nearest()),
    )
}


@lru_cache(maxsize=64)
def learning_plan(name: str, scale: float, axonal: int = 0) -> LearningPlan:
    """One of `RULES` at dt = 0.1 ms."""
    rule = RULES[name]
    program = compile_rule(rule)
    numbers = rule_numbers(rule, scale)
    coefs, start = bind_rule(program, numbers, 0.1)
    every = round(numbers["every"] / 0.1) if "every" in numbers else 0
    return LearningPlan(program, coefs, start, axonal=axonal, every=every)


@dataclass(frozen=True)
class Learns:
    """A random network that learns.

    Arguments:
        shape: What it is like.
        rules: Names of rules, given to the projections in turn.
        axonal: Steps of each delay before the synapse, as far as the shortest allows.
    """

    shape: Shape
    rules: tuple[str, ...]
    axonal: int = 0


def plastic_plan(said: Learns, dtype: Literal["float32", "float64"] = "float64") -> NetworkPlan:
    """A network in which most projections learn; every fourth stays as it is."""
    plan = random_plan(said.shape, dtype)
    made: list[AnyProjection] = []
    for place, p in enumerate(plan.projections):
        sign = {"exc": 3.0, "inh": -2.0, "x": 0.3}[p.channel]
        name = said.rules[place % len(said.rules)]
        if place % 4 == 3:
            made.append(p)
            continue
        weights: Any = np.abs(np.asarray(p.weights) / sign)
        axonal = min(said.axonal, p.shortest)
        made.append(replace(p.whole, weights=weights, learning=learning_plan(name, sign, axonal)))
    return replace(plan, projections=tuple(made))
