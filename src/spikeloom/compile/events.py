"""The matrices of a neuron whose equations are linear between events.

With the augmented state z = (states, inflows, 1) such a neuron is five arrays: it flows by
dz/dt = A z, starts at z0, an arrival of weight w adds w b, it fires where r z rises through zero,
and a spike takes z to R z. All are derived from the equations; nothing here knows a model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from spikeloom.compile.derivative import derivative
from spikeloom.compile.emit import emit
from spikeloom.compile.graph import Graph, Node, is_const, leaves, rebuild
from spikeloom.compile.linear import CONSTANT, affine
from spikeloom.compile.lower import Lowered
from spikeloom.compile.program import Block
from spikeloom.equations.definition import Definition
from spikeloom.errors import CompileError

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

Split = Callable[[Node, str], tuple[dict[str, Node], Node]]
ONE = "1"
"""Name of the constant entry of the augmented state."""


@dataclass(frozen=True)
class EventModel:
    """What a neuron is between and at events, as text over its parameters.

    The prologue gives ``A:row:column``, ``r:column``, ``R:row:column``, ``b:input:row`` and
    ``z:row``, only those that are not zero, over ``param:`` leaves; times are in `time_unit`.
    """

    name: str
    states: tuple[str, ...]
    inflows: tuple[str, ...]
    impulses: tuple[str, ...]
    time_unit: str
    spikes: bool
    prologue: Block

    @property
    def rows(self) -> tuple[str, ...]:
        """Names of the entries of z."""
        return (*self.states, *self.inflows, ONE)


@lru_cache(maxsize=256)
def _of(definition: Definition) -> EventModel:
    graph = Graph()
    lowered = Lowered(graph, definition, None, None)
    name, states, inflows = definition.name, lowered.states, lowered.inflows
    impulses = tuple(i.name for i in definition.inputs if i.kind == "impulse")
    if definition.ticks:
        raise _refuse(name, "it goes from tick to tick in whole numbers")
    if definition.noises:
        raise _refuse(name, "it is driven by noise")
    if lowered.hold:
        raise _refuse(name, "it is refractory")
    system = affine(graph, lowered.rates, states, inflows)
    if system is None:
        raise _refuse(name, "some rate is not linear in states and inputs")
    made: dict[str, Node] = {}
    for row, entries in system.matrix.items():
        for column, node in entries.items():
            made[f"A:{row}:{ONE if column == CONSTANT else column}"] = node
    point = {s: graph.leaf(f"state:{s}") for s in states}
    given = {i: graph.leaf(f"input:{i}") for i in impulses}
    varying = [*point.values(), *given.values()]
    zero = dict.fromkeys(varying, graph.const(0))

    def linear(node: Node, what: str) -> tuple[dict[str, Node], Node]:
        slopes = {v.name or "": derivative(graph, node, v) for v in varying}
        if leaves(slopes.values()) & slopes.keys():
            raise _refuse(name, f"{what} is not linear in the states")
        return slopes, rebuild(graph, node, zero)

    for row, node in lowered.receive(point).items():
        slopes, rest = linear(node, f"what an arrival does to {row!r}")
        same = all(is_const(slopes[f"state:{s}"], float(s == row)) for s in states)
        if not same or not is_const(rest, 0):
            raise _refuse(name, "an arrival does more than add its weight")
        made |= {f"b:{i}:{row}": slopes[f"input:{i}"] for i in impulses}
    made |= {f"b:{i}:{i}": graph.const(1) for i in inflows}
    made |= {f"z:{row}": node for row, node in lowered.start().items()}
    made[f"z:{ONE}"] = graph.const(1)
    if definition.fires is not None:
        made |= _firing(lowered, point, linear)
    made = {n: node for n, node in made.items() if not is_const(node, 0)}
    odd = [n for n in leaves(made.values()) if not n.startswith("param:")]
    if odd:
        raise _refuse(name, f"it depends on {odd[0]!r}")
    return EventModel(
        name,
        states,
        inflows,
        impulses,
        str(definition.time_unit),
        definition.fires is not None,
        emit(graph, made),
    )


def _firing(lowered: Lowered, point: Mapping[str, Node], split: Split) -> dict[str, Node]:
    """Rows of the threshold and of the reset."""
    name, made = lowered.model, dict[str, Node]()
    threshold, condition = lowered.fires(point, point), lowered.definition.fires
    rises = condition is not None and condition.op == "rises"
    if threshold is None or threshold.margin is None or (threshold.gate is not None and not rises):
        raise _refuse(name, "its firing condition is not one comparison")
    if threshold.probability is not None:
        raise _refuse(name, "it fires by chance")
    slopes, rest = split(threshold.margin, "its threshold")
    made |= {f"r:{s}": slopes[f"state:{s}"] for s in lowered.states}
    made[f"r:{ONE}"] = rest
    for row, node in lowered.reset(point).items():
        slopes, rest = split(node, f"the reset of {row!r}")
        made |= {f"R:{row}:{s}": slopes[f"state:{s}"] for s in lowered.states}
        made[f"R:{row}:{ONE}"] = rest
    made |= {f"R:{i}:{i}": lowered.graph.const(1) for i in (*lowered.inflows, ONE)}
    return made


def event_model(neuron: Cell | Neuron | Refractory) -> EventModel:
    """The matrices of a neuron that is linear between events.

    Arguments:
        neuron: A neuron value; only its equations matter here.

    Raises:
        CompileError: It is not linear between events, noisy, refractory, or fires by chance.

    >>> from spikeloom.models import CubaLIF
    >>> model = event_model(CubaLIF())
    >>> model.rows, model.prologue.names[:3]
    (('v', 'i', '1'), ('A:v:v', 'A:v:i', 'A:v:1'))
    """
    return _of(neuron.definition)


def _refuse(name: str, why: str) -> CompileError:
    return CompileError(
        f"{name}: exact spike times need linear equations between events, and {why}.",
        hint="simulate it in time steps, or train it with rule=BPTT()",
    )
