"""Delayed sums in native code: each synapse reads its source at a step of its own."""

from __future__ import annotations

from spikeloom.engines.cpu.delayed.events import delayed_events as delayed_events
from spikeloom.engines.cpu.delayed.run import delayed_sums as delayed_sums
from spikeloom.engines.cpu.delayed.run import lanes as lanes
from spikeloom.engines.cpu.delayed.run import pair_products as pair_products
from spikeloom.engines.cpu.delayed.run import rows as rows
from spikeloom.engines.cpu.delayed.shift import shift as shift
from spikeloom.engines.cpu.delayed.shift import weigh as weigh
