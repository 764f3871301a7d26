"""Synapses with delays that are learnt, for samples that have a time axis of their own."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import torch
from torch import nn

from spikeloom.errors import ParameterError
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.delay import SynapticDelay
from spikeloom.train.recipes.architectures.architecture import Neurons, check_share, check_sizes


@dataclass(frozen=True)
class Delay:
    """Every synapse has a weight and a delay; both are learnt.

    A neuron can so wait for the beginning of a word until its end comes. Batch norm counts time as
    more batch.

    Arguments:
        hidden: Neurons of each hidden layer.
        steps: Largest delay, in time steps.
        dropout: Share of hidden outputs left out in training.

    Raises:
        ParameterError: A size below 1, or a share outside [0, 1).

    Source: Hammouamri, Khalfaoui-Hassani & Masquelier 2024, ICLR (delays and norm as there).

    >>> Delay(hidden=(128,), steps=20)
    Delay(hidden=(128,), steps=20, dropout=0.0)
    """

    hidden: tuple[int, ...]
    steps: int
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_sizes("Delay", "hidden", self.hidden)
        check_sizes("Delay", "steps", (self.steps,))
        check_share("Delay", "dropout", self.dropout)
        if not self.hidden:
            raise ParameterError("Delay: at least one hidden layer is needed, hidden is empty.")

    def build(self, shape: tuple[int, ...], classes: int, neurons: Neurons) -> Sequential:
        """Layers ``flat, delay1, norm1, hidden1, ..., weights, output``."""
        layers: dict[str, nn.Module] = {"flat": nn.Flatten()}
        before = prod(shape)
        for place, size in enumerate(self.hidden, start=1):
            layers[f"delay{place}"] = SynapticDelay(
                before,
                size,
                max_delay=self.steps * neurons.dt,
                dt=neurons.dt,
                bias=False,
                seed=int(torch.randint(2**31, ())),
            )
            layers[f"norm{place}"] = nn.BatchNorm1d(size)
            layers[f"hidden{place}"] = neurons.hidden_layer()
            if self.dropout:
                layers[f"dropout{place}"] = nn.Dropout(self.dropout)
            before = size
        layers["weights"] = nn.Linear(before, classes)
        layers["output"] = neurons.output_layer()
        return Sequential(*layers.values(), names=list(layers))
