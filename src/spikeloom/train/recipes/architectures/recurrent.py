"""Neurons that send their spikes to each other, for samples that have a time axis of their own."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import torch
from torch import nn

from spikeloom.errors import ParameterError
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.recurrent import Recurrent as RecurrentLayer
from spikeloom.train.recipes.architectures.architecture import Neurons, check_share, check_sizes


@dataclass(frozen=True)
class Recurrent:
    """Layers of neurons, each fully connected with itself: a spike arrives one step later.

    The weights from below are normed over the batch and time; those within a layer are not.

    Arguments:
        hidden: Neurons of each hidden layer.
        dropout: Share of hidden outputs left out in training.

    Raises:
        ParameterError: A size below 1, or a share outside [0, 1).

    >>> Recurrent(hidden=(128,))
    Recurrent(hidden=(128,), dropout=0.0)
    """

    hidden: tuple[int, ...]
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_sizes("Recurrent", "hidden", self.hidden)
        check_share("Recurrent", "dropout", self.dropout)
        if not self.hidden:
            raise ParameterError("Recurrent: one hidden layer at least is needed, hidden is empty.")

    def build(self, shape: tuple[int, ...], classes: int, neurons: Neurons) -> Sequential:
        """Layers ``flat, weights1, norm1, hidden1, ..., weightsN, output``."""
        layers: dict[str, nn.Module] = {"flat": nn.Flatten()}
        before = prod(shape)
        for place, size in enumerate(self.hidden, start=1):
            layers[f"weights{place}"] = nn.Linear(before, size, bias=False)
            layers[f"norm{place}"] = nn.BatchNorm1d(size)
            layers[f"hidden{place}"] = RecurrentLayer(
                neurons.hidden,
                neurons.surrogate,
                features=size,
                dt=neurons.dt,
                seed=int(torch.randint(2**31, ())),
            )
            if self.dropout:
                layers[f"dropout{place}"] = nn.Dropout(self.dropout)
            before = size
        layers[f"weights{len(self.hidden) + 1}"] = nn.Linear(before, classes)
        layers["output"] = neurons.output_layer()
        return Sequential(*layers.values(), names=list(layers))
