"""The GPU engine: Triton kernels, written from the same Program as every other engine's.

Torch and Triton are imported when a network or a layer needs them, not before.
"""

from __future__ import annotations

from spikeloom.engines.gpu.network import GpuNetwork as GpuNetwork
from spikeloom.engines.gpu.training import GPU as GPU
