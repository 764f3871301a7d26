"""Three neurons in a row, and back: the smallest network in which one thing leads to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spikeloom.network import Network, Result


def three_neurons() -> tuple[Network, Result]:
    """A fires by itself; two of its spikes make B fire; B makes C fire, which holds A back.

    Returns:
        The network, and a run of 120 ms with spikes and potentials.

    >>> net, result = three_neurons()
    >>> [len(result.spikes[p]) > 0 for p in net.populations]
    [True, True, True]
    """
    from spikeloom.equations import Refractory
    from spikeloom.equations.units import ms, nA, pA
    from spikeloom.models import LIF, ExponentialCurrent
    from spikeloom.network import AllToAll, Network

    net = Network(dt=0.1 * ms, engine="reference")
    cell = Refractory(LIF(), 2 * ms)
    a = net.population(1, cell, name="A", I=0.32 * nA)
    b, c = (net.population(1, cell, name=name) for name in "BC")
    synapse, everyone = ExponentialCurrent(tau=6 * ms), AllToAll()
    net.connect(a, b, synapse, everyone, weight=560 * pA, delay=2 * ms, name="A to B")
    net.connect(b, c, synapse, everyone, weight=900 * pA, delay=3 * ms, name="B to C")
    net.connect(c, a, synapse, everyone, weight=-600 * pA, delay=1.5 * ms, name="C to A")
    for neuron in (a, b, c):
        net.record(neuron)
        net.record(neuron, "v")
    return net, net.run(120 * ms, progress=False)
