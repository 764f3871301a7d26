"""Integration methods: objects that turn rates into one step.

A method sees a `Flow`: the states and inputs at the start of the step, and a function that gives
the rate of every state at any point. It answers with the states after `dt`. Inputs are held
constant during the step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from spikeloom.compile.derivative import derivative
from spikeloom.compile.diffusion import Calculus, Diffusion
from spikeloom.compile.graph import Graph, Node, is_const, leaves
from spikeloom.compile.linear import Affine, affine, closed, propagate
from spikeloom.compile.spread import decay_of_noise, spread
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
    noise: Diffusion | None = None
    """White noise; `rates` are without it, as they are written."""


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
        after = propagate(flow.graph, system, flow.dt, start)
        if flow.noise is None:
            return after
        if not flow.noise.constant:
            raise CompileError(
                f"{flow.model}: Exact() needs noise whose factor is made of parameters alone.",
                hint="leave method=None to let spikeloom choose, or take Milstein()",
            )
        for name, added in spread(system, flow.dt, flow.noise).items():
            after[name] = flow.graph.add(after[name], added)
        return after


@dataclass(frozen=True)
class ExponentialEuler:
    r"""Each state exactly, the others held: x ← x + dt·f(x)·φ(dt·∂f/∂x), φ(z) = (eᶻ−1)/z.

    Needs each rate to be linear in its own state. Of first order when states are coupled. States
    that are linear and driven by one another alone, such as the rise and the decay of a synapse,
    move together and exactly. Noise is spread over each state's own decay, exactly for a state that
    depends on no other; a factor that depends on states is that of Itô, of strong order one half.

    Source: Rush & Larsen, IEEE Trans. Biomed. Eng. 25:389 (1978); Hochbruck & Ostermann, Acta
    Numerica 19:209 (2010), eq. 1.5.
    """

    def step(self, flow: Flow, start: Point) -> dict[str, Node]:
        """One step in which every state relaxes towards its momentary target."""
        g = flow.graph
        if flow.noise is not None:
            flow = replace(flow, rates=flow.noise.in_calculus("ito"))
        after: dict[str, Node] = {}
        for name, rate in own_rates(flow).items():
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
        if flow.noise is None:
            return after
        for k, factors in flow.noise.factors(start).items():
            for name, factor in factors.items():
                slope = derivative(g, rates[name], start[name])
                size = g.mul(factor, decay_of_noise(g, flow.dt, slope))
                after[name] = g.add(after[name], g.mul(size, flow.noise.normal(k)))
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
        if flow.noise is not None and not flow.noise.additive:
            raise CompileError(
                f"{flow.model}: SequentialEuler() needs noise whose factor depends on no state.",
                hint="leave method=None to let spikeloom choose, or take EulerMaruyama()",
            )
        now, rates = dict(start), with_noise(flow, "ito")
        for name in flow.states:
            now[name] = flow.graph.add(now[name], flow.graph.mul(flow.dt, rates(now)[name]))
        return now


@dataclass(frozen=True, repr=False)
class RungeKutta:
    """An explicit Runge–Kutta method, given by its tableau.

    White noise is taken as constant during a step. A method of first order then follows Itô, every
    other Stratonovich, and the drift is converted to fit; see `Diffusion`.
    """

    name: str
    a: tuple[tuple[float, ...], ...]
    b: tuple[float, ...]
    order: int

    def step(self, flow: Flow, start: Point) -> dict[str, Node]:
        """One step: x + dt Σ bᵢ kᵢ with kᵢ = f(x + dt Σ aᵢⱼ kⱼ)."""
        slopes: list[dict[str, Node]] = []
        rates = with_noise(flow, "ito" if self.order == 1 else "stratonovich")
        for row in self.a:
            slopes.append(rates(_ahead(flow, start, row, slopes)))
        return _ahead(flow, start, self.b, slopes)

    def __repr__(self) -> str:
        return f"{self.name}()"


def with_noise(flow: Flow, calculus: Calculus) -> Callable[[Point], dict[str, Node]]:
    """Rates with each noise as a constant of the step, N / √dt."""
    g, noise = flow.graph, flow.noise
    if noise is None:
        return flow.rates
    drift = noise.in_calculus(calculus)
    held = g.div(g.const(1), g.apply("sqrt", flow.dt))

    def rates(point: Point) -> dict[str, Node]:
        made = drift(point)
        for k, factors in noise.factors(point).items():
            for name, factor in factors.items():
                made[name] = g.add(made[name], g.mul(g.mul(factor, held), noise.normal(k)))
        return made

    return rates


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


def own_rates(flow: Flow) -> dict[str, _Rate]:
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
    """Heun's trapezoidal rule, second order. Source: Heun, Z. Math. Phys. 45:23 (1900).

    With noise it has strong order 1 where the noises commute, as a single one always does, and
    one half elsewhere. Source: Rümelin, SIAM J. Numer. Anal. 19:604 (1982).
    """
    return RungeKutta("Heun", ((), (1.0,)), (0.5, 0.5), 2)


def RK4() -> RungeKutta:
    """The classical fourth-order rule. Source: Kutta, Z. Math. Phys. 46:435 (1901)."""
    return RungeKutta(
        "RK4", ((), (0.5,), (0.0, 0.5), (0.0, 0.0, 1.0)), (1 / 6, 1 / 3, 1 / 3, 1 / 6), 4
    )


def EulerMaruyama() -> RungeKutta:
    """Forward Euler with noise: strong order one half (1 for noise without states), weak order 1.

    Source: Maruyama, Rend. Circ. Mat. Palermo 4:48 (1955).
    """
    return RungeKutta("EulerMaruyama", ((),), (1.0,), 1)
