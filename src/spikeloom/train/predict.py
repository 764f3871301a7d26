"""Decide on samples: class, confidence, and after how many time steps it was clear."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from spikeloom.errors import DataError
from spikeloom.nn.encode import Encoder
from spikeloom.nn.keys import derive_key
from spikeloom.nn.loss import CrossEntropy
from spikeloom.nn.readout import Direct, Readout
from spikeloom.nn.readout.readout import read
from spikeloom.train.loop.samples import check_finite
from spikeloom.train.loop.step import Objective


@dataclass(frozen=True, eq=False, repr=False)
class Decisions:
    """What a network makes of a batch of samples.

    Arguments:
        labels: Chosen class (batch,), int64.
        confidence: Softmax of the scores at the chosen class (batch,).
        latency: Steps after which the choice never changed again (batch,), int64, from 1.

    >>> made = predict(nn.Identity(), torch.eye(3))
    >>> made
    Decisions: 3 samples, mean confidence 57.6 %, after 1.0 steps
    >>> made.labels.tolist()
    [0, 1, 2]
    """

    labels: Tensor
    confidence: Tensor
    latency: Tensor

    def __repr__(self) -> str:
        count = len(self.labels)
        sure, late = (float(x.double().mean()) for x in (self.confidence, self.latency))
        return (
            f"Decisions: {count:,} sample{'' if count == 1 else 's'}, "
            f"mean confidence {100 * sure:.1f} %, after {late:.1f} steps"
        )


def decide(y: Tensor, readout: Readout, lengths: Tensor | None = None) -> Decisions:
    """Read decisions off the outputs of a network.

    Arguments:
        y: Outputs (time, batch, classes), or (batch, classes) with ``Direct()``.
        readout: Turns them into scores.
        lengths: Valid steps of each sample, or None for all.

    >>> from spikeloom.nn.readout import MembraneLast
    >>> y = torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]], [[0.0, 2.0]]])
    >>> decide(y, MembraneLast()).latency.tolist()
    [2]
    """
    scores = read(readout, y, lengths)
    labels = scores.argmax(1)
    confidence = scores.softmax(1).gather(1, labels.unsqueeze(1)).squeeze(1)
    running = readout.running(y) if lengths is None else readout.running(y, lengths)
    right = running.argmax(2) == labels
    # Counting back from the end while the running choice is the final one; the last step counts.
    settled = right.flip(0).to(torch.int64).cumprod(0).sum(0).clamp(min=1)
    latency = right.shape[0] - settled + 1
    return Decisions(labels, confidence, latency if lengths is None else latency.min(lengths))


@torch.no_grad()
def predict(
    net: nn.Module,
    inputs: Tensor,
    *,
    readout: Readout | None = None,
    encode: Encoder | None = None,
    draw: int = 0,
    lengths: Tensor | None = None,
) -> Decisions:
    """Classify samples (batch, *features).

    Arguments:
        net: Trained network, spiking or plain.
        inputs: Samples as in training.
        readout: As in training; ``Direct()`` if None.
        encode: As in training.
        draw: Key of chance in the encoder and of noise in the neurons.
        lengths: Valid time steps of each sample, where recordings differ in length.

    Raises:
        DataError: No samples.
        NumericsError: NaN or infinity in a sample.

    >>> predict(nn.Linear(4, 2), torch.rand(3, 4)).labels.shape
    torch.Size([3])
    """
    if inputs.shape[0] == 0:
        raise DataError("predict: there are no samples.")
    check_finite(inputs, "predict")
    scores = Direct() if readout is None else readout
    was_training = net.training
    net.eval()
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_key(draw, "predict"))
            task = Objective(net, CrossEntropy(scores), encode).ending(lengths)
            outputs = task.outputs(inputs, draw)
    finally:
        net.train(was_training)
    return decide(outputs, scores, task.lengths)
