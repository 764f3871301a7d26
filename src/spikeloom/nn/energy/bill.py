"""From counts to energies: one layer's bill."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from spikeloom.nn.energy.constants import Precision, Process
from spikeloom.nn.energy.counts import LayerCount


@dataclass(frozen=True)
class Bill:
    """Counts of one layer with the bits it moves and the energy of each, for one sample.

    Arguments:
        count: What was counted.
        weight_bits, state_bits, message_bits: Moved between memory and arithmetic: weights read;
            states read and written; spikes or activations written and read.
        synapses_nj: Additions and multiplications with weights.
        neurons_nj: Arithmetic of the neurons.
        memory_nj: Of all the bits moved.
        synapses_by_spikes_nj, memory_by_spikes_nj: The parts of these that follow the firing rate.
    """

    count: LayerCount
    weight_bits: float
    state_bits: float
    message_bits: float
    synapses_nj: float
    neurons_nj: float
    memory_nj: float
    synapses_by_spikes_nj: float
    memory_by_spikes_nj: float

    @property
    def total_nj(self) -> float:
        """Synapses, neurons and memory, nJ."""
        return self.synapses_nj + self.neurons_nj + self.memory_nj

    def to_record(self) -> dict[str, Any]:
        """JSON-ready values."""
        own = {key: value for key, value in vars(self).items() if key != "count"}
        step = {**vars(self.count.step), "kinds": dict(self.count.step.kinds)}
        return {**vars(self.count), "step": step, **own, "total_nj": self.total_nj}


def bill(count: LayerCount, precision: Precision, process: Process, activation_bits: int) -> Bill:
    """Price one layer.

    A weight is read once for each operation with it; sums stay beside the arithmetic. A spike
    travels as the number of its neuron, ceil(log2 N) bits, written once and read once by each
    weight layer behind it. An update reads and writes all states. Each kind of number lies in the
    smallest memory that holds all of the layer's.

    Arguments:
        count: Of the layer.
        precision: Bits of the numbers.
        process: Energies.
        activation_bits: Of values that travel between layers.
    """
    kind, weights, states = precision.arithmetic, precision.weights, precision.of_states
    value = weights if count.from_input else activation_bits
    add = process.add_pj(precision.sums, kind)
    by_spikes = count.additions * add
    synapses = by_spikes + count.multiply_accumulates * (
        add + process.multiply_pj(weights, value, kind)
    )
    step = count.step
    multiply = process.multiply_pj(states, states, kind)
    neurons = count.updates * (
        step.additions * process.add_pj(states, kind)
        + (step.multiplications + process.function * step.functions) * multiply
    )
    read = process.bit_pj(count.weights * weights / 8)
    address = max(1, math.ceil(math.log2(max(count.sources, 2))))
    spikes = (count.spikes_in + count.spikes_out) * address
    spike_pj = process.bit_pj(count.sources * address / 8)
    values = count.values_in * value + count.values_out * activation_bits
    value_pj = process.bit_pj(count.sources * max(value, activation_bits) / 8)
    state_bits = 2.0 * count.updates * step.states * states
    state_pj = process.bit_pj(count.neurons * step.states * states / 8)
    moved_by_spikes = count.additions * weights * read + spikes * spike_pj
    moved = count.multiply_accumulates * weights * read + values * value_pj + state_bits * state_pj
    return Bill(
        count=count,
        weight_bits=(count.additions + count.multiply_accumulates) * weights,
        state_bits=state_bits,
        message_bits=spikes + values,
        synapses_nj=synapses / 1000,
        neurons_nj=neurons / 1000,
        memory_nj=(moved + moved_by_spikes) / 1000,
        synapses_by_spikes_nj=by_spikes / 1000,
        memory_by_spikes_nj=moved_by_spikes / 1000,
    )
