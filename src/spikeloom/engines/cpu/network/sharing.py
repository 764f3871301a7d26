"""How many threads are worth while for a network."""

from __future__ import annotations

from spikeloom.engines.cpu import pool

LONGEST_BLOCK = 16
"""Most steps that a group of neurons takes at once."""
NEURON_STEP = 0.5
"""Nanoseconds of a simple neuron's step."""
EVENT = 3.0
"""Nanoseconds of a synaptic event."""
SPIKES_PER_STEP = 5e-4
"""Of a neuron: 5 Hz and steps of 0.1 ms, since nobody knows before the run."""
WORTH = 30_000
"""Nanoseconds of work between two waits for which a thread is worth while."""


def block_of(stride: int) -> int:
    """Steps between two waits, where a spike of the first can arrive after `stride`."""
    return min(stride, LONGEST_BLOCK)


def threads_worth(neurons: int, synapses: float, stride: int) -> int:
    """Threads that a network keeps busy, at most as many as there are processors.

    Arguments:
        neurons, synapses: Their numbers.
        stride: Steps that can be run before a spike of the first can arrive.

    >>> threads_worth(100, 1000, 1)
    1
    """
    step = neurons * NEURON_STEP + synapses * SPIKES_PER_STEP * EVENT
    return max(1, min(pool.available(), int(step * block_of(stride) / WORTH)))
