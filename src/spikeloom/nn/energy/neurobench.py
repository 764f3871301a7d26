"""A network as a model of the neurobench package, to be run by its own benchmark and metrics.

Needs ``pip install neurobench``; nothing else in spikeloom imports this module.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from spikeloom.errors import ParameterError
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.neurons.spiking import Spiking
from spikeloom.nn.protocol import emits_spikes, holds_neurons
from spikeloom.nn.recurrent import Recurrent

try:
    from neurobench.hooks.layer import LayerHook  # pyright: ignore[reportMissingImports]
    from neurobench.hooks.neuron import NeuronHook  # pyright: ignore[reportMissingImports]
    from neurobench.models import NeuroBenchModel  # pyright: ignore[reportMissingImports]
except ImportError as error:
    raise ImportError(
        "spikeloom.nn.energy.neurobench needs the neurobench package and what it imports "
        f"({error}). Fix: pip install neurobench snntorch"
    ) from error


class SpikeloomModel(NeuroBenchModel):
    """A network of spiking layers for ``neurobench.benchmarks.Benchmark``.

    It runs one step after the other, so that the metrics see every layer's input of each step.
    Data are (batch, time, *features), as NeuroBench has them, and so are the outputs.

    Arguments:
        net: A `Sequential` of spikeloom.

    Raises:
        ParameterError: It is none.

    Example (needs the package)::

        model = SpikeloomModel(net)
        Benchmark(model, loader, [], [], [[Footprint], [SynapticOperations]]).run()
    """

    def __init__(self, net: Sequential) -> None:
        if not isinstance(net, Sequential):
            raise ParameterError(
                f"SpikeloomModel: the network must be a Sequential, got {type(net).__name__}."
            )
        super().__init__()
        self.net = net.eval()
        self.add_activation_module(Spiking)
        self.add_activation_module(Recurrent)

    @torch.no_grad()
    def __call__(self, batch: Tensor) -> Tensor:
        """Outputs (batch, time, *features) of an input of that order."""
        state: Any = None
        made: list[Tensor] = []
        for step in batch.unbind(1):
            y, state = self.net(step.unsqueeze(0), state)
            made.append(y[0])
        return torch.stack(made, 1)

    def __net__(self) -> nn.Module:
        """The network itself."""
        return self.net

    def register_hooks(self) -> None:
        """Hooks that know how our layers hand out their state."""
        for found in self.activation_layers():
            self.activation_hooks.append(_Hook(found["layer"], found["layer_name"]))
        for layer in self.connection_layers():
            self.connection_hooks.append(LayerHook(layer))


class _Hook(NeuronHook):
    """Notes the outputs of a layer and its potential before and after each step."""

    def pre_hook_fn(self, layer: Any, input: Any) -> None:
        self.activation_inputs.append(input)

    def hook_fn(self, layer: Any, input: Any, output: Any) -> None:
        if not holds_neurons(layer):
            self.activation_outputs.append(output)
            return
        y, state = output
        if emits_spikes(layer):
            self.activation_outputs.append(y)
        now = next(iter(state.values()))
        known = self.post_fire_mem_potential
        self.pre_fire_mem_potential.append(known[-1] if known else now)
        known.append(now)
