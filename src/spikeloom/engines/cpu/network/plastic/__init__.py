"""Synapses that learn, in native code: rows are brought up to date when their source spikes."""

from spikeloom.engines.cpu.network.plastic import looking as looking
from spikeloom.engines.cpu.network.plastic import saving as saving
from spikeloom.engines.cpu.network.plastic.synapses import PlasticSynapses as PlasticSynapses
from spikeloom.engines.cpu.network.plastic.watch import Watch as Watch
