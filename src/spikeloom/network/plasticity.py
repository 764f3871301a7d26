"""From a learning rule that was asked for to the plan of what an engine does with it."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeloom.compile import bind_rule, compile_rule
from spikeloom.compile.learning import rule_numbers
from spikeloom.engines.learning_plan import LearningPlan
from spikeloom.equations import LearningRule
from spikeloom.equations.follow import target_units
from spikeloom.equations.quantity import Quantity, Unit, bridge
from spikeloom.errors import ParameterError, UnitError
from spikeloom.network.description import Description, Learning
from spikeloom.network.grid import whole_steps
from spikeloom.network.view import Group, View


def check_rule(label: str, rule: Any) -> None:
    """Raise unless it is a learning rule."""
    if isinstance(rule, LearningRule):
        return
    cls = isinstance(rule, type)
    raise ParameterError(
        f"{label}: learning must be a learning rule, got {rule.__name__ if cls else repr(rule)}.",
        hint=f"call it: {rule.__name__}()" if cls else "for example PairSTDP()",
    )


def plasticity(
    said: Description,
    label: str,
    target: Group,
    channels: tuple[str, ...],
    rule: LearningRule | None,
    axonal: Any,
) -> Learning | None:
    """What is to be known of a rule for a connection; arguments as in `Network.connect`.

    Raises:
        ModelError: The target lacks a state that the rule reads.
        UnitError: The rule's weight is of another kind than that of the synapse.
        ParameterError: A time that falls between two steps, or values that are not one number.
    """
    share = 0 if axonal is None else whole_steps(f"{label}: axonal", axonal, said.dt)
    if rule is None:
        if share:
            raise ParameterError(
                f"{label}: axonal divides the delay of synapses that learn.", hint="learning=…"
            )
        return None
    rule_numbers(rule)  # refuses what is not one number
    units = [
        _unit(said, part, channel) for part, channel in zip(target.parts, channels, strict=True)
    ]
    scales = tuple(_scale(label, rule, unit) for unit in units)
    labels = tuple(
        said.members[part.population.index].receptors.follow(rule) for part in target.parts
    )
    every = 0
    if rule.definition.every is not None:
        every = whole_steps(f"{label}: every", rule.values["every"], said.dt)
        if every < 1:
            raise ParameterError(f"{label}: every must be at least dt = {said.dt}.")
    return Learning(rule, labels, scales, share, every)


def learning_plan(said: Description, learning: Learning, target: View, place: int) -> LearningPlan:
    """The plan of one projection, onto one part of the target."""
    rule = learning.rule
    definition = said.members[target.population.index].receptors.definition
    label = learning.labels[place]
    units = target_units(definition, label, rule.definition)
    program = compile_rule(rule, units)
    step = float(np.asarray(said.dt.to(rule.definition.scales.time)))
    coefs, start = bind_rule(program, rule_numbers(rule, learning.scales[place]), step)
    reads = {t.name: t.state for t in rule.definition.targets}
    reads |= {t.name: f"{label}_{t.name}" for t in rule.definition.driven}
    lags = {
        t.name: whole_steps(f"{label}: {t.lag}", rule.values[t.lag], said.dt)
        for t in rule.definition.driven
        if t.lag
    }
    return LearningPlan(program, coefs, start, reads, lags, learning.axonal, learning.every)


def _unit(said: Description, part: View, channel: str) -> Unit:
    definition = said.members[part.population.index].receptors.definition
    return next(i.unit for i in definition.inputs if i.name == channel)


def _scale(label: str, rule: LearningRule, unit: Unit) -> float:
    """Units of the channel in one unit of w."""
    own = rule.definition.weight
    scale = rule.scale if own.dimensionless else Quantity(1.0, own)
    if scale is None:
        return 1.0
    if not scale.unit.fits(unit):
        what = "scale" if own.dimensionless else "weight"
        raise UnitError(
            f"{label}: the {what} of {rule.definition.name} is {scale.unit.described}, but the "
            f"synapse takes {unit.described}.",
            hint=bridge(unit, scale.unit),
        )
    return float(np.asarray(scale.to(unit)))
