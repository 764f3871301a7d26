"""Read a trained network back from its run folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from spikeloom.errors import CheckpointError, ShapeError
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.train.predict import Decisions, predict
from spikeloom.train.recipes import Recipe, build
from spikeloom.train.store.run_folder import RunFolder


@dataclass(frozen=True, eq=False)
class TrainedRun:
    """A trained network with everything needed to use it.

    Arguments:
        recipe: How it was trained.
        net: The network.
        shape: Shape of one sample.
        classes: Names of the classes.

    >>> import torch
    >>> from spikeloom.train.recipes import DIGITS
    >>> digits = TrainedRun(DIGITS, build(DIGITS, (8, 8), 10, seed=0), (8, 8), tuple("0123456789"))
    >>> digits.predict(torch.rand(3, 8, 8)).labels.shape
    torch.Size([3])
    """

    recipe: Recipe
    net: Sequential
    shape: tuple[int, ...]
    classes: tuple[str, ...]

    def predict(self, inputs: Tensor) -> Decisions:
        """Classify samples (batch, *shape) with values in [0, 1].

        Raises:
            ShapeError: The samples have another shape than those of training.
        """
        if tuple(inputs.shape[1:]) != self.shape:
            raise ShapeError(
                f"predict: samples must be (batch, {', '.join(map(str, self.shape))}), "
                f"got {tuple(inputs.shape)}.",
                hint=f"the network was trained on {self.recipe.data}",
            )
        recipe = self.recipe
        return predict(self.net, inputs, readout=recipe.readout, encode=recipe.encode)


def load_run(path: str | Path) -> TrainedRun:
    """The network of a finished run.

    Arguments:
        path: The run folder.

    Raises:
        CheckpointError: No finished run, a damaged one, or one of another version.

    >>> load_run("nowhere")
    Traceback (most recent call last):
    spikeloom.errors.CheckpointError: nowhere: there is no such folder.
    """
    tensors, record = RunFolder(Path(path)).read_weights()
    try:
        recipe = Recipe.from_record(record["recipe"])
        shape, classes = tuple(record["shape"]), tuple(record["classes"])
        if not all(isinstance(name, str) for name in classes):
            raise TypeError("names of classes must be text")
        net = build(recipe, shape, len(classes), seed=0)
        net.load_state_dict(tensors)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"{path}: the weights do not fit the network they describe ({error}).",
            hint="the file was changed, or another version of spikeloom wrote it",
        ) from error
    net.eval()
    return TrainedRun(recipe, net, shape, classes)
