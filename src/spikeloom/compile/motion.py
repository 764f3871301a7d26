"""A neuron in continuous time: its rates, their Jacobian, and what happens at events.

A Program is a step; a Motion is what the step approximates. Both come from the same lowered
equations, so that an engine without time steps runs the very model that all others run. Nothing
here is typed by hand: the Jacobian and the slope of the threshold are derivatives of the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from spikeloom.compile.derivative import derivative
from spikeloom.compile.emit import emit
from spikeloom.compile.graph import Graph, Node, is_const, leaves
from spikeloom.compile.hoist import hoist
from spikeloom.compile.lower import Lowered
from spikeloom.compile.program import Block
from spikeloom.compile.step import COUNTER
from spikeloom.compile.verify import RANDOM
from spikeloom.equations.definition import Definition
from spikeloom.errors import CompileError

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

PERIOD = "period"
"""Coefficient that holds the refractory period, in the time unit of the model."""


@dataclass(frozen=True, repr=False)
class Motion:
    """Rates and events of a neuron, each a block over ``state:``, ``input:`` and ``coef:`` leaves.

    Arguments:
        model, time_unit, params, coefs, prologue: As in a `Program`; there is no ``dt``.
        states: Names of the states; with a refractory period the last is the rest of it.
        flowing: Those that follow rates.
        inputs, inflows: Names of all inputs, and of those that act all the time.
        hold: States that stand still while the neuron is refractory.
        spikes: Whether it fires at all.
        rises: Whether it fires at each rise through its threshold, and not all the time above it.
        resets: Whether a spike changes a state or makes the neuron refractory.
        linear: Whether rates are linear in states and inputs, and the threshold in the states.
        rates: Gives ``rate:NAME`` in state units per time unit.
        jacobian: Gives ``jac:ROW:COLUMN``, the derivative of a rate by a state, where not 0.
        margin: Gives ``margin``, the distance past the threshold; empty without spikes.
        slope: Gives ``slope:NAME``, the derivative of the margin by each state.
        receive: Gives ``state:NAME`` after the impulses of one moment have arrived.
        reset: Gives ``state:NAME`` after a spike.

    >>> from spikeloom.models import LIF, AdEx
    >>> motion(LIF()), motion(AdEx())
    (Motion: LIF, 1 state, linear between spikes, Motion: AdEx, 2 states)
    """

    model: str
    time_unit: str
    states: tuple[str, ...]
    flowing: tuple[str, ...]
    inputs: tuple[str, ...]
    inflows: tuple[str, ...]
    params: tuple[str, ...]
    coefs: tuple[str, ...]
    hold: tuple[str, ...]
    spikes: bool
    rises: bool
    resets: bool
    linear: bool
    prologue: Block
    rates: Block
    jacobian: Block
    margin: Block
    slope: Block
    receive: Block
    reset: Block

    method = "none"
    reason = "there are no time steps"

    @property
    def random(self) -> tuple[str, ...]:
        """No random numbers: a Motion is without noise."""
        return ()

    def __repr__(self) -> str:
        count = len(self.flowing)
        text = f"Motion: {self.model}, {count} state{'s' * (count != 1)}"
        return text + ", linear between spikes" * self.linear


def motion(neuron: Cell | Neuron | Refractory) -> Motion:
    """The continuous form of a neuron.

    Arguments:
        neuron: A neuron value; only its equations matter here.

    Raises:
        CompileError: It has noise, fires by chance, depends on dt, or its firing condition is no
            single comparison.
    """
    return _of(neuron.definition)


@lru_cache(maxsize=256)
def _of(definition: Definition) -> Motion:
    graph = Graph()
    lowered = Lowered(graph, definition, None, None)
    name, flowing = definition.name, lowered.states
    if definition.noises:
        raise _refuse(name, "it is driven by noise")
    here = {s: graph.leaf(f"state:{s}") for s in flowing}
    rates = lowered.rates(here)
    slopes = {
        f"jac:{row}:{column}": derivative(graph, rates[row], here[column])
        for row in flowing
        for column in flowing
    }
    roots = {f"rate:{s}": rates[s] for s in flowing}
    roots |= {n: node for n, node in slopes.items() if not is_const(node, 0)}
    threshold, condition = lowered.fires(here, here), definition.fires
    rises = condition is not None and condition.op == "rises"
    if threshold is not None:
        drawn = () if threshold.gate is None else leaves([threshold.gate])
        if threshold.probability is not None or any(n.startswith(RANDOM) for n in drawn):
            raise _refuse(name, "it fires by chance")
        if threshold.margin is None or (threshold.gate is not None and not rises):
            raise _refuse(name, "its firing condition is not one comparison")
        roots["margin"] = threshold.margin
        for s in flowing:
            roots[f"slope:{s}"] = derivative(graph, threshold.margin, here[s])
        roots |= {f"reset:{s}": node for s, node in lowered.reset(here).items()}
    roots |= {f"receive:{s}": node for s, node in lowered.receive(here).items()}
    step, hoisted = hoist(graph, roots)
    start = {f"start:{s}": node for s, node in lowered.start().items()}
    made = {f"coef:{n}": node for n, node in hoisted.coefs.items()}
    coefs = tuple(hoisted.coefs)
    if lowered.hold:
        made[f"coef:{PERIOD}"] = graph.leaf(f"param:{definition.period}")
        coefs = tuple(dict.fromkeys((*coefs, PERIOD)))
        start[f"start:{COUNTER}"] = graph.const(0)
    odd = leaves([*made.values(), *start.values(), *step.values()])
    if "dt" in odd:
        raise _refuse(name, "its equations depend on the time step")
    if any(n.startswith(RANDOM) for n in odd):
        raise _refuse(name, "it draws random numbers")

    def block(prefix: str, shown: str) -> Block:
        return emit(graph, {shown + n.removeprefix(prefix): node for n, node in step.items()
                            if n.startswith(prefix)})  # fmt: skip

    return Motion(
        model=name,
        time_unit=str(definition.time_unit),
        states=(*flowing, COUNTER) if lowered.hold else flowing,
        flowing=flowing,
        inputs=tuple(i.name for i in definition.inputs),
        inflows=lowered.inflows,
        params=tuple(p.name for p in definition.params),
        coefs=coefs,
        hold=lowered.hold,
        spikes=threshold is not None,
        rises=rises,
        resets=bool(definition.reset) or bool(lowered.hold),
        linear=_linear(roots, flowing, lowered.inflows),
        prologue=emit(graph, made | start),
        rates=block("rate:", "rate:"),
        jacobian=block("jac:", "jac:"),
        margin=block("margin", "margin"),
        slope=block("slope:", "slope:"),
        receive=block("receive:", "state:"),
        reset=block("reset:", "state:"),
    )  # fmt: skip


def _linear(roots: Mapping[str, Node], flowing: tuple[str, ...], inflows: tuple[str, ...]) -> bool:
    """Whether no slope depends on a state, and inflows enter by themselves."""
    slopes = [node for n, node in roots.items() if n.startswith(("jac:", "slope:"))]
    varying = {f"state:{s}" for s in flowing} | {f"input:{i}" for i in inflows}
    return not leaves(slopes) & varying


def _refuse(name: str, why: str) -> CompileError:
    return CompileError(
        f"{name}: it cannot run in continuous time, because {why}.",
        hint="run it in time steps: leave out engine=...",
    )
