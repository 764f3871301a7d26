"""One time step of a neuron, put together: arrivals, flow, threshold, reset, refractoriness.

The order within a step is the same in every engine:

1. impulses arrive (``receive``),
2. the states flow for ``dt`` with constant inputs,
3. the firing condition is tested on the states at the end of the flow,
4. where it holds, the states are reset.

A refractory neuron skips 1 and 2 for the states that are held, and 3 and 4 altogether.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from spikeloom.compile.choose import choose
from spikeloom.compile.diffusion import Diffusion, labels
from spikeloom.compile.graph import Node, leaves
from spikeloom.compile.lower import Lowered, Threshold
from spikeloom.compile.methods import Flow, Method, Point
from spikeloom.errors import CompileError

COUNTER = "refractory"
"""State that counts the steps of refractoriness still to come."""


@dataclass(frozen=True)
class Spike:
    """How the firing condition enters the graph: hard (a ``spike`` node) or smooth."""

    lowered: Lowered
    smooth: bool

    def value(self, threshold: Threshold, gate: Node | None) -> tuple[Node, Node]:
        """(did it fire: bool, spike as a number) for the condition and an outer gate."""
        g = self.lowered.graph
        gates = [n for n in (threshold.gate, gate) if n is not None]
        fired, allowed = threshold.crossed, None
        for extra in gates:
            fired = g.apply("and", fired, extra)
            allowed = extra if allowed is None else g.apply("and", allowed, extra)
        soft = self.lowered.soft(threshold)
        if soft is None:
            return fired, g.apply("indicator", fired)
        if self.smooth:
            return fired, soft if allowed is None else g.select(allowed, soft, g.const(0))
        open_ = allowed if allowed is not None else g.const(1)
        return fired, g.apply("spike", fired, soft, open_)

    def blend(self, fired: Node, spike: Node, at_spike: Node, otherwise: Node) -> Node:
        """The state after a possible reset."""
        g = self.lowered.graph
        if at_spike is otherwise:
            return otherwise
        if self.smooth:
            return g.add(otherwise, g.mul(spike, g.sub(at_spike, otherwise)))
        if spike.op == "indicator":
            return g.select(fired, at_spike, otherwise)
        return g.apply("blend", spike, at_spike, otherwise)


@dataclass(frozen=True)
class Step:
    """The nodes that one step ends in."""

    states: dict[str, Node]
    out: Node
    spikes: bool
    reason: str
    method: Method

    @property
    def roots(self) -> dict[str, Node]:
        """What the step gives, by the names it has in a Program."""
        return {f"state:{n}": node for n, node in self.states.items()} | {"out": self.out}


def build(lowered: Lowered, method: Method | None, *, smooth: bool) -> Step:
    """All nodes of one step in the graph of `lowered`."""
    g = lowered.graph
    before = {name: g.leaf(f"state:{name}") for name in lowered.states}
    reason = "asked for"
    if method is None:
        method, reason = choose(_flow(lowered, held=()))
    moved = method.step(_flow(lowered, held=()), lowered.receive(before))
    _heard(lowered, method, moved)
    gate, count = None, None
    if lowered.hold:
        count = g.leaf(f"state:{COUNTER}")
        resting = g.apply("gt", count, g.const(0))
        gate = g.apply("not", resting)
        received = lowered.receive(before) | {name: before[name] for name in lowered.hold}
        waited = method.step(_flow(lowered, held=lowered.hold), received)
        moved = {n: g.select(resting, waited[n], moved[n]) for n in lowered.states}
    threshold = lowered.fires(before, moved)
    if threshold is None:
        return Step(moved, moved[lowered.states[0]], False, reason, method)
    rule = Spike(lowered, smooth)
    fired, spike = rule.value(threshold, gate)
    reset = lowered.reset(moved)
    after = {n: rule.blend(fired, spike, reset[n], moved[n]) for n in lowered.states}
    if count is not None:
        left = g.apply("max", g.sub(count, g.const(1)), g.const(0))
        after[COUNTER] = g.select(fired, lowered.hold_steps(), left)
    return Step(after, spike, True, reason, method)


def _heard(lowered: Lowered, method: Method, moved: Mapping[str, Node]) -> None:
    """A method that knows nothing of noise would leave it out without a word."""
    random = ("normal:", "input:normal.")
    if lowered.noises and not any(n.startswith(random) for n in leaves(moved.values())):
        raise CompileError(
            f"{lowered.model}: {method!r} integrates equations without noise.",
            hint="take EulerMaruyama(), Heun() or Milstein(), or leave method=None",
        )


def _flow(lowered: Lowered, held: tuple[str, ...]) -> Flow:
    g = lowered.graph

    def rates(point: Point) -> dict[str, Node]:
        return lowered.rates(point) | dict.fromkeys(held, g.const(0))

    noise = None
    if lowered.noises:
        probe = {name: g.leaf(f"probe:{name}") for name in lowered.states}
        whole = Diffusion(g, lowered.states, lowered.noises, lowered.rates, _normal(lowered), {})
        noise = replace(whole, rates=rates, labels=labels(whole.noises, whole.factors(probe)))
    return Flow(
        graph=g,
        dt=g.leaf("dt"),
        states=lowered.states,
        inputs=lowered.inflows,
        rates=rates if noise is None else noise.drift,
        model=lowered.model,
        noise=noise,
    )


def _normal(lowered: Lowered) -> Callable[[str], Node]:
    return lambda name: lowered.random("normal", name)
