"""A tree of compartments as the program of a neuron: what `run_cable` does in a step, written out.

Each potential and each other state of each compartment is a state of the neuron. So many cells lie
side by side like the neurons of any population: engines step as many at once as a vector holds, and
what a population can do a population of trees can. Elimination goes as in the native kernel of one
tree, operation by operation, so that a cell of a network has the bits of that cell alone.

Between two steps the states of synapses are at the time of the potentials, those of membranes half
a step ahead: what arrives at the start of a step acts before the first half step of synapses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from json import dumps
from typing import Any

import numpy as np

from spikeloom.compile.program import Block, Program
from spikeloom.compile.splice import Splice
from spikeloom.engines.cable_plan import CablePart, CablePlan
from spikeloom.errors import EngineError

Array = np.ndarray[Any, np.dtype[Any]]
Table = tuple[tuple[str, ...], ...]
_NONE = Block((), ())


@dataclass(frozen=True, eq=False)
class TreeNames:
    """What the states and inputs of a tree are called.

    Arguments:
        model: The whole.
        v: Potential of each node, (n,).
        membranes, points: For each part and each of its other states, the name in each column.
        channels: Input at which spikes arrive at each part of the points.
        inflows: Input to node.
    """

    model: str
    v: tuple[str, ...]
    membranes: tuple[Table, ...]
    points: tuple[Table, ...]
    channels: tuple[str, ...]
    inflows: Mapping[str, int]

    @property
    def states(self) -> tuple[str, ...]:
        """All states, in the order of a population's rows."""
        more = [n for part in (*self.membranes, *self.points) for row in part for n in row]
        return (*self.v, *more)


def tree_program(
    plan: CablePlan, names: TreeNames, node: int, threshold: float
) -> tuple[Program, dict[str, Array]]:
    """The program of a tree and its coefficients.

    Arguments:
        plan: The tree.
        names: Of its states.
        node: Where spikes are looked for.
        threshold: The potential in mV that a spike rises through.
    """
    tree = _Tree(plan, names)
    for k, (part, channel) in enumerate(zip(plan.points, names.channels, strict=True)):
        tree.receive(k, part, channel)
    before = tree.v[node]
    tree.solve()
    tree.advance()
    s, fired = tree.s, tree.fire(node)
    if fired is None:
        level = tree.coef("threshold", threshold)
        rises = s.op("and", s.op("lt", before, level), s.op("ge", tree.v[node], level))
        fired = s.op("indicator", rises)
    out = {f"state:{n}": place for n, place in zip(names.states, tree.places(), strict=True)}
    program = TreeProgram(
        model=names.model,
        method="Staggered()",
        reason="a tree of compartments: potentials by elimination, the rest half a step apart",
        time_unit="ms",
        states=names.states,
        inputs=(*names.inflows, *dict.fromkeys(names.channels)),
        params=(),
        coefs=tuple(tree.coefs),
        spikes=True,
        prologue=_NONE,
        forward=s.block({**out, "out": fired}),
        backward=_NONE,
        tree=plan,
        names=names,
        node=node,
    )
    return program, tree.coefs


@dataclass(frozen=True, eq=False, repr=False)
class TreeProgram(Program):
    """The program of a tree, and the tree, for an engine that loops over it instead.

    Arguments:
        tree: What is stepped.
        names: Of its states.
        node: Where spikes are looked for.
    """

    tree: CablePlan | None = None
    names: TreeNames | None = None
    node: int = 0

    @property
    def parts(self) -> tuple[CablePlan, TreeNames]:
        """The tree and its names.

        Raises:
            EngineError: They have been left out.
        """
        if self.tree is None or self.names is None:
            raise EngineError("network: this program of a tree has lost its tree.")
        return self.tree, self.names

    @cached_property
    def key(self) -> str:
        """Content hash: what the step is, without the numbers."""
        plan, names = self.parts
        parts = [
            (p.mechanism.key, p.nodes.tolist(), [n for n, c in p.coefs.items() if np.ndim(c)])
            for p in (*plan.membranes, *plan.points)
        ]
        about = [
            "tree", plan.order, plan.parents.tolist(), len(plan.membranes), parts, self.node,
            self.states, self.inputs, names.channels, list(names.inflows.items()),
        ]  # fmt: skip
        return sha256(dumps(about).encode()).hexdigest()[:32]

    def __repr__(self) -> str:
        return (
            f"TreeProgram: {len(self.states):,} states, {len(self.forward.instrs):,} instructions"
        )


def coef_name(kind: str, k: int, part: CablePart, name: str, column: int) -> str:
    """What a coefficient of a mechanism is called; kind "m" for membranes, "p" for points."""
    label = f"{kind}{k}_{name}"
    return f"{label}_{column}" if np.ndim(part.coefs[name]) else label


class _Tree:
    """A step that is being written."""

    def __init__(self, plan: CablePlan, names: TreeNames) -> None:
        self.plan, self.names, self.s = plan, names, Splice()
        self.coefs: dict[str, Array] = {}
        self.v = [self.s.leaf(f"state:{n}") for n in names.v]
        self.membranes = [self._states(part) for part in names.membranes]
        self.points = [self._states(part) for part in names.points]

    def coef(self, name: str, value: Any) -> int:
        """A number that does not change from step to step."""
        self.coefs[name] = np.asarray(value, np.float64)
        return self.s.leaf(f"coef:{name}")

    def places(self) -> list[int]:
        """Where all states are now, in the order of `TreeNames.states`."""
        more = [x for part in (*self.membranes, *self.points) for row in part for x in row]
        return [*self.v, *more]

    def receive(self, k: int, part: CablePart, channel: str) -> None:
        """What arrives at synapses, and half a step of them."""
        weight = self.s.leaf(f"input:{channel}")
        if not part.mechanism.states:
            return
        for column in range(len(part.nodes)):
            given = {f"input:{part.mechanism.impulse}": weight}
            self._move("p", k, part, part.mechanism.receive, column, given)
            self._move("p", k, part, part.mechanism.advance, column)

    def solve(self) -> None:
        """Potentials, from the leaves to the root and back."""
        s, plan = self.s, self.plan
        zero = s.const(0.0)
        e, r = [zero] * plan.size, [zero] * plan.size
        pace = self.coef("pace", plan.order / plan.dt)
        for k, part in enumerate(plan.membranes):
            for column, node in enumerate(part.nodes):
                found = self._run("m", k, part, part.mechanism.current, column)
                farads = self.coef(f"C_{node}", plan.capacity[node])
                e[node] = s.op("mul", farads, s.minus(pace, found["slope"]))
                r[node] = s.op("mul", farads, found["rate"])
        for k, part in enumerate(plan.points):
            found = [
                self._run("p", k, part, part.mechanism.current, c) for c in range(len(part.nodes))
            ]
            for node, made in zip(part.nodes, found, strict=True):
                r[node] = s.plus(r[node], made["rate"])
                e[node] = s.minus(e[node], made["slope"])
        for name, node in self.names.inflows.items():
            r[node] = s.plus(r[node], s.leaf(f"input:{name}"))
        self._eliminate(e, r)

    def advance(self) -> None:
        """A step of membranes and half a step of synapses, the potentials held."""
        for kind, parts in (("m", self.plan.membranes), ("p", self.plan.points)):
            for k, part in enumerate(parts):
                for column in range(len(part.nodes)):
                    self._move(kind, k, part, part.mechanism.advance, column)

    def fire(self, home: int) -> int | None:
        """Membranes that fire are reset; gives whether that at a node did, if it can."""
        seen: int | None = None
        for k, part in enumerate(self.plan.membranes):
            block = part.mechanism.fire
            if block is None:
                continue
            for column, node in enumerate(part.nodes):
                made = self._run("m", k, part, block, column)
                for name, row in zip(part.mechanism.states, self.membranes[k], strict=True):
                    row[column] = made[f"state:{name}"]
                self.v[node] = made["state:v"]
                seen = made["out"] if node == home else seen
        return seen

    def _eliminate(self, e: list[int], r: list[int]) -> None:
        s, plan, v = self.s, self.plan, self.v
        one, order = s.const(1.0), s.const(float(plan.order))
        share, own = [one] * plan.size, [one] * plan.size
        for node in range(plan.size - 1, 0, -1):
            parent, g = int(plan.parents[node]), self.coef(f"g_{node}", plan.axial[node])
            flow = s.op("mul", g, s.minus(v[parent], v[node]))
            inverse = s.op("div", one, s.plus(e[node], g))
            share[node] = s.op("mul", g, inverse)
            total = s.plus(r[node], flow)
            own[node] = s.op("mul", total, inverse)
            e[parent] = s.fma(s.op("mul", e[node], g), inverse, e[parent])
            r[parent] = s.fma(total, share[node], s.minus(r[parent], flow))
        moved = [s.op("div", r[0], e[0])]
        for node in range(1, plan.size):
            moved.append(s.fma(share[node], moved[int(plan.parents[node])], own[node]))
        self.v = [s.fma(order, d, x) for d, x in zip(moved, v, strict=True)]

    def _states(self, part: Table) -> list[list[int]]:
        return [[self.s.leaf(f"state:{n}") for n in row] for row in part]

    def _run(
        self,
        kind: str,
        k: int,
        part: CablePart,
        block: Block,
        column: int,
        given: Mapping[str, int] | None = None,
    ) -> dict[str, int]:
        rows: Sequence[list[int]] = (self.membranes if kind == "m" else self.points)[k]
        leaves = {"state:v": self.v[part.nodes[column]], **(given or {})}
        leaves |= {
            f"state:{n}": row[column] for n, row in zip(part.mechanism.states, rows, strict=True)
        }
        for name in block.leaves:
            if name.startswith("coef:"):
                short = name.removeprefix("coef:")
                value = part.coefs[short]
                own = value[column] if np.ndim(value) else value
                leaves[name] = self.coef(coef_name(kind, k, part, short, column), own)
        return self.s.run(block, leaves)

    def _move(
        self,
        kind: str,
        k: int,
        part: CablePart,
        block: Block,
        column: int,
        given: Mapping[str, int] | None = None,
    ) -> None:
        if not part.mechanism.states:
            return
        made = self._run(kind, k, part, block, column, given)
        rows = (self.membranes if kind == "m" else self.points)[k]
        for name, row in zip(part.mechanism.states, rows, strict=True):
            row[column] = made[f"state:{name}"]
