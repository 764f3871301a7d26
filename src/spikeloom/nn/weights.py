"""Which layers hold weights, and how far each of their inputs reaches."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.utils.parametrize import is_parametrized

WeightLayer: TypeAlias = "nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d"
WEIGHT_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
"""Layers that multiply their input with weights: where synapses are."""

NORMS = (
    nn.modules.batchnorm._NormBase,
    nn.LayerNorm,
    nn.GroupNorm,
    nn.RMSNorm,
)
"""Layers after which the size of the weights before makes no difference."""


def is_weight_layer(layer: object) -> bool:
    """Whether a layer holds synapses.

    >>> is_weight_layer(nn.Linear(2, 3)), is_weight_layer(nn.ReLU())
    (True, False)
    """
    return isinstance(layer, WEIGHT_LAYERS) or getattr(layer, "holds_weights", False) is True


def scalable(layer: nn.Module) -> dict[str, torch.nn.Parameter]:
    """Name -> parameter, of those that scale the output with them; delays do not.

    >>> list(scalable(nn.Linear(2, 3)))
    ['weight', 'bias']
    """
    named = layer.named_parameters()
    return {name: value for name, value in named if not name.startswith("delay.")}


def is_norm(layer: object) -> bool:
    """Whether a layer brings its input to a mean and a spread of its own.

    >>> is_norm(nn.BatchNorm2d(3)), is_norm(nn.Linear(2, 3))
    (True, False)
    """
    return isinstance(layer, NORMS) or getattr(layer, "normalises", False) is True


def own_type(layer: nn.Module) -> type[nn.Module]:
    """The class of a module as its author wrote it: parametrised modules get one of their own.

    >>> own_type(nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))).__name__
    'Linear'
    """
    return type(layer).__mro__[1] if is_parametrized(layer) else type(layer)


def solid(layer: nn.Module) -> nn.Module:
    """A copy whose parametrised tensors are plain parameters; the layer itself if it has none.

    Torch's own way takes the property off a class that copies of the layer share.

    >>> type(solid(nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)))).__name__
    'Linear'
    """
    if not is_parametrized(layer):
        return layer
    plain = copy.deepcopy(layer)
    plain.__class__ = own_type(layer)
    rules = plain._modules.pop("parametrizations")
    for name in dict(rules.named_children() if rules is not None else ()):
        value = getattr(layer, name).detach().clone()
        plain.register_parameter(name, nn.Parameter(value))
    return plain


def fan_out(layer: nn.Module, shape: Iterable[int]) -> Tensor:
    """Number of synapses that leave each input of a weight layer.

    With all weights 1 the derivative of the sum of all outputs by an input counts them; borders
    and strides of convolutions come out right.

    Arguments:
        layer: A linear or convolution layer.
        shape: Shape of one sample, (*features).

    Returns:
        Tensor of that shape.

    >>> fan_out(nn.Linear(3, 5), (3,)).tolist()
    [5.0, 5.0, 5.0]
    """
    if getattr(layer, "holds_weights", False):  # of our own: one synapse for each pair
        return torch.full(tuple(shape), float(layer.get_parameter("weight").shape[0]))
    layer = solid(layer)
    ones = {name: torch.ones_like(value) for name, value in layer.named_parameters()}
    reference = next(iter(ones.values()))
    with torch.enable_grad():
        x = reference.new_zeros((1, *shape), requires_grad=True)
        total = functional_call(layer, {k: v.detach() for k, v in ones.items()}, (x,)).sum()
        (count,) = torch.autograd.grad(total, x)
    return count[0]
