"""Networks as native code: neurons step as vectors, spikes are delivered row by row."""

from spikeloom.engines.cpu.network.native import NativeNetwork as NativeNetwork
from spikeloom.engines.cpu.network.projection import packed_projection as packed_projection
from spikeloom.engines.cpu.network.sharing import threads_worth as threads_worth
