"""Measure a trained network: accuracy, rates, work, latency."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from spikeloom.equations.units import Quantity, ms
from spikeloom.errors import DataError, ParameterError
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.encode import Encoder
from spikeloom.nn.energy import Work, plain_work, spiking_work
from spikeloom.nn.keys import derive_key
from spikeloom.nn.lengths import count_steps
from spikeloom.nn.loss.loss import check_labels
from spikeloom.nn.protocol import emits_spikes
from spikeloom.nn.readout import Readout
from spikeloom.nn.readout.readout import read
from spikeloom.train.arguments import check_callable, check_counts
from spikeloom.train.evaluation import Evaluation
from spikeloom.train.fit import evaluation_batches
from spikeloom.train.loop.progress import Show, reporter
from spikeloom.train.loop.settings import repeatable, set_chance
from spikeloom.train.loop.step import check_weights, in_precision_of
from spikeloom.train.predict import decide


@torch.no_grad()
def evaluate(
    net: nn.Module,
    data: Any,
    *,
    readout: Readout,
    encode: Encoder | None = None,
    dt: Quantity | None = None,
    batch_size: int = 256,
    threads: int = 1,
    title: str = "evaluation",
    show: Show = "quiet",
) -> Evaluation:
    """Run a network over a data set once.

    Arguments:
        net: A `Sequential` with ``encode`` and ``dt``, or a plain network without.
        data: As for `fit`; labels are needed.
        readout: Turns outputs into scores, as in training.
        encode: As in training.
        dt: Time step of the network, for rates in Hz.
        batch_size: Samples at a time; the result does not depend on it, except through rounding.
        threads: For torch's own operations, as for `fit`.
        title: Name shown beside the progress.
        show: ``"auto"``, ``"quiet"`` or a reporter.

    Returns:
        Accuracy, confusion matrix, firing rate of each layer, work, latency, confidence.

    Raises:
        DataError: No samples, or no labels.
        NumericsError: NaN or infinity in the data.

    >>> from spikeloom.nn.readout import Direct
    >>> same = nn.Identity()
    >>> evaluate(same, (torch.eye(3), torch.arange(3)), readout=Direct()).accuracy
    1.0
    """
    check_counts("evaluate", batch_size=batch_size, threads=threads)
    check_callable("evaluate", encode=encode, readout=readout)
    _check_rest(net, readout, dt)
    batches = evaluation_batches(data, "evaluation data", batch_size)
    report = reporter(show)
    report.start(title, 1, batches.steps, 0)
    sums = _Sums()
    was_training = net.training
    net.eval()
    try:
        with repeatable(threads):
            for place, (inputs, targets, lengths) in enumerate(batches.epoch(0)):
                if targets.is_floating_point():
                    raise DataError("evaluate: labels must be whole numbers.")
                inputs = in_precision_of(net, inputs)
                set_chance(derive_key(0, "validate", place))
                ends = lengths if isinstance(net, Sequential) else None
                y = _outputs(net, inputs, encode, -1 - place, sums, ends)
                sums.count(y, targets, readout, ends)
                report.batch(inputs.shape[0])
    finally:
        net.train(was_training)
        report.close()
    return sums.result(dt)


def _check_rest(net: nn.Module, readout: Readout | None, dt: Quantity | None) -> None:
    if readout is None:
        raise ParameterError("evaluate: readout is missing.", hint="as in training")
    if dt is not None and not (isinstance(dt, Quantity) and dt.unit.fits(ms) and dt.to(ms) > 0):
        raise ParameterError(f"evaluate: dt must be a time above 0, got {dt!r}.", hint="dt=1 * ms")
    check_weights(net)


def _outputs(
    net: nn.Module,
    inputs: Tensor,
    encode: Encoder | None,
    draw: int,
    sums: _Sums,
    lengths: Tensor | None,
) -> Tensor:
    n = inputs.shape[0]
    if not isinstance(net, Sequential):
        if sums.seen == 0 and isinstance(net, nn.Sequential):
            sums.plain = plain_work(net, inputs)
        return net(inputs)
    if encode is None:
        raise ParameterError(
            "evaluate: a spiking network needs encode=..., the encoder it was trained with."
        )
    x = encode(inputs, draw)
    x = x if lengths is None else x[: int(lengths.max())]
    y, _, kept = net.trace(x, None, lengths)
    work = spiking_work(net, x, kept)
    sums.work += n * np.array(
        [work.synaptic_events, work.multiply_accumulates, work.neuron_updates]
    )
    for name, layer in net.leaves:
        if emits_spikes(layer):
            sums.spikes[name] += float(kept[name].sum(dtype=torch.float64))
            sums.neurons[name] = kept[name][0, 0].numel()
    sums.steps += int(count_steps(x, lengths))
    return y


class _Sums:
    """Sums over batches."""

    def __init__(self) -> None:
        self.seen, self.hits, self.steps = 0, 0, 0
        self.loss = self.confidence = self.latency = 0.0
        self.confusion: np.ndarray | None = None
        self.work = np.zeros(3)
        self.plain: Work | None = None
        self.spikes: defaultdict[str, float] = defaultdict(float)
        self.neurons: dict[str, int] = {}
        self.labels: list[np.ndarray] = []

    def count(self, y: Tensor, targets: Tensor, readout: Readout, lengths: Tensor | None) -> None:
        scores = read(readout, y, lengths)
        classes = scores.shape[1]
        check_labels(targets, scores.shape[0], classes)
        made = decide(y, readout, lengths)
        self.seen += len(targets)
        self.hits += int((made.labels == targets).sum())
        self.loss += float(functional.cross_entropy(scores, targets, reduction="sum"))
        self.confidence += float(made.confidence.sum(dtype=torch.float64))
        self.latency += float(made.latency.sum())
        pairs = torch.bincount(targets * classes + made.labels, minlength=classes * classes)
        table = pairs.view(classes, classes).numpy()
        self.confusion = table if self.confusion is None else self.confusion + table
        self.labels.append(made.labels.numpy())

    def result(self, dt: Quantity | None) -> Evaluation:
        if self.confusion is None:
            raise DataError("evaluate: there are no samples.")
        n = self.seen
        if self.spikes and dt is None:
            raise ParameterError("evaluate: firing rates in Hz need the time step, dt=1 * ms.")
        step = float(dt.to(ms)) / 1000.0 if dt is not None else 1.0
        seconds = self.steps * step
        return Evaluation(
            samples=n,
            accuracy=self.hits / n,
            loss=self.loss / n,
            confusion=self.confusion,
            confidence=self.confidence / n,
            latency_steps=self.latency / n,
            rate_hz={
                name: self.spikes[name] / (self.neurons[name] * seconds) for name in self.neurons
            },
            neurons=dict(self.neurons),
            work=self.plain or Work(*(float(v) / n for v in self.work)),
            labels=np.concatenate(self.labels),
        )
