"""Work of a network for one sample, and an estimate of its energy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from spikeloom.nn.fold import is_constant
from spikeloom.nn.protocol import emits_spikes, is_stateful
from spikeloom.nn.sequential import Sequential
from spikeloom.nn.weights import fan_out, is_weight_layer


@dataclass(frozen=True)
class EnergyConstants:
    """Energy of one arithmetic operation, and where the number comes from.

    Arguments:
        accumulate_pj: 32-bit floating-point addition, pJ: one synaptic event.
        multiply_accumulate_pj: 32-bit floating-point multiplication and addition, pJ.
        technology: Process and voltage.
        source: Publication.

    >>> EnergyConstants().technology
    '45 nm CMOS, 0.9 V, 32-bit floating point'
    """

    accumulate_pj: float = 0.9
    multiply_accumulate_pj: float = 4.6
    technology: str = "45 nm CMOS, 0.9 V, 32-bit floating point"
    source: str = "Horowitz 2014, ISSCC, Computing's energy problem, fig. 1.1.9"


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
    weight layer multiplies at every step, or once if its input does not change in time.

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
    batch = max(x.shape[1], 1)
    source, spikes = x, _binary(x)
    events = macs = updates = 0.0
    for name, layer in net.layers:
        if is_weight_layer(layer):
            reach = fan_out(layer, source.shape[2:])
            if spikes:
                events += float((source.sum((0, 1)) * reach).sum()) / batch
            else:
                macs += float(reach.sum()) * (1 if is_constant(source) else source.shape[0])
            spikes = False
        elif getattr(layer, "passes_spikes", False):
            spikes = spikes and _binary(outputs[name])
        elif is_stateful(layer):
            updates += outputs[name].numel() / batch
            spikes = emits_spikes(layer)
        source = outputs[name]
    return Work(events, macs, updates)


@torch.no_grad()
def plain_work(net: nn.Sequential, x: Tensor) -> Work:
    """Count the work of a plain network on one sample: every weight multiplies once.

    Arguments:
        net: A chain of torch modules.
        x: Samples (batch, *features); only the shape matters.

    >>> import torch
    >>> plain_work(nn.Sequential(nn.Linear(4, 3)), torch.ones(2, 4)).multiply_accumulates
    12.0
    """
    macs = 0.0
    x = x[:1]
    for layer in net:
        if is_weight_layer(layer):
            macs += float(fan_out(layer, x.shape[1:]).sum())
        x = layer(x)
    return Work(0.0, macs, 0.0)


def _binary(x: Tensor) -> bool:
    return not is_constant(x) and bool(((x == 0) | (x == 1)).all())
