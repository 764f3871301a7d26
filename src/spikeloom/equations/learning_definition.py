"""What a learning rule says, as one frozen value: what the compiler reads.

>>> from spikeloom.equations import LearningDefinition, TargetDecl, TraceDecl
>>> from spikeloom.models import ClopathSTDP, PairSTDP
>>> d = PairSTDP.definition
>>> isinstance(d, LearningDefinition), d.trace("x").level, list(d.on_post)
(True, 'pre', ['w', 'y'])
>>> v, u = ClopathSTDP.definition.targets[0], ClopathSTDP.definition.trace("u_minus")
>>> isinstance(v, TargetDecl), v.state, isinstance(u, TraceDecl), u.driven
(True, 'v', True, True)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from spikeloom.equations.declare import Level
from spikeloom.equations.definition import ParamDecl, Rules
from spikeloom.equations.expr import Condition, Expr
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.scales import Scales

WEIGHT = "w"
"""Name of the weight in every rule."""


@dataclass(frozen=True, slots=True)
class TraceDecl:
    """A trace: `start` is an expression over parameters only, `written` what the user wrote.

    A trace of the target that follows the target's own states is `driven`: it becomes a state of
    the target's cell.
    """

    name: str
    unit: Unit
    level: Level
    driven: bool
    start: Expr
    written: Expr = field(compare=False)
    doc: str = field(default="", compare=False)
    lag: str = ""
    """The parameter that says how late a driven trace is seen; none for at once."""


@dataclass(frozen=True, slots=True)
class TargetDecl:
    """A state of the target neuron that the rule reads."""

    name: str
    unit: Unit
    state: str
    doc: str = field(default="", compare=False)


@dataclass(frozen=True)
class LearningDefinition:
    """A learning rule after tracing.

    Leaves of kind ``state`` are traces and the weight, of kind ``post`` states of the target
    neuron, of kind ``after`` what `on_pre` has just given, and ``event`` is the reward.

    Arguments:
        name, doc, source: The class's name, docstring and the paper it names.
        params, traces, targets: What was declared, in order.
        weight: Unit of the weight ``w``; a plain number unless declared.
        flow: d/dt of every trace, and of ``w`` where it flows.
        on_pre, on_post, on_tick, on_reward: What these events change, and to what.
        sends: What a spike transmits; None for the weight after `on_pre`.
        post_event: What counts as an event of the target; None for its spike.
    """

    name: str
    doc: str = field(compare=False)
    source: str = field(compare=False)
    params: tuple[ParamDecl, ...]
    traces: tuple[TraceDecl, ...]
    targets: tuple[TargetDecl, ...]
    weight: Unit
    flow: Rules
    on_pre: Rules
    on_post: Rules
    on_tick: Rules
    on_reward: Rules
    sends: Expr | None
    post_event: Condition | None

    @cached_property
    def scales(self) -> Scales:
        """The coherent system of the declared units."""
        groups = (self.params, self.traces, self.targets)
        return Scales.of([*(d.unit for group in groups for d in group), self.weight])

    def trace(self, name: str) -> TraceDecl:
        """The declaration of the trace `name`."""
        return next(t for t in self.traces if t.name == name)

    def param(self, name: str) -> ParamDecl:
        """The declaration of the parameter `name`."""
        return next(p for p in self.params if p.name == name)

    def level(self, name: str) -> Level:
        """Whose a state is; the weight is the synapse's."""
        return "synapse" if name == WEIGHT else self.trace(name).level

    def of_level(self, level: Level) -> tuple[str, ...]:
        """The names of one level without the driven ones, the weight first."""
        own = tuple(t.name for t in self.traces if t.level == level and not t.driven)
        return (WEIGHT, *own) if level == "synapse" else own

    @property
    def driven(self) -> tuple[TraceDecl, ...]:
        """Traces that become states of the target's cell."""
        return tuple(t for t in self.traces if t.driven)

    @property
    def every(self) -> Quantity | None:
        """The default time between two ticks; None for a rule without."""
        return self.param("every").default if self.on_tick else None

    def expressions(self) -> Iterator[Expr | Condition]:
        """Everything that the events and `sends` compute; not the flow."""
        for rules in (self.on_pre, self.on_post, self.on_tick, self.on_reward):
            yield from rules.values()
        yield from [e for e in (self.sends, self.post_event) if e is not None]

    def __getstate__(self) -> dict[str, object]:
        return {k: v for k, v in self.__dict__.items() if k != "scales"}
