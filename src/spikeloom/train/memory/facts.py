"""What a plan has to know about each layer: sizes per step and sample, and what it is."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

import torch
from torch import Tensor, nn

from spikeloom.nn.blocks.pooling import pool
from spikeloom.nn.chain.fold import PER_SAMPLE
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.neurons.spiking import Spiking
from spikeloom.nn.protocol import emits_spikes, is_stateful
from spikeloom.nn.saving.saves import AVERAGES, NORMS, POOLS
from spikeloom.nn.weights import is_weight_layer

Kind = Literal[
    "weights", "neurons", "stateful", "average", "largest", "norm", "view", "mask", "any"
]
VIEWS = (nn.Flatten, nn.Unflatten, nn.Identity)
KINDS: tuple[tuple[Kind, tuple[type, ...]], ...] = (
    ("average", AVERAGES),
    ("largest", POOLS),
    ("norm", NORMS),
    ("view", VIEWS),
    ("mask", (nn.Dropout,)),
)


@dataclass(frozen=True)
class Facts:
    """One layer of a chain.

    Arguments:
        name: In the network.
        what: Its class.
        kind: How it keeps what its gradient needs.
        before: Numbers that go in, for one step of one sample.
        after: Numbers that come out.
        states: Numbers of state of one sample.
        spikes: Whether what comes out holds only 0 and one other number.
        once: Whether it needs to run only once for an input that does not change.
        products: Multiplications for one step of one sample.
        quick: Whether pooling runs in our own kernel.
        weights: Numbers to learn.
    """

    name: str
    what: str
    kind: Kind
    before: int
    after: int
    states: int = 0
    spikes: bool = False
    once: bool = False
    products: int = 0
    quick: bool = False
    weights: int = 0


@torch.no_grad()
def find_facts(net: Sequential, shape: tuple[int, ...], dtype: torch.dtype) -> list[Facts]:
    """Run one step of two empty samples through a network and look.

    Nothing of the network changes, and no chance is used up.

    >>> [f.after for f in find_facts(Sequential(nn.Linear(3, 4)), (3,), torch.float32)]
    [4]
    """
    training = {module: module.training for module in net.modules()}
    net.eval()
    try:
        with torch.random.fork_rng(devices=[]):
            x = torch.zeros(1, 2, *shape, dtype=dtype)
            _, state, outputs = net.trace(x)
    finally:
        for module, before in training.items():
            module.training = before
    found, binary = [], False
    for name, layer in net.layers:
        y = outputs[name]
        kind = _kind(layer)
        binary = emits_spikes(layer) or (binary and kind in ("view", "largest", "mask"))
        size = prod(y.shape[2:])
        found.append(
            Facts(
                name,
                type(layer).__name__,
                kind,
                prod(x.shape[2:]),
                size,
                _numbers(state.get(name)) // 2,
                binary,
                type(layer) in PER_SAMPLE or type(layer) in NORMS,
                _products(layer, size),
                pool(layer, x.flatten(0, 1)) is not None,
                sum(p.numel() for p in layer.parameters() if p.requires_grad),
            )
        )
        x = y
    return found


def _kind(layer: nn.Module) -> Kind:
    if isinstance(layer, Spiking):
        return "neurons"
    if is_stateful(layer):
        return "stateful"
    if is_weight_layer(layer):
        return "weights"
    for kind, types in KINDS:
        if isinstance(layer, types):
            return kind
    return "any"


def _products(layer: nn.Module, after: int) -> int:
    if not is_weight_layer(layer):
        return after
    weight = layer.get_parameter("weight") if "weight" in dict(layer.named_parameters()) else None
    return after * (1 if weight is None else prod(weight.shape[1:]))


def _numbers(state: object) -> int:
    if isinstance(state, Tensor):
        return state.numel()
    if isinstance(state, dict):
        return sum(_numbers(value) for value in state.values())
    if isinstance(state, tuple | list):
        return sum(_numbers(value) for value in state)
    return 0
