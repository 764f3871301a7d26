"""Recipes: training jobs as values.

>>> from spikeloom.train.recipes import recipe_of
>>> recipe_of("mnist", "fc").model
FullyConnected(hidden=(256,), dropout=0.0)
"""

from __future__ import annotations

from collections.abc import Mapping

from spikeloom.errors import ConfigError, suggest
from spikeloom.train.recipes.architectures import Architecture as Architecture
from spikeloom.train.recipes.architectures import Attention as Attention
from spikeloom.train.recipes.architectures import Conv as Conv
from spikeloom.train.recipes.architectures import Delay as Delay
from spikeloom.train.recipes.architectures import FullyConnected as FullyConnected
from spikeloom.train.recipes.architectures import Recurrent as Recurrent
from spikeloom.train.recipes.build import build as build
from spikeloom.train.recipes.digits import DIGITS as DIGITS
from spikeloom.train.recipes.digits import DIGITS_CONV as DIGITS_CONV
from spikeloom.train.recipes.fashion_mnist import FASHION_CONV as FASHION_CONV
from spikeloom.train.recipes.fashion_mnist import FASHION_FC as FASHION_FC
from spikeloom.train.recipes.fsdd import FSDD_CONV as FSDD_CONV
from spikeloom.train.recipes.fsdd import FSDD_DELAY as FSDD_DELAY
from spikeloom.train.recipes.fsdd import FSDD_FC as FSDD_FC
from spikeloom.train.recipes.fsdd import FSDD_RECURRENT as FSDD_RECURRENT
from spikeloom.train.recipes.mitbih import MITBIH_CONV as MITBIH_CONV
from spikeloom.train.recipes.mnist import MNIST as MNIST
from spikeloom.train.recipes.mnist import MNIST_ATTENTION as MNIST_ATTENTION
from spikeloom.train.recipes.mnist import MNIST_CONV as MNIST_CONV
from spikeloom.train.recipes.nmnist import NMNIST_CONV as NMNIST_CONV
from spikeloom.train.recipes.nmnist import NMNIST_FRAMES as NMNIST_FRAMES
from spikeloom.train.recipes.recipe import Recipe as Recipe

MODELS: Mapping[str, Mapping[str, Recipe]] = {
    "digits": {"fc": DIGITS, "conv": DIGITS_CONV},
    "mnist": {"conv": MNIST_CONV, "fc": MNIST, "attention": MNIST_ATTENTION},
    "fashion-mnist": {"conv": FASHION_CONV, "fc": FASHION_FC},
    "fsdd": {"conv": FSDD_CONV, "recurrent": FSDD_RECURRENT, "delay": FSDD_DELAY, "fc": FSDD_FC},
    "nmnist": {"conv": NMNIST_CONV, "frames": NMNIST_FRAMES},
    "mitbih": {"conv": MITBIH_CONV},
}
"""Data set -> word for ``--model`` -> recipe; the first is the default."""
RECIPES = {name: next(iter(models.values())) for name, models in MODELS.items()}
"""Data set -> its default recipe."""


def recipe_of(data: str, model: str | None = None) -> Recipe:
    """The recipe for a data set.

    Arguments:
        data: Name of the data set.
        model: ``"conv"``, ``"fc"`` and so on; None is the default.

    Raises:
        ConfigError: There is none.

    >>> recipe_of("fsdd", "delay").model.hidden
    (128, 128)
    """
    if data not in MODELS:
        raise ConfigError(f"there is no recipe for {data!r}.", hint=suggest(data, MODELS))
    models = MODELS[data]
    if model is None:
        return RECIPES[data]
    if model not in models:
        raise ConfigError(
            f"{data} has no recipe with --model {model}.", hint=f"it has: {', '.join(models)}"
        )
    return models[model]
