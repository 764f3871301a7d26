"""The CPU engine: LLVM code with explicit vectors, written through llvmlite."""

from __future__ import annotations

from spikeloom.engines.cpu.engine import CPU as CPU
