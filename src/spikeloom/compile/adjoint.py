"""The adjoint of one whole step: flow, spike, reset and refractoriness included."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from spikeloom.compile.derivative import Partials, pull_back
from spikeloom.compile.graph import Graph, Node

Reset = Literal["whole", "detached", "ignored"]
"""How a reset passes a gradient on: as a function of spike and state; of the state alone, the spike
being a number; or not at all, the whole jump being a number."""


def spike_rules(graph: Graph, reset: Reset) -> dict[str, Callable[[Node, Node], Partials]]:
    """What a ``spike`` and a ``blend`` pass on to their arguments, for `pull_back`."""
    zero = graph.const(0)

    def spike(node: Node, arrived: Node) -> Partials:
        _, _, allowed = node.args
        # The number 1 stands for "no gate": then every neuron passes its gradient on.
        passed = arrived if allowed.op == "const" else graph.select(allowed, arrived, zero)
        return (None, passed, None)

    def blend(node: Node, arrived: Node) -> Partials:
        fired, at_spike, otherwise = node.args[0].args[0], node.args[1], node.args[2]
        if reset == "ignored":
            return (None, None, arrived)
        jump = graph.mul(arrived, graph.sub(at_spike, otherwise)) if reset == "whole" else None
        return (
            jump,
            graph.select(fired, arrived, zero),
            graph.select(fired, zero, arrived),
        )

    return {"spike": spike, "blend": blend}


def adjoint(
    graph: Graph,
    states: Mapping[str, Node],
    out: Node,
    *,
    inputs: Iterable[str],
    coefs: Iterable[str],
    through_reset: bool,
) -> dict[str, Node]:
    """Gradients at the start of the step for gradients at its end.

    Arguments:
        graph: The graph of the step, with coefficients hoisted.
        states: State name → node after the step.
        out: What the neuron sends out.
        inputs: Names of all inputs.
        coefs: Names of all coefficients.
        through_reset: Whether the reset counts as depending on the spike.
    """
    seeds = [(node, graph.leaf(f"grad:state:{name}")) for name, node in states.items()]
    seeds.append((out, graph.leaf("grad:out")))
    wanted = {f"state:{n}": f"state:{n}" for n in states}
    wanted |= {f"input:{n}": f"input:{n}" for n in inputs}
    wanted |= {f"coef:{n}": f"coef:{n}" for n in coefs}
    found = pull_back(
        graph,
        seeds,
        [graph.leaf(name) for name in wanted],
        spike_rules(graph, "whole" if through_reset else "detached"),
    )
    return {f"grad:{name}": node for name, node in zip(wanted, found, strict=True)}
