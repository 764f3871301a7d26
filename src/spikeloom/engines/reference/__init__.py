"""The reference engine: NumPy float64, a plain loop over time. Slow, obvious, and the truth."""

from spikeloom.engines.reference.engine import Reference as Reference
