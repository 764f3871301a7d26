"""The flow of a model with its numbers put in: dx/dt = f(x, p), and every derivative of f.

All of it is taken from the equations of the model; nothing here knows one. States whose rate is
zero whatever happens are numbers like parameters; noise is off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile.derivative import derivative
from spikeloom.compile.emit import emit
from spikeloom.compile.graph import Graph, Node, is_const, leaves, rebuild
from spikeloom.compile.lower import Lowered
from spikeloom.compile.numeric import run_block
from spikeloom.compile.parts import check_parts
from spikeloom.compile.program import Block
from spikeloom.compile.values import numbers
from spikeloom.equations.definition import Definition
from spikeloom.equations.quantity import Unit
from spikeloom.errors import CompileError, ParameterError

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

Array = np.ndarray[Any, np.dtype[Any]]
Free = Sequence[Any]
"""Values of what stays open in a field: each a number or (...)."""


@dataclass(frozen=True, eq=False, repr=False)
class VectorField:
    """dx/dt = f(x, p) of one model with given parameters and constant inputs.

    Arguments:
        definition: Of the model.
        graph: What the nodes below belong to.
        states: States that move, S of them, in order of declaration.
        still: States that never move between events, and where they stand.
        free: Leaves that stay open, such as ``input:I``: the p of a sweep.
        known: Leaves with numbers in their place: parameters, inputs, the states that stand still.
        rates: Rate of each moving state, in its unit per time unit.
        start: Where each moving state begins.
        frozen: States that were made to stand still, and where.

    >>> from spikeloom import FitzHughNagumo
    >>> field = vector_field("example", FitzHughNagumo(), {})
    >>> field(np.zeros(2)), field.jacobian(np.zeros(2)).tolist()
    (array([0.   , 0.056]), [[1.0, -1.0], [0.08, -0.064]])
    """

    definition: Definition
    graph: Graph
    states: tuple[str, ...]
    still: Mapping[str, float]
    free: tuple[str, ...]
    known: Mapping[str, float]
    rates: Mapping[str, Node]
    start: Mapping[str, float]
    frozen: Mapping[str, float]

    def __call__(self, x: Array, p: Free = ()) -> Array:
        """Rates (..., S) at points x (..., S)."""
        return self.run(self.flow, x, p, (len(self.states),))

    def jacobian(self, x: Array, p: Free = ()) -> Array:
        """df/dx (..., S, S): row i holds the slopes of the rate of state i."""
        return self.run(self.slopes, x, p, (len(self.states),) * 2)

    def by_free(self, x: Array, p: Free) -> Array:
        """df/dp (..., S, P)."""
        return self.run(self._by_free, x, p, (len(self.states), len(self.free)))

    def firing(self, x: Array, p: Free = ()) -> Array:
        """Whether a neuron that stands at x fires (...); one that fires by chance never does."""
        if self._fires is None:
            return np.zeros(np.shape(x)[:-1], bool)
        return self.run(self._fires, x, p, ()) > 0

    def run(self, block: Block, x: Array, p: Free, tail: tuple[int, ...]) -> Array:
        """All outputs of a block over states and free values as one array (..., *tail)."""
        given: dict[str, Any] = {f"state:{n}": x[..., i] for i, n in enumerate(self.states)}
        made = run_block(block, given | dict(zip(self.free, p, strict=True)))
        shape = np.broadcast_shapes(np.shape(x)[:-1], *[np.shape(value) for value in p])
        rows = [np.broadcast_to(made[name], shape) for name in block.names]
        return np.stack(rows, -1).reshape((*shape, *tail))

    @property
    def hybrid(self) -> bool:
        """Whether a spike moves the state: the flow then holds only between resets."""
        return self.definition.fires is not None and len(self.definition.reset) > 0

    @property
    def units(self) -> tuple[Unit, ...]:
        """Units of the moving states."""
        return tuple(self.definition.state(name).unit for name in self.states)

    @property
    def point(self) -> dict[str, Node]:
        """Every state as a leaf."""
        return {s.name: self.graph.leaf(f"state:{s.name}") for s in self.definition.states}

    def settle(self, node: Node) -> Node:
        """A node with numbers in place of all that is known."""
        g, names = self.graph, leaves([node])
        return rebuild(
            g, node, {g.leaf(n): g.const(v) for n, v in self.known.items() if n in names}
        )

    def level(self, name: str) -> float | None:
        """The value at which this state, by itself, crosses the threshold; None if more counts."""
        g, here = self.graph, self.point
        threshold = self.lowered.fires(here, here)
        if threshold is None or threshold.margin is None or threshold.probability is not None:
            return None
        margin, leaf = self.settle(threshold.margin), g.leaf(f"state:{name}")
        slope, rest = derivative(g, margin, leaf), rebuild(g, margin, {leaf: g.const(0)})
        if slope.op != "const" or rest.op != "const" or not slope.value:
            return None
        return -(rest.value or 0.0) / slope.value

    @cached_property
    def lowered(self) -> Lowered:
        """The definition over this graph, for what is not the flow."""
        return Lowered(self.graph, self.definition, None, None)

    @cached_property
    def flow(self) -> Block:
        """The rates as instructions over states and free values."""
        return emit(self.graph, dict(self.rates))

    @cached_property
    def slopes(self) -> Block:
        """The Jacobian as instructions, row by row."""
        return emit(self.graph, self._by([f"state:{name}" for name in self.states]))

    @cached_property
    def _by_free(self) -> Block:
        return emit(self.graph, self._by(self.free))

    def _by(self, names: Sequence[str]) -> dict[str, Node]:
        g = self.graph
        return {
            f"{state}/{name}": derivative(g, rate, g.leaf(name))
            for state, rate in self.rates.items()
            for name in names
        }

    @cached_property
    def _fires(self) -> Block | None:
        g, here = self.graph, self.point
        threshold = self.lowered.fires(here, here)
        if threshold is None or threshold.probability is not None:
            return None
        fired = threshold.crossed
        if threshold.gate is not None:
            fired = g.apply("and", fired, threshold.gate)
        node = self.settle(g.apply("indicator", fired))
        random = any(not n.startswith(("state:", *self.free)) for n in leaves([node]))
        return None if random else emit(g, {"fires": node})


def vector_field(
    who: str,
    neuron: Cell | Neuron | Refractory,
    inputs: Mapping[str, float],
    free: Sequence[str] = (),
    *,
    frozen: Mapping[str, float] | None = None,
    all_states: bool = False,
) -> VectorField:
    """The flow of a model.

    Arguments:
        who: For messages.
        neuron: One neuron: each parameter one number.
        inputs: Constant inputs in their declared units; what is left out is 0.
        free: Leaves that stay open: ``input:I``, ``param:tau``.
        frozen: States that are made to stand still, and where.
        all_states: Whether states that never move between events are kept among the moving ones.

    Raises:
        ParameterError: It is no neuron, or a population.
        CompileError: No state of it moves, or its rates depend on the time step.
    """
    check_parts(who, neuron)
    definition = neuron.definition
    known = {f"param:{n}": v for n, v in _one_neuron(who, neuron).items()}
    known |= {f"input:{i.name}": inputs.get(i.name, 0.0) for i in definition.inputs}
    known |= {f"noise:{xi.name}": 0.0 for xi in definition.noises}
    known = {name: value for name, value in known.items() if name not in free}
    if len(definition.flow) < len(definition.states):
        raise CompileError(
            f"{who}: {definition.name} moves in steps, not by differential equations.",
            hint="take a model with a flow, such as LIF()",
        )
    graph = Graph()
    lowered = Lowered(graph, definition, None, None)
    point = {s.name: graph.leaf(f"state:{s.name}") for s in definition.states}
    rates, begin = lowered.rates(point), lowered.start()
    start = _start(graph, begin, _one_neuron(who, neuron))

    def put(nodes: Mapping[str, Node]) -> dict[str, Node]:
        numbers_of = {graph.leaf(n): graph.const(v) for n, v in known.items()}
        return {name: rebuild(graph, node, numbers_of) for name, node in nodes.items()}

    still = dict(frozen or {})
    known |= {f"state:{name}": value for name, value in still.items()}
    moving = put({name: rate for name, rate in rates.items() if name not in still})
    while not all_states and (
        resting := [name for name, rate in moving.items() if is_const(rate, 0)]
    ):
        still |= {name: start[name] for name in resting}
        known |= {f"state:{name}": start[name] for name in resting}
        moving = put({name: rate for name, rate in moving.items() if name not in still})
    states = tuple(moving)
    if not states:
        raise CompileError(
            f"{who}: no state of {definition.name} moves by itself, so it has no flow.",
            hint="take a model with a differential equation, such as LIF()",
        )
    if "dt" in leaves(moving.values()):
        raise CompileError(f"{who}: a rate of {definition.name} depends on the time step.")
    first = {name: start[name] for name in states}
    return VectorField(
        definition, graph, states, still, tuple(free), known, moving, first, dict(frozen or {})
    )


def _one_neuron(who: str, neuron: Cell | Neuron | Refractory) -> dict[str, float]:
    for name, value in neuron.values.items():
        if np.shape(getattr(value, "value", 0.0)) or type(value).__name__ not in (
            "Quantity",
            "Learn",
        ):
            raise ParameterError(
                f"{who}: {neuron.definition.name}.{name} is {value!r}, which is a population.",
                hint=f"study one neuron: give {name} one number",
            )
    return {name: float(value) for name, value in numbers(neuron).items()}


def _start(
    graph: Graph, begin: Mapping[str, Node], values: Mapping[str, float]
) -> dict[str, float]:
    made = run_block(emit(graph, dict(begin)), {f"param:{n}": v for n, v in values.items()})
    return {name: float(made[name]) for name in begin}
