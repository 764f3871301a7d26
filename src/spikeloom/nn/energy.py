"""Work of a network for one sample, and an estimate of its energy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from spikeloom.nn.container import Joint, Trace
from spikeloom.nn.fold import is_constant
from spikeloom.nn.lengths import count_steps, silence
from spikeloom.nn.protocol import emits_spikes, holds_neurons
from spikeloom.nn.recurrent import Recurrent, Settling
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
    batch = max(x.shape[1], 1)
    kept = outputs if isinstance(outputs, Trace) else _in_a_row(net, x, outputs)
    steps = float(count_steps(x, kept.lengths)) / batch
    # What is known of a tensor is kept by the tensor itself: layers may branch and join again.
    root = kept.passed[0].inputs[0] if kept.passed else x
    spiking = {id(root): _binary(silence(x, kept.lengths))}
    events = macs = updates = 0.0
    for part in kept.passed:
        given = all(spiking.get(id(source), False) for source in part.inputs)
        if is_weight_layer(part.layer):
            source = x if part.inputs[0] is root else part.inputs[0]
            reach = fan_out(part.layer, source.shape[2:])
            if given:
                arrived = silence(source, kept.lengths).sum((0, 1))
                events += float((arrived * reach).sum()) / batch
            else:
                macs += float(reach.sum()) * (1 if is_constant(source) else steps)
            given = False
        elif isinstance(part.layer, Joint):
            more_events, more_macs = part.layer.work(part.inputs, given, kept.lengths)
            events, macs = events + more_events / batch, macs + more_macs / batch
        elif getattr(part.layer, "passes_spikes", False):
            given = given and _binary(silence(part.output, kept.lengths))
        elif holds_neurons(part.layer):
            updates += steps * part.output[0, 0].numel() if part.output.numel() else 0.0
            given = emits_spikes(part.layer)
            if isinstance(part.layer, Recurrent):
                fired = silence(part.output, kept.lengths).sum((0, 1), dtype=torch.float64)
                events += float((fired * part.layer.fan_out()).sum()) / batch
        spiking[id(part.output)] = given
    return Work(events, macs, updates)


def _in_a_row(net: Sequential, x: Tensor, outputs: Mapping[str, Tensor]) -> Trace:
    """A trace of a plain chain from what its layers gave."""
    trace = Trace()
    for name, layer in net.layers:
        trace.add(name, layer, (x,), outputs[name])
        x = outputs[name]
    return trace


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
        elif isinstance(layer, Settling):
            macs += layer.multiply_accumulates
        x = layer(x)
    return Work(0.0, macs, 0.0)


def _binary(x: Tensor) -> bool:
    return not is_constant(x) and bool(((x == 0) | (x == 1)).all())
