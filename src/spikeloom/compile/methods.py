"""Integration methods: objects that turn rates into one step.

A method sees a `Flow`: the states and inputs at the start of the step, and a function that gives
the rate of every state at any point. It answers with the states after `dt`. Inputs are held
constant during the step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from spikeloom.compile.derivative import derivative
from spikeloom.compile.graph import Graph, Node, is_const, leaves
from spikeloom.compile.linear import Affine, affine, closed, propagate
from spikeloom.errors import CompileError

Point = Mapping[str, Node]


@dataclass(frozen=True)
class Flow:
    """What a method integrates."""

    graph: Graph
    dt: Node
    states: tuple[str, ...]
    inputs: tuple[str, ...]
    rates: Callable[[Point], dict[str, Node]]
    """Rate of each state at a point (state name → node), in state units per time unit."""
    model: str


class Method(Protocol):
    """A way to advance the states by one step."""

    def step(self, flow: Flow, start: Point) -> dict[str, Node]:
        """States after one step from the point `start`."""
        ...


@dataclass(frozen=True)
class Exact:
    r"""Exact step of a linear flow: x ← x + (e^{A·dt} − 1)x + … for constant input.

    Source: Rotter & Diesmann, Biol. Cybern. 81:381 (1999).
    """

    def step(self, flow: Flow, start: Point) -> dict[str, Node]:
        """One step by the matrix exponential; right also where time constants coincide."""
        system = affine(flow.graph, flow.rates, flow.states, flow.inputs)
        if system is None:
            raise CompileError(
                f"{flow.model}: Exact() needs rates that are linear in every state and input.",
                hint="leave method=None to let spikeloom choose, or take RK4()",
            )
        return propagate(flow.graph, system, flow.dt, start)


@dataclass(frozen=True)
class ExponentialEuler:
    r"""Each state exactly, the others held: x ← x + dt·f(x)·φ(dt·∂f/∂x), φ(z) = (eᶻ−1)/z.

    Needs each rate to be linear in its own state. Of first order when states are coupled. States
    that are linear and driven by one another alone, such as the rise and the decay of a synapse,
    move together and exactly.

    Source: Rush & Larsen, IEEE Trans. Biomed. Eng. 25:389 (1978); Hochbruck & Ostermann, Acta
    Numerica 19:209 (2010), eq. 1.5.
    """

    def step(self, flow: Flow, start: Point) -> dict[str, Node]:
        """One step in which every state relaxes towards its momentary target."""
        g = flow.graph
        after: dict[str, Node] = {}
        for name, rate in _own(flow).items():
            slope = derivative(g, rate.node, rate.own)
            if rate.own.name in leaves([slope]):
                raise CompileError(
                    f"{flow.model}: ExponentialEuler() needs the rate of {name!r} to be linear"
                    f" in {name!r} itself.",
                    hint="leave method=None to let spikeloom choose, or take RK4()",
                )
        rates = flow.rates(start)
        together = _linear_part(flow)
        if together is not None:
            after |= propagate(g, together, flow.dt, start)
        for name in flow.states:
            if name in after:
                continue
            slope = derivative(g, rates[name], start[name])
            grown = g.mul(rates[name], g.mul(flow.dt, g.apply("exprel", g.mul(flow.dt, slope))))
            after[name] = g.add(start[name], grown)
        return after


def _linear_part(flow: Flow) -> Affine | None:
    """The states that an exact step can move without looking at the others."""
    names = closed(flow.graph, flow.rates, flow.states, flow.inputs)
    others = {name: flow.graph.leaf(f"probe:{name}") for name in flow.states}

    def rates(point: Point) -> dict[str, Node]:
        whole = flow.rates({**others, **point})
        return {name: whole[name] for name in names}

    return affine(flow.graph, rates, names, flow.inputs)


@dataclass(frozen=True)
class SequentialEuler:
    """Forward Euler in which each state already sees the new value of the ones before it.

    States advance in the order in which the model declares them. This is the update of
    Izhikevich's published scripts (v first, then u with the new v).

    Source: Izhikevich, IEEE Trans. Neural Netw. 15:1063 (2004), figure 1 script.
    """

    def step(self, flow: Flow, start: Point) -> dict[str, Node]:
        """One step, state by state."""
        now = dict(start)
        for name in flow.states:
            now[name] = flow.graph.add(now[name], flow.graph.mul(flow.dt, flow.rates(now)[name]))
        return now


@dataclass(frozen=True, repr=False)
class RungeKutta:
    """An explicit Runge–Kutta method, given by its tableau."""

    name: str
    a: tuple[tuple[float, ...], ...]
    b: tuple[float, ...]
    order: int

    def step(self, flow: Flow, start: Point) -> dict[str, Node]:
        """One step: x + dt Σ bᵢ kᵢ with kᵢ = f(x + dt Σ aᵢⱼ kⱼ)."""
        slopes: list[dict[str, Node]] = []
        for row in self.a:
            slopes.append(flow.rates(_ahead(flow, start, row, slopes)))
        return _ahead(flow, start, self.b, slopes)

    def __repr__(self) -> str:
        return f"{self.name}()"


def _ahead(
    flow: Flow, start: Point, weights: tuple[float, ...], slopes: list[dict[str, Node]]
) -> dict[str, Node]:
    g = flow.graph
    point: dict[str, Node] = {}
    for name in flow.states:
        terms = [
            g.mul(g.const(w), k[name])
            for w, k in zip(weights, slopes, strict=True)
            if w and not is_const(k[name], 0)
        ]
        point[name] = g.add(start[name], g.mul(flow.dt, g.sum(terms)))
    return point


@dataclass(frozen=True)
class _Rate:
    node: Node
    own: Node


def _own(flow: Flow) -> dict[str, _Rate]:
    """The rates at a point of fresh leaves, so that 'linear in itself' is a question of text."""
    point = {name: flow.graph.leaf(f"probe:{name}") for name in flow.states}
    rates = flow.rates(point)
    return {name: _Rate(rates[name], point[name]) for name in flow.states}


def Euler() -> RungeKutta:
    """Forward Euler, first order."""
    return RungeKutta("Euler", ((),), (1.0,), 1)


def Midpoint() -> RungeKutta:
    """Explicit midpoint rule, second order. Source: Runge, Math. Ann. 46:167 (1895)."""
    return RungeKutta("Midpoint", ((), (0.5,)), (0.0, 1.0), 2)


def Heun() -> RungeKutta:
    """Heun's trapezoidal rule, second order. Source: Heun, Z. Math. Phys. 45:23 (1900)."""
    return RungeKutta("Heun", ((), (1.0,)), (0.5, 0.5), 2)


def RK4() -> RungeKutta:
    """The classical fourth-order rule. Source: Kutta, Z. Math. Phys. 46:435 (1901)."""
    return RungeKutta(
        "RK4", ((), (0.5,), (0.0, 0.5), (0.0, 0.0, 1.0)), (1 / 6, 1 / 3, 1 / 3, 1 / 6), 4
    )


def choose(flow: Flow) -> tuple[Method, str]:
    """The method for equations that name none, with the reason in words."""
    if affine(flow.graph, flow.rates, flow.states, flow.inputs) is not None:
        return Exact(), "all rates are linear, so the step is exact"
    slopes = {r.own.name: derivative(flow.graph, r.node, r.own) for r in _own(flow).values()}
    if all(own not in leaves([slope]) for own, slope in slopes.items()):
        return (
            ExponentialEuler(),
            "every rate is linear in its own state, so each state relaxes exactly"
            " while the others are held",
        )
    return RK4(), "some rate is nonlinear in its own state"
