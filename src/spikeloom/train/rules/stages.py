"""A network as a row of stages: weights, then the neurons that they drive."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TypeAlias

from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from spikeloom.errors import ParameterError
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.neurons.spiking import Spiking
from spikeloom.nn.protocol import is_stateful
from spikeloom.nn.recurrent import Recurrent

Weights: TypeAlias = nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d
Named: TypeAlias = tuple[str, nn.Module]
LINEAR = (nn.Flatten, nn.Unflatten, nn.Identity, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
"""Modules without weights that may stand between weights and neurons."""


@dataclass(frozen=True, eq=False)
class Stage:
    """Layers from one population of neurons to the next.

    Arguments:
        name: Of the neurons, or of the weights where the network ends without neurons.
        before: Modules without weights that the incoming signals pass first.
        weights: What learns, or None.
        after: Linear modules without weights between these and the neurons.
        neurons: The population, or None.
        joined: The synapses by which these neurons drive each other, or None.
    """

    name: str
    before: tuple[nn.Module, ...]
    weights: Weights | None
    after: tuple[nn.Module, ...]
    neurons: Spiking | None
    joined: Recurrent | None = None

    def arrive(self, x: Tensor) -> Tensor:
        """Signals (batch, *features) as they arrive at the weights."""
        for module in self.before:
            x = module(x)
        return x

    def drive(self, pre: Tensor) -> Tensor:
        """What the neurons get for signals at the weights."""
        y = pre if self.weights is None else self.weights(pre)
        for module in self.after:
            y = module(y)
        return y


def stages_of(net: nn.Module, rule: object, joined: bool = False) -> tuple[Stage, ...]:
    """Take a network apart.

    Arguments:
        net: A `Sequential` of weights, spiking layers, and modules without weights.
        rule: Whose messages these are.
        joined: Whether neurons may drive each other.

    Raises:
        ParameterError: A layer that cannot be trained without a graph through time.
    """
    if not isinstance(net, Sequential):
        raise ParameterError(
            f"{rule!r} trains a spikeloom Sequential, got {type(net).__name__}.",
            hint="rule=BPTT() trains any network",
        )
    found: list[Stage] = []
    waiting: list[Named] = []
    for name, layer in net.layers:
        if not is_stateful(layer):
            waiting.append((name, layer))
        elif isinstance(layer, Spiking):
            found.append(_stage(waiting, name, layer, rule))
            waiting = []
        elif isinstance(layer, Recurrent) and joined:
            if layer.into != layer.neurons.neuron.definition.inputs[0].name:
                raise _refusal(rule, name, layer, f"its spikes go into {layer.into!r}")
            found.append(replace(_stage(waiting, name, layer.neurons, rule), joined=layer))
            waiting = []
        elif isinstance(layer, Recurrent):
            raise ParameterError(
                f"{rule!r} trains feed-forward networks, and {name!r} drives itself.",
                hint="rule=EProp() or BPTT() train recurrent ones",
            )
        else:
            raise _refusal(rule, name, layer, "its state is not that of neurons alone")
    if waiting:
        found.append(_stage(waiting, waiting[-1][0], None, rule))
    return tuple(found)


def _stage(row: list[Named], name: str, neurons: Spiking | None, rule: object) -> Stage:
    before: list[nn.Module] = []
    after: list[nn.Module] = []
    weights: Weights | None = None
    for own, module in row:
        if isinstance(module, Weights):
            if weights is not None:
                raise _refusal(rule, own, module, f"there are weights before it in front of {name}")
            if is_parametrized(module):
                raise _refusal(rule, own, module, "its weights are made from other weights")
            weights = module
        elif any(True for _ in module.parameters()) or _normalises(module):
            raise _refusal(
                rule, own, module, "it mixes samples, or has weights that are no plain synapses"
            )
        elif weights is None:
            before.append(module)
        elif isinstance(module, LINEAR):
            after.append(module)
        else:
            raise _refusal(rule, own, module, "it stands between weights and neurons")
    if neurons is not None:
        learnt = [n for n, p in neurons.params.items() if getattr(p, "learnt", False)]
        if learnt:
            raise ParameterError(
                f"{rule!r} cannot learn the parameter {learnt[0]!r} of {name}.",
                hint="give it as a number instead of learn(...), or train with rule=BPTT()",
            )
    return Stage(name, tuple(before), weights, tuple(after), neurons)


def _normalises(module: nn.Module) -> bool:
    return isinstance(
        module,
        nn.modules.batchnorm._BatchNorm | nn.modules.instancenorm._InstanceNorm | nn.LayerNorm
        | nn.GroupNorm,
    )  # fmt: skip


def _refusal(rule: object, name: str, layer: nn.Module, why: str) -> ParameterError:
    return ParameterError(
        f"{rule!r} cannot train the layer {name!r} ({type(layer).__name__}): {why}.",
        hint="rule=BPTT() trains any network",
    )


def size_of(x: Tensor) -> int:
    """Number of features of (batch, *features)."""
    return prod(x.shape[1:])
