"""Norms turned into weights: the same network with fewer layers, to run or to export."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from spikeloom.errors import ParameterError
from spikeloom.nn.blocks.norm import AnyBatchNorm, TimeBatchNorm
from spikeloom.nn.chain.container import Container
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.weights import is_weight_layer, solid

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, AnyBatchNorm)
"""Norms whose running statistics make one map of each channel."""


@torch.no_grad()
def fold_norms(net: Sequential) -> Sequential:
    r"""A copy in which every batch norm right after weights is part of these weights.

    With the running statistics, ``w' = w g`` and ``b' = (b - mean) g + beta`` where
    ``g = scale * gamma / sqrt(var + eps)``. Parametrised weights, such as standardised ones, become
    plain numbers. The copy answers like the network in evaluation mode.

    Arguments:
        net: The trained network, with nested containers; it is not changed.

    Returns:
        The copy, in evaluation mode. A norm that follows no weights stays where it is, and so does
        `StepBatchNorm`, which is no single map.

    Raises:
        ParameterError: A norm without running statistics, or no `Sequential`.

    >>> from spikeloom.nn import LIF
    >>> net = Sequential(nn.Linear(4, 3), TimeBatchNorm(3), LIF(), names=["w", "norm", "lif"])
    >>> fold_norms(net).names
    ('w', 'lif')
    """
    if not isinstance(net, Sequential):
        raise ParameterError(
            f"fold_norms: the network must be a spikeloom Sequential, got {type(net).__name__}.",
            hint="put it into one: fold_norms(Sequential(net))",
        )
    found = copy.deepcopy(net)
    found.eval()
    for above in list(found.modules()):
        for name, layer in list(above.named_children()):
            if is_weight_layer(layer):
                setattr(above, name, solid(layer))
    return _folded(found)


def _folded(net: Sequential) -> Sequential:
    kept: dict[str, nn.Module] = {}
    before: nn.Module | None = None
    for name, layer in net.layers:
        plain = _affine(name, layer)
        if plain is not None and before is not None and _fits(before, plain[0]):
            _multiply(before, *plain)
            continue
        kept[name] = before = _inside(layer)
    folded = Sequential(*kept.values(), names=list(kept))
    return folded.eval()


def _inside(layer: nn.Module) -> nn.Module:
    """A layer with the norms of all its parts folded."""
    if isinstance(layer, Sequential):
        return _folded(layer)
    if isinstance(layer, Container):
        for part, inner in layer.parts:
            setattr(layer, part, _inside(inner))
    return layer


def _affine(name: str, layer: nn.Module) -> tuple[Tensor, Tensor] | None:
    """Factor and offset of each channel, in double precision; None for any other layer."""
    scale, norm = (layer.scale, layer.norm) if isinstance(layer, TimeBatchNorm) else (1.0, layer)
    if not isinstance(norm, NORMS):
        return None
    if norm.running_mean is None or norm.running_var is None:
        raise ParameterError(
            f"fold_norms: {name} keeps no running statistics, so it has no fixed map.",
            hint="make the norm with track_running_stats=True",
        )
    factor = scale / (norm.running_var.double() + norm.eps).sqrt()
    offset = torch.zeros_like(factor)
    if norm.affine:
        factor = factor * norm.weight.double()
        offset = offset if norm.bias is None else scale * norm.bias.double()
    return factor, offset - norm.running_mean.double() * factor


def _fits(layer: nn.Module, factor: Tensor) -> bool:
    """Whether a norm with these factors can be part of a layer: it has weights for as many."""
    return is_weight_layer(layer) and layer.get_parameter("weight").shape[0] == len(factor)


def _multiply(layer: nn.Module, factor: Tensor, offset: Tensor) -> None:
    weight = layer.get_parameter("weight")
    shape = (-1, *[1] * (weight.dim() - 1))
    bias = layer._parameters.get("bias")
    moved = offset if bias is None else bias.double() * factor + offset
    weight.copy_(weight.double() * factor.view(shape))
    layer.register_parameter("bias", nn.Parameter(moved.to(weight.dtype)))
