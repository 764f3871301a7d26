"""The plain network of the same size, to compare with."""

from __future__ import annotations

import copy
from typing import Literal, overload

import torch
from torch import nn

from spikeloom.errors import ParameterError
from spikeloom.nn.delay import SynapticDelay
from spikeloom.nn.keys import derive_key
from spikeloom.nn.protocol import is_stateful
from spikeloom.nn.sequential import Sequential
from spikeloom.nn.weights import is_weight_layer


@overload
def ann_twin(
    net: Sequential, *, seed: int = 0, over_time: Literal[False] = False
) -> nn.Sequential: ...
@overload
def ann_twin(net: Sequential, *, seed: int = 0, over_time: Literal[True]) -> Sequential: ...
@overload
def ann_twin(net: Sequential, *, seed: int = 0, over_time: bool) -> nn.Sequential | Sequential: ...


def ann_twin(
    net: Sequential, *, seed: int = 0, over_time: bool = False
) -> nn.Sequential | Sequential:
    """The same weight layers with a ReLU for each hidden neuron layer and fresh weights.

    Without time, delays are left out, and a layer with synaptic delays becomes a linear one.
    The last neuron layer, spiking or not, is left out: the twin gives scores directly. Its weights
    are drawn anew by the usual rule of torch for each layer, from ``seed``. All other layers,
    convolutions, pools and norms among them, stay.

    Arguments:
        net: The spiking network; it is not changed.
        seed: Seed of the fresh weights.
        over_time: For samples that have a time axis of their own: the twin reads the same steps,
            (time, batch, *features), and gives scores at each of them.

    Returns:
        A network (batch, *features) -> (batch, classes), trained as usual; or with ``over_time``
        a `Sequential` (time, batch, *features) -> (time, batch, classes).

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
    kept: dict[str, nn.Module] = {}
    for place, (name, layer) in enumerate(net.layers):
        delays = isinstance(layer, SynapticDelay) or getattr(layer, "passes_spikes", False)
        if not is_stateful(layer) or (over_time and delays):
            kept[name] = copy.deepcopy(layer)
        elif isinstance(layer, SynapticDelay):
            bias = layer.bias is not None
            kept[name] = nn.Linear(layer.in_features, layer.out_features, bias=bias)
        elif delays:
            continue  # a network without time has nothing to delay
        elif place < places[-1]:
            kept[name] = nn.ReLU()
    plain = list(kept.values())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_key(seed, "twin"))
        for layer in plain:
            reset = getattr(layer, "reset_parameters", None)
            if callable(reset):
                reset()
    return Sequential(*plain, names=list(kept)) if over_time else nn.Sequential(*plain)
