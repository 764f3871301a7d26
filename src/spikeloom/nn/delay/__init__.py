"""Delays that training moves: of whole axons, and of single synapses."""

from spikeloom.nn.delay.anneal import NarrowDelays as NarrowDelays
from spikeloom.nn.delay.axonal import Delay as Delay
from spikeloom.nn.delay.spread import Gaussian as Gaussian
from spikeloom.nn.delay.spread import Interpolated as Interpolated
from spikeloom.nn.delay.synaptic import SynapticDelay as SynapticDelay

__all__ = ["Delay", "Gaussian", "Interpolated", "NarrowDelays", "SynapticDelay"]
