"""Which value comes of each kind of recording."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from spikeloom.network.recording import (
    of_measures,
    of_spikes,
    of_states,
    of_weights,
    of_windows,
)
from spikeloom.network.recording.collector import Stored

VALUES: Mapping[str, Callable[[Stored], Any]] = {
    of_spikes.KIND: of_spikes.spike_trains,
    of_states.KIND: of_states.trace,
    of_windows.KIND: of_windows.windows,
    of_weights.KIND: of_weights.weight_trace,
    of_measures.KIND: of_measures.measured,
}
"""Kind to the function that makes the value."""
