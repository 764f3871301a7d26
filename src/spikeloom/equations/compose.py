"""`Cell`: a neuron together with the synapses that end on it, as one model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from spikeloom.equations.body import RESERVED
from spikeloom.equations.definition import Definition
from spikeloom.equations.follow import followed_params, with_traces
from spikeloom.equations.learning import LearningRule
from spikeloom.equations.merge import merge
from spikeloom.equations.model_value import ModelValue
from spikeloom.equations.neuron import Neuron
from spikeloom.equations.refractory import Refractory
from spikeloom.equations.synapse import Synapse
from spikeloom.errors import ModelError, ParameterError

if TYPE_CHECKING:
    from spikeloom.equations.text_out import Equations


_PARTS = (Synapse, LearningRule)


class Cell(ModelValue):
    """A neuron with receptors: synapse states that all spikes of one kind share.

    A receptor named ``exc`` gives the cell the impulse ``exc`` (the arriving weight), the states
    ``exc_g`` … and the parameters ``exc_tau`` … of its synapse. What it gives is added to the
    inflow `into`, which stays an input; what it kicks is added to the potential ``v``. The whole is
    one set of equations, so a step of it is exact wherever all of it is linear.

    Arguments:
        neuron: A neuron, refractory or not.
        into: The inflow of the neuron that the synapses flow into.
        receptors: Name → synapse. Synapses whose equations are linear may be shared by any number
            of connections with the same parameters. A learning rule may stand here too: its traces
            that follow the neuron's states become states of the cell.

    Raises:
        ModelError: The neuron has no such inflow, or two names of the whole are the same.
        UnitError: What a synapse gives does not fit the inflow.

    >>> from spikeloom.equations.units import ms
    >>> from spikeloom.models import LIF, ExponentialCurrent
    >>> cell = Cell(Refractory(LIF(), 2 * ms), exc=ExponentialCurrent(tau=3 * ms))
    >>> [i.name for i in cell.definition.inputs], [s.name for s in cell.definition.states]
    (['I', 'exc'], ['v', 'exc_i'])
    >>> cell.replace(tau=10 * ms, exc_tau=4 * ms)
    Cell(Refractory(LIF(tau=10 * ms), 2 * ms), exc=ExponentialCurrent(tau=4 * ms))
    """

    neuron: Neuron | Refractory
    into: str
    receptors: Mapping[str, Synapse | LearningRule]

    def __init__(
        self,
        neuron: Neuron | Refractory,
        /,
        *,
        into: str = "I",
        **receptors: Synapse | LearningRule,
    ) -> None:
        _neuron(neuron)
        for name, synapse in receptors.items():
            _receptor(name, synapse)
        if receptors and neuron.definition.ticks:
            name, first = next((s.definition.name, n) for n, s in receptors.items())
            raise ModelError(
                f"Cell: {neuron.definition.name} counts in whole numbers, and {first!r}, "
                f"{name}, is made of real ones.",
                hint="a chip keeps the current of its synapses in the neuron, as u of LoihiNeuron: "
                "write it as a state there, and connect to an impulse by its name",
            )
        values = {f"{r}_{n}": s.values[n] for r, s in receptors.items() for n in _own(s)}
        for name, value in (
            ("neuron", neuron),
            ("into", into),
            ("receptors", MappingProxyType(receptors)),
            ("_values", MappingProxyType({**neuron.values, **values})),
        ):
            object.__setattr__(self, name, value)
        _ = self.definition  # every mistake is found now

    @cached_property
    def definition(self) -> Definition:
        """Neuron and synapses as one definition."""
        whole = self.neuron.definition
        if whole.ticks:
            return whole
        for name, rule in self.receptors.items():
            if isinstance(rule, LearningRule):
                whole = with_traces(whole, name, rule.definition)
        parts = {n: s.definition for n, s in self.receptors.items() if isinstance(s, Synapse)}
        return merge(whole, parts, self.into)

    @property
    def equations(self) -> Equations:
        """The equations of the whole as text and LaTeX."""
        return self.definition.equations

    def replace(self, **changes: Any) -> Cell:
        """The same cell with receptors (``exc=…``) or parameters (``tau=…, exc_tau=…``) changed."""
        into = changes.pop("into", self.into)
        receptors = dict(self.receptors)
        for name in [n for n, x in changes.items() if n in receptors or isinstance(x, _PARTS)]:
            receptors[name] = changes.pop(name)
        for name, synapse in receptors.items():
            known = {f"{name}_{p}": p for p in _own(synapse)}
            own = {p: changes.pop(long) for long, p in known.items() if long in changes}
            receptors[name] = synapse.replace(**own) if own else synapse
        return Cell(self.neuron.replace(**changes), into=into, **receptors)

    def __eq__(self, other: object) -> bool:
        return NotImplemented if not isinstance(other, Cell) else self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        parts = [repr(self.neuron), *(f"{n}={s!r}" for n, s in self.receptors.items())]
        return f"Cell({', '.join(parts + [f'into={self.into!r}'] * (self.into != 'I'))})"

    def __str__(self) -> str:
        from spikeloom.equations.text_out import summary

        return summary(self.definition, self.values)

    def _repr_html_(self) -> str:
        from spikeloom.equations.text_out import summary_html

        return summary_html(self.definition, self.values)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (self.neuron, self.into, dict(self.receptors)))

    def _key(self) -> tuple[Any, ...]:
        return (self.neuron, self.into, tuple(self.receptors.items()))


def _own(part: object) -> tuple[str, ...]:
    """The parameters of a synapse or rule that are also parameters of the cell."""
    if isinstance(part, LearningRule):
        return followed_params(part.definition)
    return tuple(part.values) if isinstance(part, Synapse) else ()


def _rebuild(
    neuron: Neuron | Refractory, into: str, receptors: dict[str, Synapse | LearningRule]
) -> Cell:
    return Cell(neuron, into=into, **receptors)


def _neuron(neuron: object) -> None:
    if isinstance(neuron, Cell):
        raise ModelError("Cell: the neuron is a cell already.",
                         hint="add receptors to it: cell.replace(inh=…)")  # fmt: skip
    if isinstance(neuron, type):
        raise ParameterError(f"Cell takes a neuron value, not the class {neuron.__name__}.",
                             hint=f"call it: {neuron.__name__}()")  # fmt: skip
    if not isinstance(neuron, (Neuron, Refractory)):
        raise ParameterError(f"Cell takes a neuron; got {type(neuron).__name__}.")


def _receptor(name: str, synapse: object) -> None:
    if name in RESERVED or not name.isidentifier() or name.startswith("_"):
        raise ModelError(f"Cell: {name!r} cannot be the name of a receptor.",
                         hint="it has a meaning of its own; choose another name")  # fmt: skip
    if isinstance(synapse, type):
        raise ParameterError(f"Cell: {name} takes a synapse value, not the class "
                             f"{synapse.__name__}.", hint=f"call it: {synapse.__name__}()",
                             )  # fmt: skip
    if not isinstance(synapse, _PARTS):
        raise ParameterError(f"Cell: {name} takes a synapse; got {type(synapse).__name__}.")
