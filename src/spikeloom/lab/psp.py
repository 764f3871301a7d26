"""`psp`: what one spike does to the potential of a neuron at rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile import Method
from spikeloom.equations import Cell, Quantity, Synapse, Unit
from spikeloom.equations.units import ms
from spikeloom.errors import NumericsError, ParameterError
from spikeloom.lab.inputs import port_of
from spikeloom.lab.peak import crossing, extremum
from spikeloom.lab.preparation import FINE, Preparation, prepare

if TYPE_CHECKING:
    from spikeloom.equations import Neuron, Refractory

Array = np.ndarray[Any, np.dtype[Any]]
INSTANT = 1e-9
"""How much shorter than a time step "at once" is."""


@dataclass(frozen=True, eq=False, repr=False)
class PSP:
    """A postsynaptic potential: the potential with the spike minus that without it.

    Arguments:
        model: Neuron and synapse as one model.
        times: From the arrival on, ms, (T + 1,).
        change: Of the potential, in `unit`, (T + 1,).
        before: Potential without the spike, likewise.
        unit: Of the potential.
        weight: Of the spike, with its unit.
        peak: Largest change, with its sign, in `unit`.
        time_to_peak: From the arrival, ms.
        half_width: How long the change is at least half of the peak, ms; NaN if it is not back
            within the time.
        area: Integral of the change over the time, `unit` times ms.

    >>> from spikeloom import ConductanceLIF, ExponentialCurrent, lab, ms, mV, nS, pA, pF
    >>> neuron = ConductanceLIF(C=250 * pF, g_L=25 * nS)
    >>> epsp = lab.psp(neuron, ExponentialCurrent(tau=0.5 * ms), 100 * pA)
    >>> print(f"{epsp.peak:.7f} mV after {epsp.time_to_peak:.6f} ms")
    0.1708263 mV after 1.576701 ms
    """

    model: Cell | Neuron | Refractory
    times: Array
    change: Array
    before: Array
    unit: Unit
    weight: Quantity
    peak: float
    time_to_peak: float
    half_width: float
    area: float

    @property
    def extreme(self) -> float:
        """The potential at the peak itself, in `unit`."""
        return self.peak + float(np.interp(self.time_to_peak, self.times, self.before))

    def __repr__(self) -> str:
        return (
            f"{self.model.definition.name}: a spike of {self.weight} gives {self.peak:.5g} "
            f"{self.unit!s} after {self.time_to_peak:.5g} ms, {self.half_width:.5g} ms wide"
        )


def psp(
    neuron: Cell | Neuron | Refractory,
    synapse: Synapse | None,
    weight: Quantity | Unit | float,
    duration: Quantity = 200 * ms,
    dt: Quantity = FINE * ms,
    *,
    into: str | None = None,
    held: Mapping[str, Any] | None = None,
    start: Mapping[str, Any] | None = None,
    method: Method | None = None,
) -> PSP:
    """What one spike through a synapse does to the potential.

    Two neurons are run side by side, one without the spike, so that a potential that is not at
    rest does not count.

    Arguments:
        neuron: Where the spike arrives.
        synapse: Through what; None where the neuron itself takes impulses, as a `Cell` does.
        weight: Of the spike, in the unit of the synapse.
        duration: How long it is watched.
        dt: Time step.
        into: With a synapse, the inflow it flows into, by default ``I``; without, the impulse.
        held: Inflows that stay as they are, by name: ``{"I": 50 * pA}`` depolarises the neuron.
        start: States that begin elsewhere than the model says: ``{"v": -70 * mV}``.
        method: As for `response`.

    Returns:
        Peak, time to peak, half width and area. Between the grid they are read from a polynomial
        through the nearest points.

    Raises:
        ParameterError: The neuron takes no impulses, or the spike makes it fire.
        UnitError: The weight is in another unit.

    >>> from spikeloom import ConductanceLIF, ExponentialConductance, lab, mV, nS
    >>> lab.psp(ConductanceLIF(), ExponentialConductance(), 6 * nS, start={"v": -60 * mV})
    ConductanceLIF: a spike of 6 nS gives 5.3508 mV after 9.0643 ms, 26.53 ms wide
    """
    cell, name = _cell(neuron, synapse, into)
    ready = prepare("psp", cell, dt, method)
    port = port_of("psp", cell.definition, name)
    if port.kind != "impulse":
        raise ParameterError(
            f"psp: {port.name!r} of {cell.definition.name} is an inflow, which takes no spikes.",
            hint="give a synapse: lab.psp(LIF(), AlphaCurrent(), 0.1 * nA)",
        )
    sizes = np.array([ready.plain_input(port.name, weight), 0.0])
    steps = ready.steps("duration", duration)
    state = next((s for s in cell.definition.states if s.name == "v"), cell.definition.states[0])
    trace, at_once = _pair(ready, port.name, sizes, steps, state.name, held, start)
    change = trace[:, 0] - trace[:, 1]
    change[0] = at_once
    times = np.arange(steps + 1) * ready.step
    sign = -1.0 if abs(change.min()) > abs(change.max()) else 1.0
    when, peak = extremum(times, sign * change)
    rises, falls = crossing(times, sign * change, peak / 2, when)
    return PSP(
        model=cell,
        times=times,
        change=change,
        before=trace[:, 1],
        unit=state.unit,
        weight=Quantity(float(sizes[0]), port.unit),
        peak=sign * peak,
        time_to_peak=when,
        half_width=falls - rises,
        area=_simpson(change, ready.step),
    )


def _cell(
    neuron: Any, synapse: Any, into: str | None
) -> tuple[Cell | Neuron | Refractory, str | None]:
    if synapse is None:
        if into is None and hasattr(neuron, "definition"):
            impulses = [i.name for i in neuron.definition.inputs if i.kind == "impulse"]
            into = impulses[0] if len(impulses) == 1 else None
        return neuron, into
    if isinstance(neuron, Cell):
        if "psp" in neuron.receptors:
            raise ParameterError("psp: this cell has a receptor named 'psp' already.",
                                 hint="lab.psp(cell, None, weight, into='psp')")  # fmt: skip
        return neuron.replace(psp=synapse), "psp"
    return Cell(neuron, into="I" if into is None else into, psp=synapse), "psp"


def _pair(
    ready: Preparation,
    port: str,
    sizes: Array,
    steps: int,
    state: str,
    held: Mapping[str, Any] | None,
    start: Mapping[str, Any] | None,
) -> tuple[Array, float]:
    """Potential with and without the spike (T + 1, 2), and the difference right at its arrival."""
    began = ready.started(2, start)
    others = {n: ready.plain_input(n, x) for n, x in (held or {}).items()}
    given = {n: np.full(2, x) for n, x in others.items()}
    at_once = prepare("psp", ready.neuron, INSTANT * ready.dt, ready.method)
    kick = at_once.run(1, 2, {port: sizes, **given}, record=(state,), state=began).traces[state][0]
    first = ready.run(1, 2, {port: sizes, **given}, record=(state,), state=began)
    parts, fired = [began[state][None], first.traces[state]], len(first.spike_ids)
    if steps > 1:
        rest = ready.run(steps - 1, 2, given, record=(state,), state=first.state, first=1)
        parts.append(rest.traces[state])
        fired += len(rest.spike_ids)
    if fired:
        raise ParameterError(
            "psp: the neuron fires, so there is no postsynaptic potential to measure.",
            hint="a smaller weight, or a start further from the threshold: start={'v': -70 * mV}",
        )
    return np.concatenate(parts), float(kick[0] - kick[1])


def _simpson(values: Array, step: float) -> float:
    from scipy.integrate import simpson

    if not np.isfinite(values).all():
        raise NumericsError("psp: the potential is not finite.", hint="take a smaller dt")
    return float(simpson(values, dx=step))
