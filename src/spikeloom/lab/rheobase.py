"""`rheobase`: the weakest current that makes a neuron fire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from spikeloom.compile import Method
from spikeloom.equations import Quantity, Unit
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError
from spikeloom.lab.fi_curve import FICurve, current_values, measure
from spikeloom.lab.inputs import port_of
from spikeloom.lab.preparation import prepare

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

Array = np.ndarray[Any, np.dtype[Any]]
AT_ONCE = 48
"""Currents of one run: the bracket becomes 49 times narrower by each."""
LADDER = 2.0 ** np.arange(-20, 21)
"""Where to look for a bracket, in the unit of the input."""


@dataclass(frozen=True, eq=False, repr=False)
class Rheobase:
    """The weakest current that makes a neuron fire.

    Arguments:
        model: The neuron.
        current: The middle of the bracket, in `unit`.
        low, high: The strongest current tried under which it did not fire, the weakest under
            which it did.
        unit: Unit of the input.
        fires: What was asked for.
        duration: How long each current was watched, ms.
        runs: Populations that were run.

    >>> from spikeloom import GLIF, lab, ms
    >>> lab.rheobase(GLIF.level(1), 300 * ms)
    GLIF: 256.213 pA for a spike within 300 ms
    """

    model: Cell | Neuron | Refractory
    current: float
    low: float
    high: float
    unit: Unit
    fires: str
    duration: float
    runs: int

    @property
    def value(self) -> Quantity:
        """The current with its unit."""
        return Quantity(self.current, self.unit)

    def __repr__(self) -> str:
        amount = f"{self.current:.6g} {self.unit!s}".rstrip()
        what = "a spike" if self.fires == "once" else "repetitive firing"
        name = self.model.definition.name
        return f"{name}: {amount} for {what} within {self.duration:g} ms"


def rheobase(
    model: Cell | Neuron | Refractory,
    duration: Quantity = 1000 * ms,
    dt: Quantity | None = None,
    *,
    fires: Literal["once", "repetitively"] = "once",
    width: Quantity | None = None,
    bracket: Quantity | None = None,
    tolerance: float = 1e-6,
    into: str | None = None,
    held: Mapping[str, Any] | None = None,
    start: Mapping[str, Any] | None = None,
    method: Method | None = None,
    seed: int = 0,
) -> Rheobase:
    """The weakest current, switched on at the start, that makes a neuron fire.

    A bracket is narrowed by many currents side by side in each run. Near the rheobase a neuron may
    take its time: the longer it is watched, the weaker the current that is found.

    Arguments:
        model: Any neuron.
        duration: How long each current is watched.
        dt: Time step; None as for `response`.
        fires: ``"once"``: at least one spike; ``"repetitively"``: it still fires at the end.
        width: How long the current lasts; None for all the time. With a width this is the
            threshold of a pulse.
        bracket: (low, high) with the unit of the input: does not fire, fires. None looks for one
            among currents from a millionth of the unit to a million of it.
        tolerance: Width of the bracket at the end, as a share of its upper end.
        into, held, start, method, seed: As for `response`.

    Raises:
        ParameterError: It fires without a current, or under none; or a bracket that is none.

    >>> from spikeloom import HodgkinHuxley, lab, ms
    >>> round(lab.rheobase(HodgkinHuxley(), 40 * ms, tolerance=1e-4).current, 2)
    2.24
    """
    if fires not in ("once", "repetitively"):
        raise ParameterError(
            f"rheobase: fires must be 'once' or 'repetitively', got {fires!r}.",
            hint="'once' asks for a spike, 'repetitively' for firing that goes on",
        )
    if not isinstance(tolerance, int | float) or not 1e-12 <= tolerance < 1:
        raise ParameterError(f"rheobase: tolerance must be from 1e-12 to 1, got {tolerance!r}.")
    ready = prepare("rheobase", model, dt, method, seed)
    if ready.stochastic:
        raise ParameterError(
            f"rheobase: {model.definition.name} fires by chance, so no current is the weakest.",
            hint="fi_curve shows how its rate rises",
        )
    port = port_of("rheobase", model.definition, into)
    if port.kind == "impulse":
        raise ParameterError(
            f"rheobase: {port.name!r} takes impulses, not a current.", hint="lab.psp measures those"
        )
    lasts = None if width is None else ready.steps("width", width)
    runs = 0

    def does(currents: Array) -> Array:
        nonlocal runs
        runs += 1
        given = Quantity(currents, port.unit)
        found = measure(
            ready, given, duration, into=port.name, others=held, start=start, width=lasts
        )
        return _fires(found, fires)

    low, high = _bracket(does, bracket, port.name, port.unit)
    while high - low > tolerance * abs(high):
        between = np.linspace(low, high, AT_ONCE + 2)[1:-1]
        low, high = _narrowed(np.array([low, *between, high]), np.array([False, *does(between)]))
        if not low < 0.5 * (low + high) < high:
            break
    length = ready.steps("duration", duration) * ready.step
    return Rheobase(model, 0.5 * (low + high), low, high, port.unit, fires, length, runs)


def _fires(found: FICurve, fires: str) -> Array:
    return found.counts > 0 if fires == "once" else found.settled > 0


def _narrowed(currents: Array, fired: Array) -> tuple[float, float]:
    """The first current that fires, and the one below it; the last one always does."""
    first = int(np.argmax(fired)) if fired.any() else len(currents) - 1
    return float(currents[first - 1]), float(currents[first])


def _bracket(
    does: Callable[[Array], Array], given: Quantity | None, name: str, unit: Unit
) -> tuple[float, float]:
    if given is not None:
        ends = current_values("rheobase", name, unit, given)
        if len(ends) != 2 or not ends[0] < ends[1]:
            raise ParameterError(
                f"rheobase: bracket must be two rising currents, got {given}.",
                hint=f"bracket=[0, 10] * {unit!r}",
            )
        silent, loud = does(ends)
        if silent or not loud:
            what = "it fires at the lower end" if silent else "it does not fire at the upper end"
            raise ParameterError(f"rheobase: {given} is no bracket: {what}.")
        return float(ends[0]), float(ends[1])
    ladder = np.concatenate([[0.0], LADDER])
    fired = does(ladder)
    if fired[0]:
        raise ParameterError(
            f"rheobase: it fires without any {name}.",
            hint=f"bracket=[-10, 0] * {unit!r} looks for the current that silences it",
        )
    if not fired.any():
        raise ParameterError(
            f"rheobase: it fires under no {name} up to {LADDER[-1]:g} {unit!s}.",
            hint="watch it longer, or ask for fires='once'",
        )
    return _narrowed(ladder, fired)
