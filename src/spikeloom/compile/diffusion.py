r"""White noise in a flow: what multiplies it, and what that means for the drift.

A flow with noise is dx = f dt + Σ g_k dW_k. Where a factor g_k depends on states, its value within
a step must be named: Itô takes it from before the step, Stratonovich from the middle. The two
differ by a drift,

    f_Itô = f_Stratonovich + ½ Σ_k L_k g_k,    L_k = Σ_j g_jk ∂/∂x_j,

so a model means the same under every method once its drift is put into the form that the method
follows.

Source: Kloeden & Platen 1992, Numerical Solution of Stochastic Differential Equations, eq. 4.9.11
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from spikeloom.compile.derivative import derivative
from spikeloom.compile.graph import Graph, Node, is_const, leaves, rebuild

Point = Mapping[str, Node]
Rates = Callable[[Point], dict[str, Node]]
Calculus = Literal["ito", "stratonovich"]


@dataclass(frozen=True)
class Diffusion:
    """The noise of a flow.

    Arguments:
        graph: Where everything is built.
        states: State names.
        noises: Name → whether its factors are meant in the sense of Stratonovich.
        rates: Rates at a point with the leaves ``noise:NAME`` in them.
        normal: Name → a standard normal number, new in every step.
        labels: State → the name of its own normal number, for methods that need one a state.
    """

    graph: Graph
    states: tuple[str, ...]
    noises: Mapping[str, bool]
    rates: Rates
    normal: Callable[[str], Node]
    labels: Mapping[str, str]

    def drift(self, point: Point) -> dict[str, Node]:
        """The rates without noise, as they are written."""
        g = self.graph
        silent = {self._leaf(name): g.const(0) for name in self.noises}
        return {name: rebuild(g, rate, silent) for name, rate in self.rates(point).items()}

    def factors(self, point: Point) -> dict[str, dict[str, Node]]:
        """Noise → state → what multiplies the noise in the rate of the state, where not 0."""
        g, rates = self.graph, self.rates(point)
        found = {
            k: {name: derivative(g, rates[name], self._leaf(k)) for name in self.states}
            for k in self.noises
        }
        return {
            k: {name: f for name, f in row.items() if not is_const(f, 0)}
            for k, row in found.items()
        }

    def along(self, point: Point, k: str, l: str) -> dict[str, Node]:
        """L_k g_l: how the factors of one noise change along those of another."""
        g, probe = self.graph, self.probe()
        factors = self.factors(probe)
        here = {probe[name]: point[name] for name in self.states}
        made: dict[str, Node] = {}
        for name, factor in factors[l].items():
            terms = [
                g.mul(by, derivative(g, factor, probe[other])) for other, by in factors[k].items()
            ]
            made[name] = rebuild(g, g.sum(terms), here)
        return {name: node for name, node in made.items() if not is_const(node, 0)}

    def in_calculus(self, wanted: Calculus) -> Rates:
        """The drift in the sense of a method."""
        g = self.graph
        sign = 0.5 if wanted == "ito" else -0.5
        other = [k for k, s in self.noises.items() if s == (wanted == "ito")]
        if not other or self.additive:
            return self.drift

        def rates(point: Point) -> dict[str, Node]:
            made = self.drift(point)
            for k in other:
                for name, term in self.along(point, k, k).items():
                    made[name] = g.add(made[name], g.mul(g.const(sign), term))
            return made

        return rates

    @property
    def additive(self) -> bool:
        """Whether no factor depends on a state."""
        return not self._read("probe:")

    @property
    def constant(self) -> bool:
        """Whether every factor is made of parameters alone."""
        return not self._read("probe:", "input:")

    @property
    def commutes(self) -> bool:
        """Whether the order does not matter in which two noises act: L_k g_l = L_l g_k."""
        from spikeloom.compile.singular import equal

        probe, names, zero = self.probe(), list(self.noises), self.graph.const(0)
        for place, k in enumerate(names):
            for l in names[:place]:
                one, two = self.along(probe, k, l), self.along(probe, l, k)
                if not all(equal(one.get(n, zero), two.get(n, zero)) for n in self.states):
                    return False
        return True

    def probe(self) -> dict[str, Node]:
        """A point of fresh leaves, so that dependence is a question of names."""
        return {name: self.graph.leaf(f"probe:{name}") for name in self.states}

    def _read(self, *kinds: str) -> bool:
        nodes = [f for row in self.factors(self.probe()).values() for f in row.values()]
        return any(name.startswith(kinds) for name in leaves(nodes))

    def _leaf(self, name: str) -> Node:
        return self.graph.leaf(f"noise:{name}")


def labels(noises: Mapping[str, bool], factors: Mapping[str, Mapping[str, Node]]) -> dict[str, str]:
    """State → name of its normal number: the noise that enters this state alone, else its own."""
    made: dict[str, str] = {}
    for name in {n for row in factors.values() for n in row}:
        entering = [k for k in noises if name in factors[k]]
        if len(entering) == 1 and len(factors[entering[0]]) == 1:
            made[name] = entering[0]
    return made
