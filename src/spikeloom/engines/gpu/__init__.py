"""The GPU engine: Triton kernels, written from the same Program as every other engine's.

Torch and Triton are imported when a network is made, not before.
"""

from __future__ import annotations

from spikeloom.engines.gpu.network import GpuNetwork as GpuNetwork
