"""The plain network of the same size, to compare with."""

from __future__ import annotations

import copy

import torch
from torch import nn

from spikeloom.errors import ParameterError
from spikeloom.nn.delay import SynapticDelay
from spikeloom.nn.keys import derive_key
from spikeloom.nn.protocol import is_stateful
from spikeloom.nn.sequential import Sequential
from spikeloom.nn.weights import is_weight_layer


def ann_twin(net: Sequential, *, seed: int = 0) -> nn.Sequential:
    """The same weight layers with a ReLU for each hidden neuron layer and fresh weights.

    Delays are left out, and a layer with synaptic delays becomes a linear one.
    The last neuron layer, spiking or not, is left out: the twin gives scores directly. Its weights
    are drawn anew by the usual rule of torch for each layer, from ``seed``.

    Arguments:
        net: The spiking network; it is not changed.
        seed: Seed of the fresh weights.

    Returns:
        A network (batch, *features) -> (batch, classes), trained as usual.

    Raises:
        ParameterError: The network holds no weights.

    >>> ann_twin(Sequential(nn.Linear(4, 3)))
    Sequential(
      (0): Linear(in_features=4, out_features=3, bias=True)
    )
    """
    layers = [layer for _, layer in net.layers]
    places = [i for i, layer in enumerate(layers) if is_weight_layer(layer)]
    if not places:
        raise ParameterError("ann_twin: the network has no linear or convolution layer.")
    plain: list[nn.Module] = []
    for place, layer in enumerate(layers):
        if isinstance(layer, SynapticDelay):
            bias = layer.bias is not None
            plain.append(nn.Linear(layer.in_features, layer.out_features, bias=bias))
        elif getattr(layer, "passes_spikes", False):
            continue  # a network without time has nothing to delay
        elif not is_stateful(layer):
            plain.append(copy.deepcopy(layer))
        elif place < places[-1]:
            plain.append(nn.ReLU())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_key(seed, "twin"))
        for layer in plain:
            reset = getattr(layer, "reset_parameters", None)
            if callable(reset):
                reset()
    return nn.Sequential(*plain)
