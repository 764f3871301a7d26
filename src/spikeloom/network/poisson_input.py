"""`PoissonInput`: Poisson spikes onto a network, to change their rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spikeloom.equations.quantity import Quantity

if TYPE_CHECKING:
    from spikeloom.network.inside import Inside
    from spikeloom.network.waveforms import Waveform


class PoissonInput:
    """Poisson spikes onto some neurons. `Network.poisson` gives it.

    >>> from spikeloom import LIF, Delta, Hz, Network, mV, ms
    >>> net = Network(dt=0.1 * ms, engine="reference")
    >>> cells = net.population(10, LIF(), name="cells")
    >>> noise = net.poisson(cells, Delta(), rate=100 * Hz, weight=1 * mV)
    >>> noise
    Poisson spikes onto cells, 100 Hz
    >>> noise.set(rate=200 * Hz)
    >>> noise.rate
    200 * Hz
    """

    def __init__(self, network: Inside, place: int) -> None:
        self.network, self.place = network, place

    @property
    def rate(self) -> Quantity | Waveform:
        """Of one source: a number, one for each neuron, or over time."""
        return self.network.source_at(self.place).rate

    @property
    def weight(self) -> Quantity:
        """Of each spike."""
        return self.network.source_at(self.place).weight

    def set(self, *, rate: Any = None, weight: Any = None) -> None:
        """Change the rate or the weight, from now on.

        Arguments:
            rate, weight: As in `Network.poisson`; None leaves it as it is.

        Raises:
            ParameterError: A negative rate, or a weight that is not one number.
            UnitError: The wrong unit.
        """
        self.network.replace_source(self.place, rate=rate, weight=weight)

    def __repr__(self) -> str:
        source = self.network.source_at(self.place)
        shown = str(source.rate) if isinstance(source.rate, Quantity) else "a rate over time"
        return f"Poisson spikes onto {source.target!r}, {shown}"
