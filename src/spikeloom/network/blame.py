"""Which number went wrong in a network, and which term of its equation made it so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.compile.numeric import OPERATIONS
from spikeloom.engines.network_run import NetworkEngine
from spikeloom.equations.definition import Definition
from spikeloom.equations.expr import Condition, Expr, make
from spikeloom.network import settings
from spikeloom.network.description import Description
from spikeloom.network.ranks.engine import SpreadEngine

Array = np.ndarray[Any, np.dtype[Any]]
Values = Mapping[tuple[str, str], float]
"""Kind and name of a leaf → its number, in the unit that the model declares."""


@dataclass(frozen=True)
class Ill:
    """A state that is NaN or infinite.

    Arguments:
        population: Place of the population.
        row: Place of the state.
        neuron: Which neuron.
        value: The state.
    """

    population: int
    row: int
    neuron: int
    value: float


def find_ill(engine: NetworkEngine) -> Ill | None:
    """The first state that is NaN or infinite."""
    if isinstance(engine, SpreadEngine):
        own = find_ill(engine.own)
        found = engine.first(own and (own.population, own.row, own.neuron, own.value))
        return None if found is None else Ill(*found)
    for place in range(len(engine.plan.populations)):
        states = engine.state(place)
        bad = ~np.isfinite(states)
        if bad.any():
            row, neuron = np.unravel_index(int(np.argmax(bad)), bad.shape)
            first = engine.plan.populations[place].first
            return Ill(place, int(row), first + int(neuron), float(states[row, neuron]))
    return None


def blame(engine: NetworkEngine, ill: Ill, said: Description) -> str:
    """What made a state go wrong in the step that the engine is about to take, in words.

    Arguments:
        engine: Stands before the step.
        ill: What goes wrong in it.
        said: The network.
    """
    if isinstance(engine, SpreadEngine):
        p = engine.plan.populations[ill.population]
        here = p.first <= ill.neuron < p.first + p.size
        return engine.told(blame(engine.own, ill, said) if here else "")
    member = said.members[ill.population]
    definition = member.receptors.definition
    name = engine.plan.populations[ill.population].program.states[ill.row]
    if name not in definition.flow:
        return ""
    values = _values(engine, ill, said)
    for channel in engine.plan.populations[ill.population].channels:
        if not np.isfinite(values[("input", channel)]):
            return f", because what arrives at {channel} is {values[('input', channel)]:g}"
    try:
        return explanation(definition, name, values)
    except KeyError:  # it reads something that only the engine knows, such as noise
        return ""


def explanation(definition: Definition, name: str, values: Values) -> str:
    """The term of a state's equation that is not finite, or else the largest, in words.

    Arguments:
        definition: The model.
        name: The state.
        values: Parameters, states and inputs of one neuron before the step.

    >>> from spikeloom.models import FitzHughNagumo
    >>> d = FitzHughNagumo.definition
    >>> values = {("param", p.name): p.default.value for p in d.params}
    >>> values |= {("state", "v"): 1e60, ("state", "w"): 0.0, ("input", "I"): 0.0}
    >>> explanation(d, "v", values)
    ', where the largest term of dv/dt was -(v**3/3)/tau = -3.33e+179 /ms'
    """
    received = _after(definition.receive, definition, values)
    scale = definition.factor(definition.time_unit) / definition.factor(definition.state(name).unit)
    unit = f"{definition.state(name).unit or ''}/{definition.time_unit}"
    terms = [(term, number(term, definition, received)) for term in split(definition.flow[name])]
    for term, value in terms:
        if not np.isfinite(value):
            inner = culprit(term, definition, received)
            what = "" if inner is term else f" of the term {term}"
            return (
                f", because {inner}{what} of d{name}/dt is {number(inner, definition, received):g}"
            )
    if name in definition.reset:
        value = number(definition.reset[name], definition, received)
        if not np.isfinite(value):
            return f", because of its reset to {definition.reset[name]}"
    term, value = max(terms, key=lambda each: abs(each[1]))
    return f", where the largest term of d{name}/dt was {term} = {value * scale:.3g} {unit}"


def split(expr: Expr, sign: int = 1) -> Iterator[Expr]:
    """The terms of a sum; what a sum is divided by or multiplied with goes to each.

    >>> from spikeloom.models import LIF
    >>> [str(term) for term in split(LIF.definition.flow["v"])]
    ['E/tau', '-v/tau', 'R*I/tau']
    """
    args = [a for a in expr.args if isinstance(a, Expr)]
    if expr.op in ("add", "sub"):
        yield from split(args[0], sign)
        yield from split(args[1], -sign if expr.op == "sub" else sign)
    elif expr.op == "neg":
        yield from split(args[0], -sign)
    elif expr.op == "div" and _sum(args[0]):
        for term in split(args[0], sign):
            yield make("div", (term, args[1]), expr.where)
    elif expr.op == "mul" and (_sum(args[0]) or _sum(args[1])):
        place = 0 if _sum(args[0]) else 1
        for term in split(args[place], sign):
            pair = (term, args[1]) if place == 0 else (args[0], term)
            yield make("mul", pair, expr.where)
    else:
        yield expr if sign > 0 else make("neg", (expr,), expr.where)


def culprit(expr: Expr, definition: Definition, values: Values) -> Expr:
    """The innermost part that is not finite."""
    for arg in expr.args:
        if isinstance(arg, Expr) and not np.isfinite(number(arg, definition, values)):
            return culprit(arg, definition, values)
    return expr


def number(node: Expr | Condition, definition: Definition, values: Values) -> float:
    """The value of an expression in the model's coherent system of units."""
    if isinstance(node, Expr) and node.op == "const":
        return (node.value or 0.0) * definition.factor(node.unit)
    if isinstance(node, Expr) and node.op == "leaf":
        return values[(node.kind or "", node.name or "")] * definition.factor(node.unit)
    args = [np.asarray(number(a, definition, values)) for a in node.args]
    with np.errstate(all="ignore"):
        return float(OPERATIONS[node.op](*args))


def _values(engine: NetworkEngine, ill: Ill, said: Description) -> Values:
    """What one neuron knows at the beginning of the step, without what comes by chance."""
    plan, member = engine.plan.populations[ill.population], said.members[ill.population]
    here = ill.neuron - plan.first

    def one(value: Any, place: int) -> float:
        whole = np.asarray(value, np.float64)
        return float(whole if whole.ndim == 0 else whole[place])

    values = settings.parameters(said, member)
    found = {("param", n): one(x, ill.neuron) for n, x in values.items()}
    found |= {("input", i.name): 0.0 for i in member.receptors.definition.inputs}
    found |= {("noise", noise.name): 0.0 for noise in member.receptors.definition.noises}
    found |= {("input", n): one(x, here) for n, x in plan.constants.items()}
    saved, slot = engine.state_dict(), engine.step % engine.plan.slots
    for channel in plan.channels:
        ring = saved.get(f"coming.{ill.population}.{channel}")
        if ring is not None:
            found[("input", channel)] = float(ring[slot, here])
    states = engine.state(ill.population)[:, here]
    found |= {("state", n): float(x) for n, x in zip(plan.program.states, states, strict=True)}
    found["dt", ""] = float(said.dt.to(member.receptors.definition.time_unit))
    return found


def _after(rules: Mapping[str, Expr], definition: Definition, values: Values) -> Values:
    """The values when some states have changed."""
    new = {
        ("state", name): number(expr, definition, values)
        / definition.factor(definition.state(name).unit)
        for name, expr in rules.items()
    }
    return {**values, **new}


def _sum(expr: Expr) -> bool:
    return expr.op in ("add", "sub") or (
        expr.op == "neg" and isinstance(expr.args[0], Expr) and _sum(expr.args[0])
    )
