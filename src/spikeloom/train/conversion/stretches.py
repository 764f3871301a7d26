"""A plain network as stretches of linear layers with an activation behind each."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import nn

from spikeloom.errors import ParameterError
from spikeloom.nn.blocks.bake import fold_norms
from spikeloom.nn.blocks.channels_first import ChannelsFirst
from spikeloom.nn.blocks.fields import Fields
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.weights import WEIGHT_LAYERS, own_type
from spikeloom.train.conversion.pool import MAX_POOLS, SignedMaxPool
from spikeloom.train.conversion.qcfs import QCFSActivation

LINEAR = (
    *WEIGHT_LAYERS,
    *(nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d),
    *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
    *(nn.Flatten, nn.Unflatten, nn.Identity, ChannelsFirst),
)
"""What may stand between activations: the mean over time of their output is that of their input."""
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
ENTRY = (Fields,)
"""What may stand before the first activation alone: what comes in does not change in time."""
LEFT_OUT = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.Identity)
RECTIFY = "take ReLU: a firing rate follows it"
INSTEAD = {
    "LayerNorm": "take BatchNorm, whose statistics are fixed after training",
    "GroupNorm": "take BatchNorm, whose statistics are fixed after training",
    "RMSNorm": "take BatchNorm, whose statistics are fixed after training",
    **dict.fromkeys(("GELU", "SiLU", "ELU", "LeakyReLU", "PReLU", "Mish", "Softplus"), RECTIFY),
    **dict.fromkeys(("Tanh", "Sigmoid", "Hardtanh", "Hardswish", "Softsign"), RECTIFY),
    "ReLU6": "take ReLU, or QCFSActivation, which has an upper end that is learnt",
    **dict.fromkeys(
        ("AdaptiveMaxPool1d", "AdaptiveMaxPool2d", "LPPool2d", "FractionalMaxPool2d"),
        "take MaxPool or AvgPool with a size of its own",
    ),
    **dict.fromkeys(
        ("Softmax", "LogSoftmax"), "leave it out: the class with the largest score is the same"
    ),
}
"""Layers that many networks have, and what to use in their place."""


@dataclass
class Stretch:
    """Linear layers, and the activation behind them; None behind the last.

    Arguments:
        layers: Names and copies of the layers.
        activation: The ReLU or `QCFSActivation` in the folded copy.
    """

    layers: list[tuple[str, nn.Module]] = field(default_factory=list)
    activation: nn.Module | None = None


def stretches_of(ann: nn.Module) -> tuple[nn.Sequential, list[Stretch]]:
    """Fold the norms, leave out dropout, and cut a network at its activations.

    Arguments:
        ann: A torch ``nn.Sequential``, nested or not; it is not changed.

    Returns:
        The folded copy, and its stretches, of which the last has no activation and may be empty.

    Raises:
        ParameterError: A layer that no spiking network follows, by name, with what to use instead.

    >>> net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 2))
    >>> [[name for name, _ in s.layers] for s in stretches_of(net)[1]]
    [['weights1'], ['weights2']]
    """
    if not isinstance(ann, nn.Sequential):
        kind = "a spikeloom Sequential" if isinstance(ann, Sequential) else type(ann).__name__
        raise ParameterError(
            f"convert: the network must be a torch nn.Sequential, got {kind}.",
            hint="write it as a chain of modules: what a forward() of its own does, such as "
            "functional.relu, cannot be seen from outside",
        )
    chain = [(path, copy.deepcopy(layer)) for path, layer in _flat(ann, "")]
    for path, layer in chain:
        _check_known(path, layer)
    chain = [(path, layer) for path, layer in chain if own_type(layer) not in LEFT_OUT]
    # fold_norms names layers itself; the paths of the user are kept for messages.
    folded = fold_norms(Sequential(*_norms_first([layer for _, layer in chain])))
    stretches, count = [Stretch()], 0
    for name, layer in folded.layers:
        if own_type(layer) in NORMS:
            raise ParameterError(
                f"convert: {name} follows no weights that it could become part of.",
                hint="put the norm right after the weights, or after a MaxPool right after them",
            )
        if isinstance(layer, nn.ReLU | QCFSActivation):
            stretches[-1].activation = layer
            stretches.append(Stretch())
            continue
        if isinstance(layer, WEIGHT_LAYERS):
            count += 1
            name = f"weights{count}"
        if isinstance(layer, ENTRY) and len(stretches) > 1:
            raise ParameterError(
                f"convert: {type(layer).__name__} stands behind an activation, where spikes would "
                "drive it: it is not linear.",
                hint="put it before the first weights",
            )
        stretches[-1].layers.append((name, layer))
    if len(stretches) == 1:
        raise ParameterError(
            "convert: the network has no ReLU, so nothing in it would spike.",
            hint="convert() sees the modules of nn.Sequential: put nn.ReLU() between the layers",
        )
    return nn.Sequential(*(layer for _, layer in folded.layers)).eval(), stretches


def _norms_first(chain: list[nn.Module]) -> list[nn.Module]:
    """Norms right behind the weights where a max-pool stood between them."""
    for at in range(2, len(chain)):
        weights, pool, norm = chain[at - 2 : at + 1]
        if not isinstance(norm, NORMS) or own_type(pool) not in MAX_POOLS:
            continue
        if isinstance(weights, WEIGHT_LAYERS):
            scale = norm.weight.detach() if norm.affine else torch.ones(norm.num_features)
            signs = torch.where(scale < 0, -1.0, 1.0)
            behind = SignedMaxPool(pool, signs) if bool((signs < 0).any()) else pool
            chain[at - 1 : at + 1] = norm, behind
    return chain


def _flat(net: nn.Sequential, above: str) -> Iterator[tuple[str, nn.Module]]:
    for name, layer in net._modules.items():  # named_children skips a module met before
        if layer is None:
            continue
        if type(layer) is nn.Sequential:
            yield from _flat(layer, f"{above}{name}.")
        else:
            yield f"{above}{name}", layer


def _check_known(path: str, layer: nn.Module) -> None:
    kind = own_type(layer)
    if kind in (*LINEAR, *ENTRY, *NORMS, *LEFT_OUT, *MAX_POOLS, nn.ReLU, QCFSActivation):
        return
    raise ParameterError(
        f"convert: layer {path} is {kind.__name__}, which spiking neurons cannot follow.",
        hint=INSTEAD.get(
            kind.__name__,
            "known are Linear, Conv, BatchNorm right after them, ReLU, QCFSActivation, AvgPool, "
            "MaxPool, Flatten and Dropout, each as a module of the chain",
        ),
    )
