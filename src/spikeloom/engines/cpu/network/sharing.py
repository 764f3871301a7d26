"""How many threads are worth while for a network."""

from __future__ import annotations

from collections.abc import Sequence

from spikeloom.compile.program import Program
from spikeloom.engines.cpu import pool
from spikeloom.engines.cpu.library import weight
from spikeloom.engines.network_plan import PopulationPlan

LONGEST_BLOCK = 16
"""Most steps that a group of neurons takes at once."""
INSTRUCTION = 0.02
"""Nanoseconds of an instruction of a neuron: 0.015 in CUBA, 0.020 in COBA, 0.023 in COBAHH."""
EVENT = 3.0
"""Nanoseconds of a synaptic event."""
SPIKES_PER_STEP = 5e-4
"""Of a neuron: 5 Hz and steps of 0.1 ms, since nobody knows before the run."""
WORTH = 30_000
"""Nanoseconds of work between two waits for which a thread is worth while."""


def block_of(stride: int) -> int:
    """Steps between two waits, where a spike of the first can arrive after `stride`."""
    return min(stride, LONGEST_BLOCK)


def threads_worth(populations: Sequence[PopulationPlan], synapses: float, stride: int) -> int:
    """Threads that a network keeps busy, at most as many as there are processors.

    Arguments:
        populations: Its neurons.
        synapses: Their number.
        stride: Steps that can be run before a spike of the first can arrive.

    >>> threads_worth([], 1000, 1)
    1
    """
    step = synapses * SPIKES_PER_STEP * EVENT
    for p in populations:
        # Of whole numbers all instructions weigh the same.
        program = p.program
        flows = isinstance(program, Program)
        work = weight(program) if flows else len(program.forward.instrs)
        step += p.size * work * INSTRUCTION
    return max(1, min(pool.available(), int(step * block_of(stride) / WORTH)))
