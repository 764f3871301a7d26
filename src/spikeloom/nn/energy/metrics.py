"""The metrics of NeuroBench, computed here; the package itself can be run beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from spikeloom.errors import ShapeError
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.protocol import emits_spikes, holds_neurons
from spikeloom.nn.recurrent import Recurrent
from spikeloom.nn.weights import WEIGHT_LAYERS, fan_out, is_weight_layer, solid

ACTIVATIONS = (nn.ReLU, nn.Sigmoid)


@dataclass(frozen=True)
class NeuroBenchMetrics:
    """Complexity metrics as NeuroBench 2.3 defines them; operations are for one sample.

    Arguments:
        footprint: Bytes of parameters and buffers.
        connection_sparsity: Share of weights that are 0, to four decimals.
        activation_sparsity: Share of 0 among the outputs of spiking layers and rectifiers.
        dense: Synaptic operations with every weight and input.
        effective_macs: Of weights and inputs that are not 0, where inputs are not all -1, 0 or 1.
        effective_acs: The same where they are.
        membrane_updates: Potentials that changed in a step; all count in the first.

    >>> neurobench_metrics(Sequential(nn.Linear(4, 3)), torch.ones(2, 1, 4)).dense
    24.0
    """

    footprint: int
    connection_sparsity: float
    activation_sparsity: float
    dense: float
    effective_macs: float
    effective_acs: float
    membrane_updates: float


@torch.no_grad()
def neurobench_metrics(net: Sequential, x: Tensor) -> NeuroBenchMetrics:
    """Measure a network step by step, as NeuroBench does.

    Its rules, not ours: a layer's input is judged anew in each step, over the whole batch; one of
    nothing but 0 counts as spikes; biases cost nothing. Recurrent weights and synapses with delays,
    which the package cannot see, are counted here.

    Arguments:
        net: The network.
        x: Input (time, batch, *features).

    Raises:
        ShapeError: No time, batch and features, or an empty batch.

    Source: Yik et al. 2025, Nature Communications 16:1545; definitions as in the package,
        version 2.3.0.

    >>> from spikeloom.nn import LIF
    >>> net = Sequential(nn.Linear(4, 3), LIF())
    >>> found = neurobench_metrics(net, torch.eye(4).reshape(4, 1, 4))
    >>> found.dense, found.effective_acs, found.effective_macs
    (48.0, 12.0, 0.0)
    """
    if x.dim() < 3 or x.shape[1] == 0:
        raise ShapeError(
            f"neurobench_metrics: input must be (time, batch, *features), got {tuple(x.shape)}."
        )
    sums = {"dense": 0.0, "mac": 0.0, "ac": 0.0, "zero": 0.0, "all": 0.0, "updates": 0.0}
    state: Any = None
    before: dict[str, Tensor] = {}
    was_training = net.training
    net.eval()
    try:
        for step in x.unbind(0):
            _, state, kept = net.trace(step.unsqueeze(0), state)
            for part in kept.passed:
                if is_weight_layer(part.layer):
                    _synapses(part.layer, part.inputs[0][0], sums)
                elif holds_neurons(part.layer) or isinstance(part.layer, ACTIVATIONS):
                    if emits_spikes(part.layer) or isinstance(part.layer, ACTIVATIONS):
                        sums["zero"] += int((part.output == 0).sum())
                        sums["all"] += part.output.numel()
                    if isinstance(part.layer, Recurrent):
                        _recurrent(part.layer, part.output[0], sums)
                    if holds_neurons(part.layer):
                        _updates(part.name, _potential(state, part.name), before, sums)
    finally:
        net.train(was_training)
    batch = x.shape[1]
    return NeuroBenchMetrics(
        footprint=sum(t.numel() * t.element_size() for t in (*net.parameters(), *net.buffers())),
        connection_sparsity=_connection_sparsity(net),
        activation_sparsity=sums["zero"] / sums["all"] if sums["all"] else 0.0,
        dense=sums["dense"] / batch,
        effective_macs=sums["mac"] / batch,
        effective_acs=sums["ac"] / batch,
        membrane_updates=sums["updates"] / batch,
    )


def _synapses(layer: nn.Module, x: Tensor, sums: dict[str, float]) -> None:
    """Operations of one step of a weight layer, for the whole batch."""
    spiking = bool(((x == 0) | (x == 1) | (x == -1)).all())
    sums["dense"] += float(fan_out(layer, x.shape[1:]).sum()) * len(x)
    there = (x != 0).to(torch.float64)
    if isinstance(layer, WEIGHT_LAYERS):
        counting = solid(layer)
        for value in (ones := _copy(counting)).parameters():
            value.data = (value != 0).to(torch.float64)
        if ones.bias is not None:
            ones.bias.data.zero_()
        done = float(ones(there).sum())
    else:
        weight: Any = layer.weight
        done = float((there.flatten(1) @ (weight != 0).to(torch.float64).T).sum())
    sums["ac" if spiking else "mac"] += done


def _copy(layer: nn.Module) -> Any:
    import copy

    made = copy.deepcopy(layer)
    made._forward_hooks.clear()
    made._forward_pre_hooks.clear()
    return made


def _recurrent(layer: Recurrent, fired: Tensor, sums: dict[str, float]) -> None:
    weight = layer.weight if layer.mask is None else layer.weight * layer.mask
    sums["dense"] += float(layer.fan_out().sum()) * len(fired)
    sums["ac"] += float((fired.flatten(1).to(torch.float64) @ (weight != 0).double()).sum())


def _potential(state: Any, name: str) -> Tensor:
    """The first state of a layer by its full name."""
    for key in name.split("."):
        state = state[key]
    return next(iter(state.values()))


def _updates(name: str, now: Tensor, before: dict[str, Tensor], sums: dict[str, float]) -> None:
    known = before.get(name)
    sums["updates"] += now.numel() if known is None else int((now - known != 0).sum())
    before[name] = now


def _connection_sparsity(net: Sequential) -> float:
    zeros = weights = 0
    for layer in net.modules():
        if is_weight_layer(layer) or isinstance(layer, Recurrent):
            weight: Any = layer.weight
            zeros, weights = zeros + int((weight == 0).sum()), weights + weight.numel()
    return round(zeros / weights, 4) if weights else 0.0
