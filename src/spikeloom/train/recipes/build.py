"""The network of a recipe."""

from __future__ import annotations

from math import prod

import torch

from spikeloom.errors import ParameterError
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.keys import derive_key
from spikeloom.train.recipes.architectures import Neurons
from spikeloom.train.recipes.recipe import Recipe


def build(recipe: Recipe, shape: tuple[int, ...], classes: int, seed: int) -> Sequential:
    """The spiking network of a recipe with its starting weights.

    Arguments:
        recipe: Architecture and models.
        shape: Shape of one sample as it is stored.
        classes: Number of output neurons.
        seed: Key of the starting weights.

    Returns:
        What the recipe's architecture builds.

    Raises:
        ParameterError: A sample or the classes have no size.
        ShapeError: The architecture cannot take such samples.
    """
    if not prod(shape) or not classes:
        raise ParameterError(f"build: samples {shape} and {classes} classes leave nothing to do.")
    neurons = Neurons(recipe.neuron, recipe.output, recipe.surrogate, recipe.dt)
    features = tuple(recipe.encode(torch.zeros(1, *shape), 0).shape[2:])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_key(seed, "weights"))
        return recipe.model.build(features, classes, neurons)
