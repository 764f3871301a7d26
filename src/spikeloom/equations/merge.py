"""Joining the definitions of a neuron and of the synapses on it into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from spikeloom.equations.definition import (
    Definition,
    InputDecl,
    NoiseDecl,
    ParamDecl,
    Rules,
    StateDecl,
    SynapseDefinition,
)
from spikeloom.equations.expr import Expr, make
from spikeloom.equations.quantity import bridge
from spikeloom.equations.rename import with_leaves
from spikeloom.equations.synapse import POTENTIAL, Post
from spikeloom.errors import ModelError, UnitError, suggest


def merge(neuron: Definition, synapses: Mapping[str, SynapseDefinition], into: str) -> Definition:
    """One definition of a neuron and its receptors; it keeps the neuron's name.

    Arguments:
        neuron: The neuron.
        synapses: Receptor name → synapse; ``exc`` becomes the impulse ``exc``, and its ``g`` and
            ``tau`` the state ``exc_g`` and the parameter ``exc_tau``.
        into: The inflow to which everything that the synapses give is added.

    Raises:
        ModelError: The neuron lacks the inflow or the potential that a synapse needs, or two
            names of the whole are the same.
        UnitError: What a synapse gives or sees does not fit.

    >>> from spikeloom.models import LIF, ExponentialCurrent
    >>> merge(LIF.definition, {"exc": ExponentialCurrent.definition}, "I").equations
    dv/dt = (E - v + R*(I + exc_i))/tau : mV
    dexc_i/dt = -exc_i/exc_tau : pA
    I : nA
    exc : pA (impulse)
    on arrival: exc_i = exc_i + exc
    spike when: v >= theta
    after a spike: v = E
    start: v = E
    """
    parts = [_Receptor(name, s, neuron) for name, s in synapses.items()]
    given = [p.gives(p.synapse.gives, into) for p in parts if p.synapse.gives is not None]

    def total(leaf: Expr) -> Expr:
        whole = leaf
        if leaf.kind == "input" and leaf.name == into:
            for flow in given:
                whole = make("add", (whole, flow), leaf.where)
        return whole

    def summed(rules: Rules) -> tuple[tuple[str, Expr], ...]:
        return tuple((name, with_leaves(expr, total)) for name, expr in rules.items())

    whole = replace(
        neuron,
        params=(*neuron.params, *(param for p in parts for param in p.params())),
        states=(*neuron.states, *(state for p in parts for state in p.states())),
        inputs=(*neuron.inputs, *(p.input() for p in parts)),
        flow=Rules((*summed(neuron.flow), *(r for p in parts for r in p.rules(p.synapse.flow)))),
        receive=_arrivals(neuron, parts),
        fires=None if neuron.fires is None else with_leaves(neuron.fires, total),
        reset=Rules(summed(neuron.reset)),
        noises=(*neuron.noises, *(xi for p in parts for xi in p.noises())),
    )
    _names_differ(whole)
    return whole


@dataclass(frozen=True)
class _Receptor:
    """One synapse under the names that it has in the whole."""

    name: str
    synapse: SynapseDefinition
    neuron: Definition

    def params(self) -> list[ParamDecl]:
        return [replace(p, name=self._long(p.name)) for p in self.synapse.params]

    def states(self) -> list[StateDecl]:
        return [
            replace(s, name=self._long(s.name), start=self.expr(s.start),
                    written=self.expr(s.written))
            for s in self.synapse.states
        ]  # fmt: skip

    def noises(self) -> list[NoiseDecl]:
        return [replace(xi, name=self._long(xi.name)) for xi in self.synapse.noises]

    def input(self) -> InputDecl:
        return replace(self.synapse.input, name=self.name)

    def rules(self, rules: Rules) -> list[tuple[str, Expr]]:
        return [(self._long(name), self.expr(value)) for name, value in rules.items()]

    def gives(self, given: Expr, into: str) -> Expr:
        """What flows into the neuron."""
        inflows = {i.name: i.unit for i in self.neuron.inputs if i.kind == "inflow"}
        if into not in inflows:
            raise ModelError(
                f"Cell: {self.neuron.name} has no inflow {into!r} for {self.name} to flow into.",
                hint=f"name it with into=…; {suggest(into, inflows)}",
            )
        given = self.expr(given)
        if not given.unit.fits(inflows[into]):
            raise UnitError(
                f"Cell: {self.name} gives {given.unit.described}, but the inflow {into!r} of "
                f"{self.neuron.name} is a {inflows[into].kind} ({inflows[into]!s}).",
                hint=bridge(inflows[into], given.unit),
            )
        return given

    def expr(self, expr: Expr) -> Expr:
        return with_leaves(expr, self._leaf)

    def _leaf(self, leaf: Expr) -> Expr:
        if leaf.kind == "post":
            return _potential(self.neuron, self.name, leaf)
        if leaf.kind == "input":
            return replace(leaf, name=self.name)
        return replace(leaf, name=self._long(leaf.name or ""))

    def _long(self, name: str) -> str:
        return f"{self.name}_{name}"


def _potential(neuron: Definition, receptor: str, leaf: Expr) -> Expr:
    """The potential of the neuron, where the synapse sees or kicks `leaf`."""
    state = next((s for s in neuron.states if s.name == leaf.name), None)
    if state is None:
        raise ModelError(
            f"Cell: {receptor} acts on the potential {leaf.name!r}, which {neuron.name} lacks.",
            hint=f"its states are {', '.join(s.name for s in neuron.states)}",
        )
    if not state.unit.fits(leaf.unit):
        raise UnitError(
            f"Cell: {receptor} acts on a potential ({leaf.unit!s}), but {leaf.name!r} of "
            f"{neuron.name} is {state.unit.described}.",
            hint="write a synapse of your own for models without units",
        )
    return Expr("leaf", unit=state.unit, kind="state", name=state.name, where=leaf.where)


def _arrivals(neuron: Definition, parts: list[_Receptor]) -> Rules:
    """What the neuron receives by itself, plus the kicks; then the states of the receptors."""
    changes = dict(neuron.receive)
    for part in parts:
        if part.synapse.kicks is None:
            continue
        v = _potential(neuron, part.name, Post().v)
        kick = part.expr(part.synapse.kicks)
        changes[POTENTIAL] = make("add", (changes.get(POTENTIAL, v), kick), kick.where)
    return Rules((*changes.items(), *(r for p in parts for r in p.rules(p.synapse.receive))))


def _names_differ(whole: Definition) -> None:
    groups = (whole.params, whole.states, whole.inputs, whole.noises)
    names = [d.name for group in groups for d in group]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ModelError(
            f"Cell: {', '.join(map(repr, twice))} would mean two things in {whole.name}.",
            hint="give the receptor another name",
        )
