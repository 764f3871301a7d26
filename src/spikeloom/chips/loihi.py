"""From a neuron of real numbers to Loihi's integers: decays, threshold and weights."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import Any

import numpy as np

from spikeloom.compile import Exact, bind, compile_neuron
from spikeloom.compile.values import numbers
from spikeloom.engines.reference import Reference
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError, UnitError
from spikeloom.models import CubaLIF, LoihiNeuron

Array = np.ndarray[Any, np.dtype[Any]]
LARGEST = (1 << 23) - 1


def decay(tau: Quantity, tick: Quantity = 1 * ms, *, current: bool = False) -> int:
    """The 12-bit decay that is nearest to a time constant: 4096 (1 - exp(-tick / tau)).

    Arguments:
        tau: Time constant.
        tick: How long a tick takes.
        current: Whether for ``du``, of which the chip takes one more.

    Raises:
        ParameterError: No time, or too long for 12 bits.

    >>> decay(10 * ms), decay(10 * ms, current=True)
    (390, 389)
    """
    for name, value in (("tau", tau), ("tick", tick)):
        if not isinstance(value, Quantity) or not value.unit.fits(ms) or value.shape:
            raise UnitError(f"decay: {name} must be one time, got {value!r}.", hint="10 * ms")
    length, step = float(tau.to(ms)), float(tick.to(ms))
    if not (length > 0 and step > 0):
        raise ParameterError(f"decay: times must be above 0, got tau={tau} and tick={tick}.")
    return _whole(f"a time constant of {tau}", 1 - exp(-step / length), current)


def _whole(what: str, lost: float, current: bool) -> int:
    made = round(4096 * lost) - current
    if not 0 <= made <= 4095 or (made == 0 and not current):
        raise ParameterError(
            f"{what}: a tick takes {lost:.3g} of it, which 12 bits cannot say.",
            hint="choose a longer tick, or a shorter time constant",
        )
    return made


@dataclass(frozen=True)
class LoihiMap:
    """A neuron in Loihi's numbers, and what its numbers stand for.

    Arguments:
        neuron: The neuron.
        weight: The weight that is one unit of the input ``a``.
        potential: The potential above rest that is one unit of ``v``.
    """

    neuron: LoihiNeuron
    weight: Quantity
    potential: Quantity

    def weights(self, values: Quantity) -> Array:
        """Weights in units of ``a``, rounded to whole numbers.

        Arguments:
            values: Weights in the unit of the neuron of real numbers, any shape.

        >>> from spikeloom import nA
        >>> made = to_loihi(CubaLIF())
        >>> made.weights([0.1, -0.1] * nA)
        array([ 1930, -1930])
        """
        return np.rint(np.asarray(values.to(self.weight.unit)) / self.weight.value).astype(np.int64)


def to_loihi(neuron: CubaLIF, *, tick: Quantity = 1 * ms, vth: int = 1 << 16) -> LoihiMap:
    r"""The Loihi neuron that is nearest to a current-based neuron.

    An exact step of the latter is i' = α i, v' = E + β (v - E) + κ i, with i just after arrivals.
    Loihi's u is κ i and its v is v - E, both in units that put the threshold at 64 vth, so that α
    and β give the decays and κ the weights. The three are read off a step that the compiler made.

    Arguments:
        neuron: The neuron; parameters are single numbers.
        tick: How long a tick takes.
        vth: Where the threshold lies, 1 to 2^17 - 1, in units of 64: the resolution. The default
            leaves room for twice the threshold in either direction.

    Raises:
        ParameterError: Another model, parameters that differ between neurons, or a time constant
            that 12 bits cannot say.

    Source: Davies et al. 2018, IEEE Micro 38(1):82.

    >>> made = to_loihi(CubaLIF())
    >>> made.neuron
    LoihiNeuron(du=741, dv=200, vth=65536)
    """
    if not isinstance(neuron, CubaLIF):
        raise ParameterError(f"to_loihi takes a CubaLIF, got {neuron!r}.", hint="CubaLIF(tau=…)")
    values = numbers(neuron, size=1)
    if any(np.ndim(value) for value in values.values()):
        raise ParameterError(
            "to_loihi: parameters must be single numbers.", hint="convert each kind of neuron"
        )
    rest, top = float(values["E"]), float(values["theta"])
    if not top > rest:
        raise ParameterError(f"to_loihi: the threshold {top} must lie above rest, {rest}.")
    alpha, beta, kappa = _step(neuron, tick, rest)
    unit = (top - rest) / (64 * vth)
    made = LoihiNeuron(
        du=_whole(f"tau_syn = {neuron.tau_syn}", 1 - alpha, True),
        dv=_whole(f"tau = {neuron.tau}", 1 - beta, False),
        vth=vth,
    )
    definition = neuron.definition
    return LoihiMap(
        made,
        Quantity(64 * unit / kappa, definition.inputs[0].unit),
        Quantity(unit, definition.state("v").unit),
    )


def _step(neuron: CubaLIF, tick: Quantity, rest: float) -> tuple[float, float, float]:
    """What a tick leaves of i and of v - E, and what i adds to v."""
    dt = float(tick.to(neuron.definition.time_unit))
    bound = bind(compile_neuron(neuron, Exact()), numbers(neuron), dt)
    small = 1e-6
    state = np.array([[rest - 1.0, rest], [0.0, small]])  # v, i of two neurons, below threshold
    after = Reference().simulate(bound.program, bound.coefs, state, 1, {}).state
    return after[1, 1] / small, rest - after[0, 0], (after[0, 1] - rest) / small
