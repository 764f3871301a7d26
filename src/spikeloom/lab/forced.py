"""A neuron that is reset when it is told to: its potential depends smoothly on its parameters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from spikeloom.equations import Definition, InputDecl, Neuron
from spikeloom.equations.definition import Rules
from spikeloom.equations.expr import Expr
from spikeloom.equations.functions import maximum, minimum
from spikeloom.equations.place import leaves
from spikeloom.equations.rename import with_leaves
from spikeloom.equations.units import one

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Refractory

SPIKED = "spiked"
"""The impulse that resets: 1 at the beginning of the step after a recorded spike."""
SINCE, STEP = "since", "step"
"""Time at the beginning of a step since the last recorded spike, and how long a step is."""


def forced(neuron: Cell | Neuron | Refractory, first: str) -> Neuron:
    """The same equations with the spikes as an input.

    Arguments:
        neuron: A neuron.
        first: The state that a layer is to give.

    While it is refractory the states that are held have their rates multiplied by 0, and in the
    step in which that ends by the share of the step that is left: so the length of the refractory
    period has a gradient, too.
    """
    made = object.__new__(Neuron)  # a value of the base class, with a definition of its own
    for name, value in (
        ("definition", _forced(neuron.definition, first)),
        ("_values", neuron.values),
    ):
        object.__setattr__(made, name, value)
    return made


def influences(neuron: Neuron) -> set[str]:
    """The parameters on which the states depend, given the spikes."""
    d = neuron.definition
    exprs = [*d.flow.values(), *d.receive.values(), *(s.start for s in d.states)]
    return {str(x.name) for e in exprs for x in leaves(e) if x.kind == "param"}


def _forced(definition: Definition, first: str) -> Definition:
    states = sorted(definition.states, key=lambda s: s.name != first)
    inputs, receive, flow = definition.inputs, dict(definition.receive), dict(definition.flow)
    share: Expr | None = None
    if definition.period is not None:
        time = definition.time_unit
        inputs = (*inputs, InputDecl(SINCE, time, "inflow"), InputDecl(STEP, time, "inflow"))
        since, step = (Expr("leaf", unit=time, kind="input", name=n) for n in (SINCE, STEP))
        period = Expr("leaf", unit=time, kind="param", name=definition.period)
        share = maximum(minimum((since + step - period) / step, 1), 0)
        flow |= {n: share * flow[n] for n in definition.hold}
    after: dict[str, Expr] = {}
    if definition.reset:
        told = Expr("leaf", unit=one, kind="input", name=SPIKED)
        inputs = (*inputs, InputDecl(SPIKED, one, "impulse"))
        own = {s.name: Expr("leaf", unit=s.unit, kind="state", name=s.name) for s in states}
        after = {n: own[n] + told * (new - own[n]) for n, new in definition.reset.items()}

        def later(leaf: Expr) -> Expr:
            """What arrives finds the states as the reset has left them."""
            return after.get(str(leaf.name), leaf) if leaf.kind == "state" else leaf

        receive = {**after, **{n: with_leaves(e, later) for n, e in receive.items()}}
    if share is not None:  # what arrives at a state that is held is lost
        own = {s.name: Expr("leaf", unit=s.unit, kind="state", name=s.name) for s in states}
        before = {n: after.get(n, own[n]) for n in definition.hold if n in receive}
        receive |= {n: x + share * (receive[n] - x) for n, x in before.items()}
    order = [s.name for s in states]
    return replace(
        definition,
        states=tuple(states),
        inputs=inputs,
        flow=Rules(tuple((n, flow[n]) for n in order)),
        receive=Rules(tuple((n, receive[n]) for n in order if n in receive)),
        fires=None,
        reset=Rules(),
        period=None,
        hold=(),
    )


def has_resets(neuron: Any) -> bool:
    """Whether a spike changes its states."""
    return bool(neuron.definition.reset)
