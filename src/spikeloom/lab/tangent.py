"""Steps that carry the slopes of their states by parameters: arithmetic differentiated forward."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spikeloom.compile import Program
from spikeloom.compile.derivative import push
from spikeloom.compile.emit import emit
from spikeloom.compile.graph import Graph, Node
from spikeloom.compile.hoist import hoist
from spikeloom.compile.verify import verify
from spikeloom.equations.definition import Definition


def tangent(index: int, state: str) -> str:
    """Name of the state that holds the slope of a state by a parameter."""
    return f"tangent{index}.{state}"


def tangents(
    g: Graph, roots: Mapping[str, Node], moving: tuple[str, ...], names: tuple[str, ...]
) -> dict[str, Node]:
    """``state:tangentK.NAME`` → how a root moves with parameter K.

    Arguments:
        g: The graph of the roots.
        roots: Name of a state → its node after a step.
        moving: States that have tangents; the others do not move with a parameter.
        names: Parameters, P of them.
    """
    made: dict[str, Node] = {}
    for k, name in enumerate(names):
        seeds = {g.leaf(f"state:{n}"): g.leaf(f"state:{tangent(k, n)}") for n in moving}
        seeds[g.leaf(f"param:{name}")] = g.const(1)
        for n, node in zip(roots, push(g, roots.values(), seeds), strict=True):
            made[f"state:{tangent(k, n)}"] = node
    return made


def assembled(
    graph: Graph,
    d: Definition,
    roots: Mapping[str, Node],
    begin: Mapping[str, Node],
    method: str,
    extra: tuple[str, ...] = (),
) -> Program:
    """A Program of these nodes, for runs and not for gradients.

    Arguments:
        graph: Of the nodes.
        d: The model.
        roots: ``state:NAME`` → node after a step, and ``out``.
        begin: State → node at the start.
        method: In words.
        extra: Inputs that the model itself does not have.
    """
    forward, hoisted = hoist(graph, roots)
    states = tuple(n.removeprefix("state:") for n in forward if n != "out")
    inputs = (*(i.name for i in d.inputs), *extra)
    made = {f"coef:{n}": node for n, node in hoisted.coefs.items()}
    made |= {f"start:{n}": begin[n] for n in states}
    reads = [f"state:{n}" for n in states] + [f"input:{n}" for n in inputs]
    zeros: dict[str, Any] = {f"grad:{n}": graph.const(0) for n in reads}
    zeros |= {f"grad:coef:{n}": graph.const(0) for n in hoisted.coefs}
    return verify(
        Program(
            model=d.name,
            method=method,
            reason="slopes of spike times",
            time_unit=str(d.time_unit),
            states=states,
            inputs=inputs,
            params=tuple(p.name for p in d.params),
            coefs=tuple(hoisted.coefs),
            spikes=False,
            prologue=emit(graph, made),
            forward=emit(graph, forward),
            backward=emit(graph, zeros),
        )
    )
