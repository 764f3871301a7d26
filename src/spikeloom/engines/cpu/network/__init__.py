"""Networks as native code: neurons step as vectors, spikes are delivered row by row."""

from spikeloom.engines.cpu.network.native import NativeNetwork as NativeNetwork
