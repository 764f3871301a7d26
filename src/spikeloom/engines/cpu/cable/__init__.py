"""Trees of compartments as native code: membranes in vectors, one elimination a step."""

from __future__ import annotations

from spikeloom.engines.cpu.cable.run import run_cable as run_cable
