"""Models of whole numbers, bit for bit: `Fixed` in native code, `FixedReference` in NumPy."""

from spikeloom.engines.fixed.engine import Fixed as Fixed
from spikeloom.engines.fixed.reference import FixedReference as FixedReference
