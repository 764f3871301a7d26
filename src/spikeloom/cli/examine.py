"""Look inside a trained network: what happens for a few images, and how busy each neuron is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.show import Examples, Layer

if TYPE_CHECKING:
    from torch import Tensor

    from spikeloom.data import Dataset
    from spikeloom.nn import Sequential
    from spikeloom.nn.encode import Encoder
    from spikeloom.nn.readout import Readout

RULES = {
    "MembraneMean": "output neuron has the highest mean potential",
    "MembraneMax": "output neuron reaches the highest potential",
    "MembraneLast": "output neuron has the highest potential at the end",
    "Rate": "output neuron fires most often",
    "FirstSpike": "output neuron fires first",
}


def examples(
    net: Sequential, encode: Encoder, readout: Readout, data: Dataset, rows: list[int], dt_ms: float
) -> Examples:
    """Run a few images through the network and keep everything.

    Arguments:
        net: Trained network.
        encode: The encoder it was trained with.
        readout: The readout it was trained with.
        data: Labelled images.
        rows: Which of them.
        dt_ms: Time step, ms.
    """
    import torch

    from spikeloom.nn import emits_spikes
    from spikeloom.train.predict import decide

    net.eval()
    inputs = torch.from_numpy(data.inputs[rows])
    with torch.no_grad():
        x = encode(inputs, 0)
        ends = _lengths(data, rows)
        y, _, kept = net.trace(x, None, *ends)
        made = decide(y, readout, *ends)
        last_spikes = emits_spikes(net.leaves[-1][1])
        shown = readout.running(y, *ends) if last_spikes else y
    layers = [Layer("input", _spikes(x))] if _binary(x) else []
    layers += [
        Layer(_spoken(name), _spikes(kept[name]))
        for name, layer in net.leaves
        if emits_spikes(layer)
    ]
    return Examples(
        images=_as_pictures(data.inputs[rows]),
        targets=data.targets[rows],
        decisions=made.labels.numpy(),
        decided_at=made.latency.numpy(),
        potentials=shown.transpose(0, 1).numpy(),
        layers=tuple(layers),
        dt_ms=dt_ms,
        potential_unit="score" if last_spikes else "mV",
        rule=RULES.get(type(readout).__name__, "score is highest"),
    )


def telling_rows(labels: np.ndarray, targets: np.ndarray, count: int = 4) -> list[int]:
    """Images worth a look: the first of different classes, and one that was misread if any was.

    >>> telling_rows(np.array([3, 3, 1, 7]), np.array([3, 3, 1, 2]), 3)
    [0, 2, 3]
    """
    right = np.flatnonzero(labels == targets)
    _, first = np.unique(targets[right], return_index=True)
    wrong = np.flatnonzero(labels != targets)[:1]
    rows = np.sort(right[np.sort(first)[: count - len(wrong)]])
    return [int(row) for row in np.concatenate([rows, wrong])]


def neuron_rates(
    net: Sequential, encode: Encoder, data: Dataset, dt_ms: float, batch: int = 256
) -> dict[str, np.ndarray]:
    """Mean firing rate of every spiking neuron over a data set, Hz, by layer.

    Arguments:
        net: Trained network.
        encode: The encoder it was trained with.
        data: Images.
        dt_ms: Time step, ms.
        batch: Images at a time.
    """
    import torch

    from spikeloom.nn import emits_spikes

    net.eval()
    counts: dict[str, Any] = {}
    steps = 0
    with torch.no_grad():
        for first in range(0, len(data), batch):
            x = encode(torch.from_numpy(data.inputs[first : first + batch]), -1 - first // batch)
            ends = _lengths(data, slice(first, first + batch))
            steps += int(ends[0].sum()) if ends else x.shape[0] * x.shape[1]
            _, _, kept = net.trace(x, None, *ends)
            for name, layer in net.leaves:
                if emits_spikes(layer):
                    fired = kept[name].flatten(2).sum((0, 1), dtype=torch.float64).numpy()
                    counts[_spoken(name)] = counts.get(_spoken(name), 0.0) + fired
    seconds = max(steps, 1) * dt_ms / 1000
    return {name: total / seconds for name, total in counts.items()}


def _lengths(data: Dataset, rows: list[int] | slice) -> tuple[Tensor, ...]:
    """Valid steps of these samples, as a further argument; none where all steps are valid."""
    import torch

    return () if data.lengths is None else (torch.from_numpy(data.lengths[rows]),)


def _spoken(name: str) -> str:
    """A layer's name for readers.

    >>> _spoken("hidden1")
    'hidden 1'
    """
    return re.sub(r"(?<=[^\d_ ])(\d+)$", r" \1", name).replace("_", " ")


def _spikes(x: Tensor) -> np.ndarray:
    """(time, images, *features) → (images, time, neurons)."""
    return x.flatten(2).transpose(0, 1).numpy() > 0


def _binary(x: Tensor) -> bool:
    return bool(((x == 0) | (x == 1)).all())


def _as_pictures(inputs: np.ndarray) -> np.ndarray:
    """Pictures of samples, with values in [0, 1].

    (n, height, width) as it is; a few channels along time, (n, length, channels), as the curve of
    the first; more axes before height and width are added up; flat images of a square number of
    pixels as squares.
    """
    if inputs.ndim > 3:
        seen = inputs.reshape(len(inputs), -1, *inputs.shape[-2:]).sum(1)
        return seen / np.maximum(seen.max((1, 2), keepdims=True), 1e-12)
    if inputs.ndim == 3 and inputs.shape[2] <= 4:
        return np.stack([_curve(sample[:, 0]) for sample in inputs])
    if inputs.ndim == 3:
        return np.clip(inputs, 0.0, 1.0)
    side = round(inputs[0].size ** 0.5)
    shape = (side, side) if side * side == inputs[0].size else (1, inputs[0].size)
    return inputs.reshape(len(inputs), *shape)


def _curve(signal: np.ndarray) -> np.ndarray:
    """A signal as a picture, bright on dark, half as high as it is long.

    >>> _curve(np.array([0.0, 1.0, 0.0, 0.0])).tolist()
    [[0.0, 1.0, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0]]
    """
    height = max(len(signal) // 2, 1)
    span = max(float(np.ptp(signal)), 1e-12)
    row = ((height - 1) * (1 - (signal - signal.min()) / span)).round().astype(int)
    before = np.concatenate([row[:1], row[:-1]])
    rows = np.arange(height)[:, None]
    drawn = (rows >= np.minimum(row, before)) & (rows <= np.maximum(row, before))
    return drawn.astype(np.float32)
