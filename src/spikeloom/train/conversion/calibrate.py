"""How large activations become on data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from spikeloom.errors import NumericsError, ParameterError, ShapeError
from spikeloom.train.loop.samples import as_samples
from spikeloom.train.loop.settings import repeatable
from spikeloom.train.loop.step import in_precision_of

SAMPLES = 1000
"""Samples whose activations are looked at, evenly spread over the data."""
BATCH = 100
VALUES = 2_000_000
"""Activations of one layer that are kept at most; of more, an even choice."""


def check_percentile(who: str, percentile: float) -> None:
    """Raise `ParameterError` unless this is a percentage above 0."""
    if not isinstance(percentile, int | float) or not 0 < percentile <= 100:
        raise ParameterError(
            f"{who}: percentile must lie above 0 and up to 100, got {percentile!r}."
        )


def answer(net: nn.Module, x: Tensor, what: str) -> Tensor:
    """What a plain network gives, or an error in words if the samples do not fit it.

    Raises:
        ShapeError: The samples have another shape than the network takes.

    >>> answer(nn.Linear(2, 3), torch.zeros(5, 2), "test data").shape
    torch.Size([5, 3])
    """
    try:
        return net(x)
    except (RuntimeError, ValueError, IndexError) as error:
        raise ShapeError(
            f"convert: {what} of shape (samples, {', '.join(map(str, x.shape[1:]))}) do not fit "
            f"the plain network ({error}).",
            hint="give the samples it was trained on",
        ) from error


@torch.no_grad()
def levels_of(
    net: nn.Module, layers: Sequence[nn.Module], data: Any, percentile: float
) -> list[float]:
    """The percentile of what each layer gives above 0; 0 for a layer that never does.

    Arguments:
        net: A plain network.
        layers: Modules in it.
        data: Samples as for `fit`.
        percentile: In %.

    Raises:
        NumericsError: The network gives NaN or infinity.

    >>> relu = nn.ReLU()
    >>> levels_of(nn.Sequential(relu), [relu], (torch.tensor([[-1.0], [3.0]]), torch.ones(2)), 100)
    [3.0]
    """
    samples = as_samples(data, "calibration data")
    rows = np.unique(np.linspace(0, len(samples) - 1, min(len(samples), SAMPLES)).round())
    inputs = in_precision_of(net, samples.inputs[torch.from_numpy(rows.astype(np.int64))])
    parts = math.ceil(len(inputs) / BATCH)
    kept: list[list[Tensor]] = [[] for _ in layers]

    def keep(place: int) -> Any:
        def hook(_: nn.Module, __: Any, y: Tensor) -> None:
            positive = y[y > 0]
            every = max(1, math.ceil(len(positive) * parts / VALUES))
            kept[place].append(positive[::every].clone())

        return hook

    hooks = [layer.register_forward_hook(keep(i)) for i, layer in enumerate(layers)]
    was_training = net.training
    net.eval()
    try:
        with repeatable(1):
            for first in range(0, len(inputs), BATCH):
                y = answer(net, inputs[first : first + BATCH], "calibration data")
                if not bool(torch.isfinite(y).all()):
                    raise NumericsError(
                        "convert: the plain network gives NaN or infinity on the data.",
                        hint="train it again with a smaller learning rate",
                    )
    finally:
        net.train(was_training)
        for hook in hooks:
            hook.remove()
    return [
        float(np.percentile(values, percentile)) if len(values) else 0.0
        for values in (torch.cat(part).double().numpy() for part in kept)
    ]
