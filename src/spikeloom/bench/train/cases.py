"""Networks of the training benchmark: layers in plain words that every side builds from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod, sqrt
from typing import Any

import numpy as np

Layer = tuple[Any, ...]
"""("linear", in, out), ("conv", in, out, kernel), ("pool", width), ("norm", channels), ("flat",),
("lif",) or ("recurrent", neurons)."""


@dataclass(frozen=True)
class Case:
    """One network and its batch.

    Arguments:
        name: As on the command line.
        layers: First to last; the last is a layer of neurons.
        shape: Features of a sample.
        steps: Time steps of a timed training step.
        batch: Samples of a training step.
        classes: Number of labels.
        rate: Chance of an input spike per step; None shows each sample as a constant current.
        gain: Spread of the weights, in units of 1 / sqrt(inputs).
        memory_steps: Time steps for which peak memory is measured.
    """

    name: str
    layers: tuple[Layer, ...]
    shape: tuple[int, ...]
    steps: int
    batch: int
    classes: int
    rate: float | None = None
    gain: float = 1.0
    memory_steps: int = 32

    def told(self, steps: int) -> dict[str, Any]:
        """What a worker is told, as plain values."""
        return {
            "layers": [list(layer) for layer in self.layers],
            "steps": steps,
            "constant": self.rate is None,
        }

    def smaller(self, steps: int, batch: int) -> Case:
        """The same network for a quicker run."""
        return replace(self, steps=steps, batch=batch, memory_steps=steps)

    def arrays(self, steps: int, seed: int = 0) -> dict[str, np.ndarray]:
        """Weights by place and name, ``x`` and ``labels``, the same for every side.

        ``x`` is (batch, *shape) for a constant current and (steps, batch, *shape) for spikes.

        >>> sorted(CASES["mnist-fc"].smaller(2, 3).arrays(2))
        ['1.bias', '1.weight', '3.bias', '3.weight', 'labels', 'x']
        """
        random = np.random.default_rng(seed)
        found: dict[str, Any] = {"labels": random.integers(0, self.classes, self.batch)}
        if self.rate is None:
            # A fifth of the pixels is lit, as of a written digit.
            x = random.random((self.batch, *self.shape))
            found["x"] = (x * (random.random(x.shape) < 0.2)).astype(np.float32)
        else:
            x = random.random((steps, self.batch, *self.shape)) < self.rate
            found["x"] = x.astype(np.float32)
        for place, (kind, *sizes) in enumerate(self.layers):
            for name, shape in _shapes(kind, sizes).items():
                if kind == "norm":
                    value = np.full(shape, 1.0 if name == "weight" else 0.0)
                else:
                    inputs = prod(_shapes(kind, sizes)["weight"][1:])
                    gain = 1.0 if kind == "recurrent" else self.gain
                    value = random.uniform(-1, 1, shape) * gain / sqrt(inputs)
                found[f"{place}.{name}"] = value.astype(np.float32)
        return found


def _shapes(kind: str, sizes: list[int]) -> dict[str, tuple[int, ...]]:
    """Parameters of a layer, as torch lays them out; a recurrent weight is (sources, targets)."""
    if kind == "linear":
        return {"weight": (sizes[1], sizes[0]), "bias": (sizes[1],)}
    if kind == "conv":
        return {"weight": (sizes[1], sizes[0], sizes[2], sizes[2])}
    if kind == "norm":
        return {"weight": (sizes[0],), "bias": (sizes[0],)}
    return {"weight": (sizes[0], sizes[0])} if kind == "recurrent" else {}


def _conv(channels: tuple[int, ...], kernels: tuple[int, ...], flat: int) -> tuple[Layer, ...]:
    """Stages as the recipes have them: convolution, pool, norm, neurons."""
    layers: list[Layer] = []
    for before, after, kernel in zip((1, *channels), channels, kernels, strict=False):
        layers += [("conv", before, after, kernel), ("pool", 2), ("norm", after), ("lif",)]
    return (*layers, ("flat",), ("linear", flat, 10), ("lif",))


CASES: dict[str, Case] = {
    case.name: case
    for case in (
        Case(
            "mnist-fc",
            (("flat",), ("linear", 784, 512), ("lif",), ("linear", 512, 10), ("lif",)),
            (1, 28, 28), steps=10, batch=128, classes=10, gain=1.5,
        ),
        Case(
            "mnist-conv", _conv((16, 32, 64), (5, 3, 3), 576),
            (1, 28, 28), steps=4, batch=128, classes=10,
        ),
        Case(
            "recurrent",
            (("linear", 700, 256), ("recurrent", 256), ("linear", 256, 20), ("lif",)),
            (700,), steps=100, batch=128, classes=20, rate=0.025, gain=3.0,
        ),
        Case(
            "fsdd", _conv((16, 32, 64), (5, 3, 3), 1920),
            (1, 48, 40), steps=4, batch=64, classes=10, gain=4.0,
        ),
    )
}  # fmt: skip
"""By name. The convolutional ones are the networks of the recipes without chance (dropout)."""
