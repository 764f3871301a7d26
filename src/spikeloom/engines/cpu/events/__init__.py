"""The event engine in native code: the same results as `spikeloom.engines.events.reference`."""

from spikeloom.engines.cpu.events.engine import backward as backward
from spikeloom.engines.cpu.events.engine import forward as forward
