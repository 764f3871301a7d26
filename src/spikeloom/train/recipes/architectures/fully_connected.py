"""Weights, neurons, weights, neurons."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from math import prod

from torch import nn

from spikeloom.nn.chain.sequential import Sequential
from spikeloom.train.recipes.architectures.architecture import Neurons, check_share, check_sizes


@dataclass(frozen=True)
class FullyConnected:
    """Every neuron of a layer gets every spike of the layer before.

    Arguments:
        hidden: Neurons of each hidden layer.
        dropout: Share of hidden outputs left out in training.

    Raises:
        ParameterError: A size below 1, or a share outside [0, 1).

    >>> FullyConnected(hidden=(256,))
    FullyConnected(hidden=(256,), dropout=0.0)
    """

    hidden: tuple[int, ...] = (256,)
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_sizes("FullyConnected", "hidden", self.hidden)
        check_share("FullyConnected", "dropout", self.dropout)

    def build(self, shape: tuple[int, ...], classes: int, neurons: Neurons) -> Sequential:
        """Layers ``flat, weights1, hidden1, ..., weightsN, output``."""
        layers: dict[str, nn.Module] = {"flat": nn.Flatten()}
        sizes = [prod(shape), *self.hidden, classes]
        for place, (before, after) in enumerate(itertools.pairwise(sizes), start=1):
            layers[f"weights{place}"] = nn.Linear(before, after)
            if place == len(sizes) - 1:
                layers["output"] = neurons.output_layer()
                break
            layers[f"hidden{place}"] = neurons.hidden_layer()
            if self.dropout:
                layers[f"dropout{place}"] = nn.Dropout(self.dropout)
        return Sequential(*layers.values(), names=list(layers))
