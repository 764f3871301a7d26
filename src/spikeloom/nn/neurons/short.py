"""Short names for common layers, in the normalised units of machine learning.

The threshold is 1 mV above rest and the resistance 1 MOhm, so that potentials, currents and weights
are plain numbers around 1. Nothing else differs from ``Spiking(...)``.
"""

from __future__ import annotations

from typing import Any

from spikeloom import models
from spikeloom.equations.units import MOhm, mV
from spikeloom.nn.neurons.spiking import Spiking

_GAIN = {"R": 1 * MOhm}
_REST = {"E": 0 * mV, "theta": 1 * mV}


def LIF(*, tau: Any = None, **options: Any) -> Spiking:
    """Leaky integrate-and-fire layer with rest 0, threshold 1 and input gain 1.

    Arguments:
        tau: Membrane time constant, also ``learn(...)`` or an array; None is the model's own.
        options: Everything that `Spiking` takes.

    Example:
        >>> from spikeloom import ms
        >>> LIF(tau=10 * ms, dt=1 * ms).neuron
        LIF(tau=10 * ms, R=1 * MOhm, E=0 * mV, theta=1 * mV)
    """
    model = models.LIF(**_given(tau=tau), **_GAIN, **_REST)
    return Spiking(model, **options)


def LeakyIntegrator(*, tau: Any = None, **options: Any) -> Spiking:
    """Leaky integrator that never spikes, as a readout; rest 0 and input gain 1.

    Arguments:
        tau: Membrane time constant.
        options: Everything that `Spiking` takes.

    Example:
        >>> from spikeloom import ms
        >>> LeakyIntegrator(tau=20 * ms).spikes
        False
    """
    return Spiking(models.LeakyIntegrator(**_given(tau=tau), **_GAIN), **options)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
