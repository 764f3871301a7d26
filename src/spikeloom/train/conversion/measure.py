"""The plain and the spiking network side by side on the same samples."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import DataError
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.encode import ConstantCurrent
from spikeloom.nn.energy import plain_work, spiking_work
from spikeloom.nn.protocol import emits_spikes
from spikeloom.nn.readout import Direct, MembraneMean
from spikeloom.train.conversion.calibrate import answer
from spikeloom.train.conversion.methods import Conversion
from spikeloom.train.conversion.report import ConversionReport
from spikeloom.train.evaluate import evaluate
from spikeloom.train.loop.samples import as_samples
from spikeloom.train.loop.settings import repeatable
from spikeloom.train.loop.step import in_precision_of

ROOM = 8192
"""Time steps times samples that are held at once."""


@torch.no_grad()
def compare(
    ann: nn.Module,
    folded: nn.Sequential,
    net: Sequential,
    data: Any,
    *,
    method: Conversion,
    levels: Sequence[float],
    encode: ConstantCurrent,
    readout: MembraneMean,
    dt: Quantity,
    on_calibration: bool,
) -> ConversionReport:
    """Accuracies, the spiking one after 1, 2, 4, ... steps of one run, with rates and work.

    Arguments:
        ann: The plain network.
        folded: The plain network in one chain, without norms, whose work is counted.
        net: The spiking one.
        data: Labelled samples.
        method: For the report, as are ``levels``, the activations of full rate.
        encode, readout, dt: Of the spiking network.
        on_calibration: Whether the data set the scale too.

    Raises:
        DataError: No labels.
        ShapeError: Samples that the network does not take.
    """
    what = "calibration data" if on_calibration else "test data"
    samples = as_samples(data, what)
    if samples.lengths is not None:
        raise DataError(
            "convert: recordings of different length have no single current.",
            hint="convert networks that take a sample at a glance, such as images",
        )
    if samples.targets.is_floating_point() or samples.targets.dim() != 1:
        raise DataError(
            "convert: the report needs labels, whole numbers, one for each sample.",
            hint="give labelled data as test=(inputs, targets)",
        )
    first = in_precision_of(folded, samples.inputs[:1])
    answer(folded, first, what)
    plain = evaluate(ann, samples, readout=Direct())
    steps = encode.steps
    times = [t for t in (2**k for k in range(steps.bit_length())) if t < steps] + [steps]
    hits = torch.zeros(len(times), dtype=torch.int64)
    same = 0
    spikes: defaultdict[str, float] = defaultdict(float)
    neurons: dict[str, int] = {}
    events = 0.0
    batch = max(1, ROOM // steps)
    ann_labels = torch.from_numpy(plain.labels)
    with repeatable(1):
        for start in range(0, len(samples), batch):
            part = slice(start, start + batch)
            targets = samples.targets[part]
            x = encode(in_precision_of(net, samples.inputs[part]))
            y, _, kept = net.trace(x)
            made = readout.running(y)[[t - 1 for t in times]].argmax(2)
            hits += (made == targets).sum(1)
            same += int((made[-1] == ann_labels[part]).sum())
            events += spiking_work(net, x, kept).synaptic_events * len(targets)
            for name, layer in net.leaves:
                if emits_spikes(layer):
                    spikes[name] += float(kept[name].sum(dtype=torch.float64))
                    neurons[name] = kept[name][0, 0].numel()
    count = len(samples)
    return ConversionReport(
        method=repr(method),
        measured_on=what,
        samples=count,
        ann_accuracy=plain.accuracy,
        accuracy={t: int(h) / count for t, h in zip(times, hits, strict=True)},
        agreement=same / count,
        levels=tuple(levels),
        rate={name: spikes[name] / (count * steps * neurons[name]) for name in neurons},
        neurons=neurons,
        synaptic_events=events / count,
        multiply_accumulates=plain_work(folded, first).multiply_accumulates,
        dt_ms=float(dt.to(ms)),
    )
