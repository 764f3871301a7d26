"""Joined neurons as native code: the recurrence inside the kernel, its cost that of its spikes."""

from spikeloom.engines.cpu.recurrent.call import backward as backward
from spikeloom.engines.cpu.recurrent.call import forward as forward

__all__ = ["backward", "forward"]
