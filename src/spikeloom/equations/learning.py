"""`LearningRule`: how the synapses of a connection change, written like a neuron."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, dataclass_transform

import numpy as np

from spikeloom.equations.body import read_body
from spikeloom.equations.declare import (
    Param,
    post,
    pre,
    shared,
    synaptic,
    target,
    weight,
)
from spikeloom.equations.learning_definition import LearningDefinition
from spikeloom.equations.learning_tracer import METHODS, WORDS, trace_rule
from spikeloom.equations.model_value import ModelValue, rebuild
from spikeloom.equations.printing import infix
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.values import word
from spikeloom.errors import ParameterError

if TYPE_CHECKING:
    from typing import Self

    from spikeloom.equations.declare import Weight
    from spikeloom.equations.expr import Expr


@dataclass_transform(
    eq_default=False, kw_only_default=True,
    field_specifiers=(pre, post, synaptic, shared, weight, target),
)  # fmt: skip
class _Traced(ModelValue):
    """What the type checkers know of every rule."""

    if TYPE_CHECKING:
        w: Weight
        reward: Expr
        dt: Expr


class LearningRule(_Traced):
    """A learning rule. Subclass it, declare parameters and traces, and write what events change.

    Every synapse has a weight ``w``. Traces are low-passed memories of what happened: `pre()` of
    each source neuron, `post()` of each target neuron, `synaptic()` of each synapse, `shared()` of
    the whole connection. A state of the target is read after ``v: Target = target(mV)``.

    ============================  ==============================================================
    ``flow(self, d)``             ``d.x = …`` gives dx/dt of every trace, and of w if it flows
    ``on_pre(self, after)``       a spike of the source reaches the synapse
    ``on_post(self, after)``      a spike of the target reaches the synapse
    ``on_tick(self, after)``      once every ``every: Param = 1 * ms``, at all synapses
    ``on_reward(self, after)``    a reward ``self.reward`` is given to the connection
    ``sends(self, after)``        returns what a spike transmits; without it, ``after.w``
    ``post_event(self)``          a condition on the target that stands for its spike
    ============================  ==============================================================

    Every right-hand side reads the values just before the event. Two events of one step at one
    synapse do not see each other's jump; `on_post` is applied first.

    Unless the rule declares ``w: Weight = weight(nS)``, w is a plain number, and the weight of the
    synapse is w times `scale`, which is given where the rule is used: ``PairSTDP(scale=5 * nS)``.
    By default it is the unit in which the synapse takes its weight.

    >>> from typing import Self
    >>> from spikeloom.equations import Param, Trace, clip
    >>> from spikeloom.equations.units import ms, nS
    >>> class Pairs(LearningRule):
    ...     tau: Param = 20 * ms
    ...     A: Param = 0.01
    ...     x: Trace = pre()
    ...     y: Trace = post()
    ...
    ...     def flow(self, d: Self) -> None:
    ...         d.x = -self.x / self.tau
    ...         d.y = -self.y / self.tau
    ...
    ...     def on_pre(self, after: Self) -> None:
    ...         after.w = clip(self.w - self.A * self.y, 0, 1)
    ...         after.x = self.x + 1
    ...
    ...     def on_post(self, after: Self) -> None:
    ...         after.w = clip(self.w + self.A * self.x, 0, 1)
    ...         after.y = self.y + 1
    >>> print(Pairs(tau=30 * ms, scale=5 * nS))
    Pairs  weight w in 5 nS · traces x of the source, y of the target
      dx/dt = -x/tau : 1
      dy/dt = -y/tau : 1
      spike of the source: w = minimum(maximum(w - A*y, 0), 1); x = x + 1
      spike of the target: w = minimum(maximum(w + A*x, 0), 1); y = y + 1
      tau 30 ms   A 0.01
    """

    definition: ClassVar[LearningDefinition]
    scale: Param = None
    """What w = 1 stands for; None for the unit in which the synapse takes its weight."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        body = read_body(cls, LearningRule, METHODS, WORDS)
        cls.definition = trace_rule(cls, body, inspect.getdoc(cls) or "")
        cls._params = cls.definition.params

    if not TYPE_CHECKING:

        def __init__(self, *args: object, scale: object = None, **values: object) -> None:
            super().__init__(*args, **values)
            object.__setattr__(self, "scale", _scale(type(self), scale))

    def replace(self, **changes: Any) -> Self:
        """The same rule with some parameters, or `scale`, changed."""
        return type(self)(**{**self.values, "scale": self.scale, **changes})

    def __eq__(self, other: object) -> bool:
        same = super().__eq__(other)
        return same and self.scale == other.scale if isinstance(other, LearningRule) else same

    def __hash__(self) -> int:
        return hash((super().__hash__(), self.scale))

    def __repr__(self) -> str:
        text = super().__repr__()
        if self.scale is None:
            return text
        comma = "" if text.endswith("()") else ", "
        return f"{text[:-1]}{comma}scale={word(self.scale)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (rebuild, (type(self), {**self.values, "scale": self.scale}))

    def __str__(self) -> str:
        return "\n  ".join(_lines(self))


def _scale(cls: type[LearningRule], given: object) -> Quantity | None:
    if given is None:
        return None
    name, unit = cls.__name__, cls.definition.weight
    if not unit.dimensionless:
        raise ParameterError(
            f"{name}: its weight has a unit already ({unit!s}), so it takes no scale.",
            hint="a rule whose w is a plain number takes one",
        )
    if isinstance(given, Unit):
        given = Quantity(1.0, given)
    if not isinstance(given, Quantity) or given.shape:
        raise ParameterError(
            f"{name}: scale is the weight that w = 1 stands for; got {given!r}.",
            hint="for example scale=5 * nS",
        )
    number = float(given.value)
    if not np.isfinite(number) or number == 0:
        raise ParameterError(f"{name}: scale must be finite and not 0; got {given}.")
    return given


OF = {
    "pre": "of the source",
    "post": "of the target",
    "synapse": "of the synapse",
    "shared": "of all",
}


def _lines(rule: LearningRule) -> Iterator[str]:
    d = rule.definition
    unit = str(rule.scale) if rule.scale is not None else str(d.weight) or "1"
    traces = ", ".join(f"{t.name} {OF[t.level]}" for t in d.traces)
    yield f"{d.name}  weight w in {unit}" + (f" · traces {traces}" if traces else "")
    units = {"w": d.weight, **{t.name: t.unit for t in d.traces}}
    for name, rate in d.flow.items():
        yield f"d{name}/dt = {infix(rate)} : {str(units[name]) or 1}"
    if d.post_event is not None:
        yield f"event of the target when: {infix(d.post_event)}"
    post = "spike of the target" if d.post_event is None else "event of the target"
    labels = ("spike of the source", post, "tick", "reward")
    for label, rules in zip(labels, (d.on_pre, d.on_post, d.on_tick, d.on_reward), strict=True):
        if rules:
            yield f"{label}: " + "; ".join(f"{n} = {infix(x)}" for n, x in rules.items())
    if d.sends is not None:
        yield f"sends: {infix(d.sends)}"
    settings = "   ".join(f"{name} {value}" for name, value in rule.values.items())
    if settings:
        yield settings
