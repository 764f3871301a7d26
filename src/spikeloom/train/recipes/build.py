"""The network of a recipe."""

from __future__ import annotations

import itertools
from math import prod

import torch
from torch import nn

from spikeloom.errors import ParameterError
from spikeloom.nn.keys import derive_key
from spikeloom.nn.sequential import Sequential
from spikeloom.nn.spiking import Spiking
from spikeloom.train.recipes.recipe import Recipe


def build(recipe: Recipe, shape: tuple[int, ...], classes: int, seed: int) -> Sequential:
    """Fully connected spiking network: weights, neurons, ..., weights, output neurons.

    Arguments:
        recipe: Sizes and models.
        shape: Shape of one sample.
        classes: Number of output neurons.
        seed: Key of the starting weights.

    Returns:
        Layers ``flat, weights1, hidden1, ..., weightsN, output``.

    Raises:
        ParameterError: A sample or the classes have no size.
    """
    if not prod(shape) or not classes:
        raise ParameterError(f"build: samples {shape} and {classes} classes leave nothing to do.")
    layers: dict[str, nn.Module] = {"flat": nn.Flatten()}
    sizes = [prod(shape), *recipe.hidden, classes]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_key(seed, "weights"))
        for place, (before, after) in enumerate(itertools.pairwise(sizes), start=1):
            layers[f"weights{place}"] = nn.Linear(before, after)
            if place == len(sizes) - 1:
                layers["output"] = Spiking(recipe.output, recipe.surrogate, dt=recipe.dt)
                break
            layers[f"hidden{place}"] = Spiking(recipe.neuron, recipe.surrogate, dt=recipe.dt)
            if recipe.dropout:
                layers[f"dropout{place}"] = nn.Dropout(recipe.dropout)
    return Sequential(*layers.values(), names=list(layers))
