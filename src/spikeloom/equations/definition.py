"""What a model says, as one frozen value: the only thing that compilers and exporters read.

>>> from spikeloom.equations.units import mV, ms, nA
>>> from spikeloom.models import LIF, ATan
>>> isinstance(LIF.definition, Definition), isinstance(ATan.definition, SurrogateDefinition)
(True, True)
>>> LIF.definition.param("tau") == ParamDecl("tau", ms, 20 * ms)
True
>>> LIF.definition.inputs == (InputDecl("I", nA, "inflow"),)
True
>>> v = LIF.definition.state("v")
>>> v == StateDecl("v", mV, v.start, v.written)
True
>>> from spikeloom.models import DiffusionLIF
>>> [isinstance(xi, NoiseDecl) for xi in DiffusionLIF.definition.noises]
[True]
>>> from spikeloom.models import TrueNorthNeuron
>>> TrueNorthNeuron.definition.draws[-1] == DrawDecl("rho_T", 18)
True
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from spikeloom.equations.declare import Overflow
from spikeloom.equations.expr import Condition, Expr
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.scales import Scales
from spikeloom.equations.span import Span

if TYPE_CHECKING:
    from spikeloom.equations.text_out import Equations


@dataclass(frozen=True, slots=True)
class ParamDecl:
    """A parameter: fixed in a run, one value for all neurons or one for each."""

    name: str
    unit: Unit
    default: Quantity
    doc: str = field(default="", compare=False)
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class StateDecl:
    """A state: `start` is an expression over parameters only, `written` what the user wrote."""

    name: str
    unit: Unit
    start: Expr
    written: Expr = field(compare=False)
    doc: str = field(default="", compare=False)
    span: Span | None = None
    overflow: Overflow | None = None


@dataclass(frozen=True, slots=True)
class InputDecl:
    """An input: an ``inflow`` acts all through a step, an ``impulse`` at its beginning."""

    name: str
    unit: Unit
    kind: Literal["inflow", "impulse"]
    doc: str = field(default="", compare=False)
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class DrawDecl:
    """A random whole number of each neuron and tick, uniform over all numbers of its bits."""

    name: str
    bits: int
    doc: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class NoiseDecl:
    """White noise, independent for each neuron; see `noise` for its two meanings."""

    name: str
    unit: Unit
    stratonovich: bool = False
    doc: str = field(default="", compare=False)


@dataclass(frozen=True)
class Rules(Mapping[str, Expr]):
    """State name to expression, in the order of the states; hashable."""

    pairs: tuple[tuple[str, Expr], ...] = ()

    def __getitem__(self, key: str) -> Expr:
        return dict(self.pairs)[key]

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, _ in self.pairs])

    def __len__(self) -> int:
        return len(self.pairs)


@dataclass(frozen=True)
class Definition:
    """A neuron model after tracing.

    Arguments:
        name, doc, source: The class's name, docstring and the paper it names.
        params, states, inputs: What was declared, in order.
        flow: d(state)/dt for every state.
        receive: States that change when an impulse arrives, and their new values.
        fires: When the neuron spikes; None for a model without spikes.
        reset: States that change at a spike, and their new values. All new values are computed
            from the state before the reset.
        period: The name of the parameter that holds the refractory period, if there is one.
        hold: States that stand still during it.
        noises: White noise in the flow.
        tick: Of a model of whole numbers, in place of a flow: the states after each tick.
        otherwise: States that change in a tick without a spike.
        draws: Random numbers of a tick.
    """

    name: str
    doc: str = field(compare=False)
    source: str = field(compare=False)
    params: tuple[ParamDecl, ...]
    states: tuple[StateDecl, ...]
    inputs: tuple[InputDecl, ...]
    flow: Rules
    receive: Rules
    fires: Condition | None
    reset: Rules
    period: str | None = None
    hold: tuple[str, ...] = ()
    noises: tuple[NoiseDecl, ...] = ()
    tick: Rules = Rules()
    otherwise: Rules = Rules()
    draws: tuple[DrawDecl, ...] = ()

    @property
    def ticks(self) -> bool:
        """Whether it is a model of whole numbers, which the fixed engine runs tick by tick."""
        return bool(self.tick)

    @cached_property
    def scales(self) -> Scales:
        """The coherent system of the declared units."""
        return Scales.of(d.unit for group in (self.params, self.states, self.inputs) for d in group)

    def factor(self, unit: Unit) -> float:
        """The number by which a value in `unit` is multiplied to enter the coherent system."""
        return self.scales.factor(unit)

    @property
    def time_unit(self) -> Unit:
        """The unit of time of the coherent system: the first that was declared, or ms."""
        return self.scales.time

    def param(self, name: str) -> ParamDecl:
        """The declaration of the parameter `name`."""
        return next(p for p in self.params if p.name == name)

    def state(self, name: str) -> StateDecl:
        """The declaration of the state `name`."""
        return next(s for s in self.states if s.name == name)

    @property
    def equations(self) -> Equations:
        """The model as text: ``print(definition.equations)``."""
        from spikeloom.equations.text_out import Equations

        return Equations(self)

    def __getstate__(self) -> dict[str, object]:
        return {k: v for k, v in self.__dict__.items() if k != "scales"}


@dataclass(frozen=True)
class SynapseDefinition:
    """A synapse model after tracing; leaves of kind ``post`` are states of the target neuron.

    Arguments:
        name, doc, source: The class's name, docstring and the paper it names.
        params, states: What was declared, in order.
        input: The impulse that carries the weight of an arriving spike.
        flow: d(state)/dt for every state.
        receive: States that change when a spike arrives, and their new values.
        gives: What flows into an inflow of the target all through a step; None for nothing.
        kicks: What is added to the target's potential at arrival; None for nothing.
        noises: White noise in the flow.

    >>> from spikeloom.models import ExponentialConductance
    >>> d = ExponentialConductance.definition
    >>> print(isinstance(d, SynapseDefinition), d.input.name, d.gives, sep="; ")
    True; w; g*(E - post.v)
    """

    name: str
    doc: str = field(compare=False)
    source: str = field(compare=False)
    params: tuple[ParamDecl, ...]
    states: tuple[StateDecl, ...]
    input: InputDecl
    flow: Rules
    receive: Rules
    gives: Expr | None
    kicks: Expr | None
    noises: tuple[NoiseDecl, ...] = ()

    def param(self, name: str) -> ParamDecl:
        """The declaration of the parameter `name`."""
        return next(p for p in self.params if p.name == name)


@dataclass(frozen=True)
class SurrogateDefinition:
    """A surrogate after tracing: its smooth primitive `soft` over the argument ``u``."""

    name: str
    doc: str = field(compare=False)
    source: str = field(compare=False)
    params: tuple[ParamDecl, ...]
    soft: Expr

    def param(self, name: str) -> ParamDecl:
        """The declaration of the parameter `name`."""
        return next(p for p in self.params if p.name == name)
