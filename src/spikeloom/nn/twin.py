"""The plain network of the same size, to compare with."""

from __future__ import annotations

import copy
import math
from typing import Literal, overload

import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from spikeloom.errors import ParameterError
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.delay import SynapticDelay
from spikeloom.nn.keys import derive_key
from spikeloom.nn.protocol import holds_neurons, is_stateful, plain_layer
from spikeloom.nn.recurrent import Following, Recurrent
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
    A `Recurrent` layer becomes rectified units with as many weights to each other: `Following` the
    input over time, or without time `Settling` on it.
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
    if not any(is_weight_layer(layer) for layer in net.modules()):
        raise ParameterError("ann_twin: the network has no linear or convolution layer.")
    twin = chain_over_time(net, last=True) if over_time else plain_chain(net, last=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_key(seed, "twin"))
        for layer in twin.modules():
            _draw_anew(layer)
    return twin


def plain_chain(net: Sequential, *, last: bool = False) -> nn.Sequential:
    """The layers of a chain for a network without time, with a ReLU for each neuron layer.

    Arguments:
        net: The chain; it is not changed.
        last: Whether it ends the network: then the neurons after its last weights are left out.

    >>> from spikeloom.nn import LIF
    >>> plain_chain(Sequential(nn.Flatten(), LIF()))
    Sequential(
      (0): Flatten(start_dim=1, end_dim=-1)
      (1): ReLU()
    )
    """
    end = _last_weights(net) if last else len(net.layers)
    plain: list[nn.Module] = []
    for place, (_, layer) in enumerate(net.layers):
        own = plain_layer(layer)
        if isinstance(layer, SynapticDelay):
            bias = layer.bias is not None
            plain.append(nn.Linear(layer.in_features, layer.out_features, bias=bias))
        elif isinstance(layer, Sequential):
            plain.append(plain_chain(layer, last=place == end))
        elif own is not None:
            plain.append(own)
        elif holds_neurons(layer):
            plain += [nn.ReLU()] * (place < end)
        elif not is_stateful(layer):
            plain.append(copy.deepcopy(layer))
    return nn.Sequential(*plain)


def plain_part(layer: nn.Module) -> nn.Module:
    """What one layer of a container becomes in a network without time.

    >>> plain_part(nn.Flatten())
    Flatten(start_dim=1, end_dim=-1)
    """
    chain = layer if isinstance(layer, Sequential) else Sequential(layer)
    plain = plain_chain(chain)
    return plain[0] if len(plain) == 1 else plain


def chain_over_time(net: Sequential, *, last: bool = False) -> Sequential:
    """The same chain over time with a ReLU for each neuron layer; delays, norms and masks stay.

    Arguments:
        net, last: As for `plain_chain`.

    >>> from spikeloom.nn import LIF
    >>> chain_over_time(Sequential(nn.Flatten(), LIF())).names
    ('flatten1', 'spiking1')
    """
    end = _last_weights(net) if last else len(net.layers)
    kept: dict[str, nn.Module] = {}
    for place, (name, layer) in enumerate(net.layers):
        if isinstance(layer, Sequential):
            kept[name] = chain_over_time(layer, last=place == end)
        elif holds_neurons(layer):
            kept |= {name: _over_time(layer)} if place < end else {}
        else:
            kept[name] = copy.deepcopy(layer)
            for above in list(kept[name].modules()):
                for part, inner in list(above.named_children()):
                    if holds_neurons(inner):
                        setattr(above, part, _over_time(inner))
    return Sequential(*kept.values(), names=list(kept))


def _over_time(layer: nn.Module) -> nn.Module:
    """What stands for a layer of neurons where the twin has time."""
    return Following.like(layer) if isinstance(layer, Recurrent) else nn.ReLU()


def _last_weights(net: Sequential) -> int:
    """Place of the last layer with weights; behind the chain if there is none."""
    weights = [any(map(is_weight_layer, layer.modules())) for _, layer in net.layers]
    return max((i for i, found in enumerate(weights) if found), default=len(weights))


def _draw_anew(layer: nn.Module) -> None:
    """Fresh weights by torch's usual rule for the layer."""
    if is_parametrized(layer) and is_weight_layer(layer):
        for name, value in layer.named_parameters():
            if name == "parametrizations.weight.original":
                nn.init.kaiming_uniform_(value, a=math.sqrt(5))
        return
    reset = getattr(layer, "reset_parameters", None)
    if callable(reset):
        reset()
