"""A neuron that is reset when it is told to: its potential depends smoothly on its parameters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from spikeloom.equations import Definition, InputDecl, Neuron
from spikeloom.equations.definition import Rules
from spikeloom.equations.expr import Expr
from spikeloom.equations.place import leaves
from spikeloom.equations.rename import with_leaves
from spikeloom.equations.units import one
from spikeloom.errors import CompileError

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Refractory

SPIKED = "spiked"
"""The impulse that resets: 1 at the beginning of the step after a recorded spike."""


def forced(neuron: Cell | Neuron | Refractory, first: str) -> Neuron:
    """The same equations with the spikes as an input.

    Arguments:
        neuron: A neuron.
        first: The state that a layer is to give.

    Raises:
        CompileError: It stands still after a spike, or is reset by chance.
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
    if definition.period is not None:
        raise CompileError(
            f"{definition.name}: it stands still after a spike, which no gradient follows here.",
            hint="method='global'",
        )
    states = sorted(definition.states, key=lambda s: s.name != first)
    inputs, receive = definition.inputs, dict(definition.receive)
    if definition.reset:
        told = Expr("leaf", unit=one, kind="input", name=SPIKED)
        inputs = (*inputs, InputDecl(SPIKED, one, "impulse"))
        own = {s.name: Expr("leaf", unit=s.unit, kind="state", name=s.name) for s in states}
        after = {n: own[n] + told * (new - own[n]) for n, new in definition.reset.items()}

        def later(leaf: Expr) -> Expr:
            """What arrives finds the states as the reset has left them."""
            return after.get(str(leaf.name), leaf) if leaf.kind == "state" else leaf

        receive = {**after, **{n: with_leaves(e, later) for n, e in receive.items()}}
    order = [s.name for s in states]
    return replace(
        definition,
        states=tuple(states),
        inputs=inputs,
        flow=Rules(tuple((n, definition.flow[n]) for n in order)),
        receive=Rules(tuple((n, receive[n]) for n in order if n in receive)),
        fires=None,
        reset=Rules(),
        hold=(),
    )


def has_resets(neuron: Any) -> bool:
    """Whether a spike changes its states."""
    return bool(neuron.definition.reset)
