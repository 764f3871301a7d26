"""Eligibility: how a small change of the input stays in a neuron's states until it shows.

For one step s' = f(s, I), z = g(s, I) a change of a weight behind I has left the trace ε in the
states, and is seen in the output as e:

    e = (∂z/∂s) ε + ∂z/∂I dI        ε' = (∂s'/∂s) ε + ∂s'/∂I dI

This is differentiation forwards in time, neuron by neuron: it needs no past. The partial
derivatives come from the graph of the step, as the adjoint does; none is typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spikeloom.compile.adjoint import Reset, spike_rules
from spikeloom.compile.compiler import given_numbers, one_step
from spikeloom.compile.derivative import pull_back
from spikeloom.compile.emit import emit
from spikeloom.compile.graph import Graph, Node, is_const, reach
from spikeloom.compile.hoist import hoist
from spikeloom.compile.methods import Method
from spikeloom.compile.parts import check_parts
from spikeloom.compile.program import Block
from spikeloom.compile.verify import verify_block

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory, Surrogate

Partial = tuple[str, str]
"""Of what, by what."""


@dataclass(frozen=True)
class Eligibility:
    """The partial derivatives of one step of a neuron, zeros left out.

    Arguments:
        model: Name of the model.
        states: States in which a change of the input can leave a trace.
        sources: What can change: ``input:I``, and ``coef:NAME`` of the coefficients asked for.
        keep: State, state before -> name of ∂s'/∂s in the block.
        enter: State, source -> name of ∂s'/∂source.
        show: State before, or source -> name of ∂z/∂it.
        block: Reads ``state:NAME``, ``input:NAME``, ``coef:NAME``; gives the names above.
        varying: Names in the block that depend on states or inputs, not on coefficients alone.
    """

    model: str
    states: tuple[str, ...]
    sources: tuple[str, ...]
    keep: Mapping[Partial, str]
    enter: Mapping[Partial, str]
    show: Mapping[str, str]
    block: Block
    varying: frozenset[str]


def compile_eligibility(
    neuron: Cell | Neuron | Refractory,
    method: Method | None = None,
    *,
    surrogate: Surrogate | None = None,
    own_width: bool = False,
    given_noise: bool = False,
    reset: Reset = "detached",
    coefs: tuple[str, ...] = (),
) -> Eligibility:
    """The forward derivative of one step of a neuron.

    Arguments:
        neuron, method, surrogate, own_width, given_noise: As in `compile_neuron`; with the same
            values the coefficients have the same names as in that Program.
        reset: What a change passes through at a reset. ``"detached"``: the states as they are
            reset, the spike taken as a number. A state that the input reaches in no other way
            than by the neuron's own spikes, such as the threshold of `ALIF`, keeps that way, for
            it would have no trace at all. ``"whole"``: the spike as well, for every state.
            ``"ignored"``: nothing, the whole jump is a number.
        coefs: Names of coefficients that learn, too.

    Returns:
        Names and code of all partial derivatives that are not zero.

    Source: Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein & Maass 2020, Nature
        Communications 11:3625, eq. 13-14; the rule for what the spike carries is ours and gives
        their eq. 24-25 for adaptive neurons.

    >>> from spikeloom.models import ALIF, ATan
    >>> found = compile_eligibility(ALIF(), surrogate=ATan())
    >>> found.states
    ('v', 'b')
    >>> sorted(found.keep)
    [('b', 'b'), ('b', 'v'), ('v', 'b'), ('v', 'v')]
    """
    check_parts("compile_eligibility", neuron, method, surrogate)
    lowered, step, _ = one_step(
        neuron, method, surrogate, own_width=own_width, smooth=False, given_noise=given_noise
    )
    graph = lowered.graph
    forward, hoisted = hoist(graph, step.roots)
    inputs = tuple(i.name for i in lowered.definition.inputs)
    sources = tuple(f"input:{n}" for n in inputs) + tuple(f"coef:{n}" for n in coefs)
    table = _Table(graph, forward, tuple(step.states), sources)
    rows = {
        n: table.row(f"state:{n}", "detached" if reset == "whole" else reset) for n in step.states
    }
    driven = _reached(rows, sources)
    if reset != "ignored":
        late = [n for n in rows if reset == "whole" or n not in driven]
        rows |= {n: table.row(f"state:{n}", "whole") for n in late}
        driven = _reached(rows, sources)
    shown = table.row("out", "whole" if reset == "whole" else "detached")
    nodes: dict[str, Node] = {}
    keep: dict[Partial, str] = {}
    enter: dict[Partial, str] = {}
    show: dict[str, str] = {}
    for name in driven:
        for by, node in rows[name].items():
            if by in sources:
                enter[name, by] = f"enter:{name}:{by}"
                nodes[enter[name, by]] = node
            elif by in driven:
                keep[name, by] = f"keep:{name}:{by}"
                nodes[keep[name, by]] = node
    for by, node in shown.items():
        if by in sources or by in driven:
            show[by] = f"show:{by}"
            nodes[show[by]] = node
    block = emit(graph, nodes)
    known = {f"state:{n}" for n in step.states} | {f"coef:{n}" for n in hoisted.coefs}
    known |= {f"input:{n}" for n in (*inputs, *given_numbers(lowered, forward.values()))}
    verify_block(lowered.model, "eligibility", block, known, set(nodes))
    return Eligibility(lowered.model, driven, sources, keep, enter, show, block, _varying(block))


class _Table:
    """Rows of partial derivatives: of one result, by every state and source."""

    def __init__(
        self,
        graph: Graph,
        forward: Mapping[str, Node],
        states: tuple[str, ...],
        sources: tuple[str, ...],
    ) -> None:
        self.graph, self.forward = graph, forward
        self.by = {n: graph.leaf(f"state:{n}") for n in states}
        self.by |= {n: graph.leaf(n) for n in sources}

    def row(self, of: str, reset: Reset) -> dict[str, Node]:
        """Name -> derivative, where it is not zero."""
        g = self.graph
        seeds = [(self.forward[of], g.const(1))]
        found = pull_back(g, seeds, self.by.values(), spike_rules(g, reset))
        pairs = zip(self.by, (_merged(g, node) for node in found), strict=True)
        return {name: node for name, node in pairs if not is_const(node, 0)}


def _reached(rows: Mapping[str, Mapping[str, Node]], sources: tuple[str, ...]) -> tuple[str, ...]:
    """The states that a change of a source can come to, in their own order."""
    found: set[str] = set()
    while True:
        more = {n for n, row in rows.items() if any(by in sources or by in found for by in row)}
        if more <= found:
            return tuple(n for n in rows if n in found)
        found |= more


def _merged(graph: Graph, root: Node) -> Node:
    """The same with (a if c else 0) + (0 if c else b) as one choice: a reset by subtraction passes
    on the same whether the neuron fired or not, and only then do all neurons forget alike."""
    done: dict[int, Node] = {}
    for node in reach([root]):
        args = tuple(done[a.index] for a in node.args)
        same = all(new is old for new, old in zip(args, node.args, strict=True))
        made = node if same else graph.apply(node.op, *args)
        if made.op == "add" and all(a.op == "select" for a in made.args):
            (c, yes, no), (other, also, else_) = (a.args for a in made.args)
            if c is other:
                made = graph.select(c, graph.add(yes, also), graph.add(no, else_))
        done[node.index] = made
    return done[root.index]


def _varying(block: Block) -> frozenset[str]:
    """Outputs that read a state or an input, directly or through other instructions."""
    changes: list[bool] = []
    for instr in block.instrs:
        own = instr.name is not None and not instr.name.startswith("coef:")
        changes.append(own or any(changes[a] for a in instr.args))
    return frozenset(name for name, place in block.outputs if changes[place])
