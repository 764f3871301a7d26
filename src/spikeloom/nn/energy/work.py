"""Work of a network for one sample, and the usual estimate of its energy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from spikeloom.nn.chain.container import Trace
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.energy.constants import EnergyConstants
from spikeloom.nn.energy.counts import LayerCount, count_network, count_plain


@dataclass(frozen=True)
class Work:
    """Mean work for one sample.

    Arguments:
        synaptic_events: Spikes times the synapses each of them reaches: additions.
        multiply_accumulates: Multiplications with weights whose input is not spikes.
        neuron_updates: Neurons times time steps.

    >>> Work(synaptic_events=100.0, multiply_accumulates=0.0, neuron_updates=50.0).synaptic_events
    100.0
    """

    synaptic_events: float
    multiply_accumulates: float
    neuron_updates: float

    def energy_nj(self, constants: EnergyConstants) -> float:
        """Arithmetic of the synapses in nJ: AC * events + MAC * multiply-accumulates.

        Neuron updates and memory traffic are left out, as in most published comparisons.

        >>> Work(1e6, 0.0, 0.0).energy_nj(EnergyConstants())
        900.0
        """
        accumulate = constants.accumulate_pj * self.synaptic_events
        return (accumulate + constants.multiply_accumulate_pj * self.multiply_accumulates) / 1000


@torch.no_grad()
def spiking_work(net: Sequential, x: Tensor, outputs: Mapping[str, Tensor]) -> Work:
    """Count the work of a spiking network on one batch.

    A weight layer whose input is spikes adds one weight for each spike and synapse (layers without
    weights in between, such as pooling, are counted as if they passed spikes on). Any other
    weight layer multiplies at every valid step, or once if its input does not change in time. A
    spike of a `Recurrent` layer also adds one weight for each recurrent synapse of its neuron.

    Arguments:
        net: The network.
        x: Its input (time, batch, *features). Zeros and ones only count as spikes.
        outputs: Output of every layer, from `Sequential.trace`.

    Returns:
        Means over the batch.

    >>> import torch
    >>> net, x = Sequential(nn.Linear(4, 3)), torch.ones(10, 2, 4)
    >>> spiking_work(net, x, net.trace(x)[2]).synaptic_events
    120.0
    """
    kept = outputs if isinstance(outputs, Trace) else _in_a_row(net, x, outputs)
    return _summed(count_network(x, kept))


def _summed(counts: Iterable[LayerCount]) -> Work:
    rows = tuple(counts)
    return Work(
        sum((row.additions for row in rows), 0.0),
        sum((row.multiply_accumulates for row in rows), 0.0),
        sum((row.updates for row in rows), 0.0),
    )


def _in_a_row(net: Sequential, x: Tensor, outputs: Mapping[str, Tensor]) -> Trace:
    """A trace of a plain chain from what its layers gave."""
    trace = Trace()
    for name, layer in net.layers:
        trace.add(name, layer, (x,), outputs[name])
        x = outputs[name]
    return trace


@torch.no_grad()
def plain_work(net: nn.Module, x: Tensor) -> Work:
    """Count the work of a plain network on one sample: every weight multiplies once.

    Arguments:
        net: Torch modules.
        x: Samples (batch, *features); only the shape matters.

    >>> import torch
    >>> plain_work(nn.Sequential(nn.Linear(4, 3)), torch.ones(2, 4)).multiply_accumulates
    12.0
    """
    return Work(0.0, sum((row.multiply_accumulates for row in count_plain(net, x)), 0.0), 0.0)
