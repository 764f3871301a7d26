"""Weights of zero mean and fixed variance for each neuron they lead to."""

from __future__ import annotations

import math
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from spikeloom.errors import ParameterError
from spikeloom.nn.weights import is_weight_layer

Layer = TypeVar("Layer", bound=nn.Module)


class StandardisedWeight(nn.Module):
    r"""``w = gain * (W - mean) / sqrt(n * var + eps)``, for each output over its n inputs.

    Arguments:
        weight: The weight to be standardised, (outputs, ...).
        scale: Start of the gain; one gain is learnt for each output.
        eps: Added below the root.

    >>> from torch import randn
    >>> w = StandardisedWeight(randn(2, 50))(randn(2, 50))
    >>> bool(w.mean(1).abs().max() < 1e-6), bool((w.square().sum(1) - 1).abs().max() < 1e-3)
    (True, True)
    """

    def __init__(self, weight: Tensor, scale: float = 1.0, eps: float = 1e-4) -> None:
        super().__init__()
        self.eps = eps
        gain = torch.full_like(weight[(slice(None), *[slice(1)] * (weight.dim() - 1))], scale)
        self.gain = nn.Parameter(gain.detach().clone())

    def forward(self, weight: Tensor) -> Tensor:
        """The weight as the layer uses it."""
        axes = tuple(range(1, weight.dim()))
        away = weight - weight.mean(axes, keepdim=True)
        return self.gain * away / (away.square().sum(axes, keepdim=True) + self.eps).sqrt()


def standardise(layer: Layer, scale: float = 1.0, *, eps: float = 1e-4) -> Layer:
    """Standardise the weights of a linear or convolution layer, as a parametrisation of torch.

    With inputs of variance v per synapse, the current has variance scale^2 v, however many inputs
    there are, in the first step as in the last: the part of batch norm that needs no batch and no
    time. So it suits rules that work online. Remove it with
    ``torch.nn.utils.parametrize.remove_parametrizations(layer, "weight")``.

    Arguments:
        layer: It is changed in place.
        scale: Start of the learnt gain, in units of the threshold; 2.74 in the source of OTTT.
        eps: Added below the root.

    Returns:
        The layer itself.

    Raises:
        ParameterError: No layer with weights, one that is standardised already, or no scale.

    Source: Qiao, Wang, Liu, Shen & Yuille 2019, arXiv:1903.10520, eq. 2; with the scale of Brock,
        De & Smith 2021, ICLR, and Xiao et al. 2022 (OTTT), NeurIPS 35, section 4.4.

    >>> layer = standardise(nn.Linear(100, 5), scale=2.0)
    >>> bool((layer.weight.square().sum(1) - 4).abs().max() < 0.01)
    True
    """
    if not is_weight_layer(layer):
        raise ParameterError(
            f"standardise: {type(layer).__name__} has no weights to standardise.",
            hint="give it a Linear or a convolution",
        )
    if parametrize.is_parametrized(layer, "weight"):
        raise ParameterError("standardise: the weight of this layer is parametrised already.")
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not 0 < scale < math.inf:
        raise ParameterError(f"standardise: scale must be a number above 0, got {scale!r}.")
    rule = StandardisedWeight(layer.get_parameter("weight"), scale, eps)
    parametrize.register_parametrization(layer, "weight", rule)
    return layer
