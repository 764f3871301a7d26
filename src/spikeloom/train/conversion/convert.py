"""A trained plain network as a spiking one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms, mV, pF
from spikeloom.errors import NumericsError, ParameterError
from spikeloom.models import SubtractiveIF
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.encode import ConstantCurrent
from spikeloom.nn.neurons.accept import check_duration
from spikeloom.nn.neurons.spiking import Spiking
from spikeloom.nn.readout import MembraneMean
from spikeloom.nn.weights import WEIGHT_LAYERS
from spikeloom.train.arguments import check_counts
from spikeloom.train.conversion.calibrate import levels_of
from spikeloom.train.conversion.measure import compare
from spikeloom.train.conversion.methods import Conversion, WeightNorm
from spikeloom.train.conversion.pool import MAX_POOLS, CountingMaxPool, SignedMaxPool
from spikeloom.train.conversion.qcfs import QCFSActivation
from spikeloom.train.conversion.report import ConversionReport
from spikeloom.train.conversion.stretches import Stretch, stretches_of


@dataclass(frozen=True, eq=False, repr=False)
class Converted:
    """A spiking network made from a plain one.

    Arguments:
        net: Integrate-and-fire neurons, and weights to the scores behind them.
        report: What the conversion cost.
        encode: Shows a sample as a current, negative values too, for the steps of the report.
        readout: Scores: the mean so far of what arrives at the outputs.
        dt: Time step.

    >>> ann = nn.Sequential(nn.Linear(3, 3), nn.ReLU())
    >>> made = convert(ann, (torch.eye(3), torch.arange(3)), steps=4)
    >>> y, state = made.net(made.encode(torch.eye(3)))
    >>> made.readout(y).shape, list(state)
    (torch.Size([3, 3]), ['neurons1'])
    """

    net: Sequential
    report: ConversionReport
    encode: ConstantCurrent
    readout: MembraneMean
    dt: Quantity

    def __repr__(self) -> str:
        return f"Converted: {self.report.summary}"


def convert(
    ann: nn.Module,
    data: Any,
    *,
    method: Conversion | None = None,
    steps: int = 32,
    dt: Quantity = 1 * ms,
    test: Any = None,
) -> Converted:
    """Make a spiking network whose firing rates follow the activations of a trained plain one.

    Each ReLU becomes `SubtractiveIF` neurons: over T steps their rate is the activation in units of
    its largest level, to within 1/T for a constant input. Batch norms become part of the weights
    before them, dropout is left out, and a max-pool becomes a `CountingMaxPool`. The sample is a
    constant current, so it may be negative.

    Arguments:
        ann: A torch ``nn.Sequential`` of Linear, Conv, BatchNorm right after them, ReLU or
            `QCFSActivation`, AvgPool, MaxPool, Flatten and Dropout, such as `ann_twin` makes; it is
            not changed.
        data: Training data, as for `fit`: they set the levels of `WeightNorm` and
            `ThresholdBalance`.
        method: `WeightNorm` if None; `ThresholdBalance`; or `QCFS` for a network that was trained
            with `QCFSActivation` (see `quantised`).
        steps: Time steps to measure over.
        dt: Duration of one of them.
        test: Labelled data for the report; None measures on ``data``, and the report says so.

    Returns:
        The network, and a report with the accuracy lost: ``print(converted.report)``.

    Raises:
        ParameterError: A layer that cannot be converted, or a method that does not fit.
        DataError: No samples, or no labels.

    >>> _ = torch.manual_seed(0)
    >>> ann = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> x = torch.rand(20, 4)
    >>> converted = convert(ann, (x, ann(x).argmax(1)), steps=64)
    >>> converted.net.names
    ('weights1', 'neurons1', 'weights2')
    >>> converted.report.ann_accuracy, converted.report.loss_points
    (1.0, 0.0)
    """
    check_counts("convert", steps=steps)
    chosen: Conversion = WeightNorm() if method is None else method
    if isinstance(chosen, type) or not all(
        hasattr(chosen, name) for name in ("scale", "last", "start", "percentile", "levels")
    ):
        raise ParameterError(
            f"convert: method cannot be {method!r}.",
            hint="WeightNorm(), ThresholdBalance() or QCFS(levels=8)",
        )
    check_duration(dt)
    folded, stretches = stretches_of(ann)
    with torch.no_grad():
        tops = _tops(folded, stretches, data, chosen)
        net = _spiking(stretches, tops, chosen, dt)
    encode, readout = ConstantCurrent(steps), MembraneMean()
    report = compare(
        ann,
        folded,
        net,
        data if test is None else test,
        method=chosen,
        levels=tops,
        encode=encode,
        readout=readout,
        dt=dt,
        on_calibration=test is None,
    )
    return Converted(net, report, encode, readout, dt)


def _tops(
    folded: nn.Sequential, stretches: list[Stretch], data: Any, method: Conversion
) -> list[float]:
    """The activation at which each layer fires in every step."""
    layers = [s.activation for s in stretches if s.activation is not None]
    stepped = [layer for layer in layers if isinstance(layer, QCFSActivation)]
    if method.percentile is None:
        if len(stepped) < len(layers):
            raise ParameterError(
                "convert: QCFS needs a network trained with QCFSActivation, this one has ReLU.",
                hint="quantised(ann, data) replaces them; train its result for some epochs, or "
                "take WeightNorm()",
            )
        other = [a.levels for a in stepped if a.levels != method.levels]
        if other:
            raise ParameterError(
                f"convert: the network was trained with {other[0]} levels, not {method.levels}.",
                hint=f"QCFS(levels={other[0]})",
            )
        found = [float(layer.threshold) for layer in stepped]
    else:
        # A layer that is silent on all data stays so with any threshold.
        found = [top or 1.0 for top in levels_of(folded, layers, data, method.percentile)]
    if not all(0 < top < float("inf") for top in found):
        raise NumericsError(
            f"convert: the largest activations must be above 0 and finite, got {found}.",
            hint="the training of the plain network went wrong",
        )
    return found


def _spiking(
    stretches: list[Stretch], tops: list[float], method: Conversion, dt: Quantity
) -> Sequential:
    """The chain with scaled weights and neurons."""
    layers: dict[str, nn.Module] = {}
    before = 1.0
    # One step of a current of 1 pA moves the potential by 1 mV, whatever dt is.
    capacitance = float(dt.to(ms)) * pF
    for place, stretch in enumerate(stretches, start=1):
        if stretch.activation is None:
            weights, biases = method.last(before)
            _scale(stretch, weights, biases)
            layers |= _over_time(stretch)
            continue
        top = tops[place - 1]
        scale = method.scale(before, top)
        threshold = scale.threshold
        if not _scale(stretch, scale.weights, scale.biases):
            threshold = top / before  # no weights to scale: what arrives comes in old units
        layers |= _over_time(stretch)
        neuron = SubtractiveIF(
            C=capacitance, theta=threshold * mV, v_start=method.start * threshold * mV
        )
        layers[f"neurons{place}"] = Spiking(neuron, dt=dt)
        before = top
    return Sequential(*layers.values(), names=list(layers)).eval()


def _over_time(stretch: Stretch) -> dict[str, nn.Module]:
    """The layers of a stretch, with counters for its max-pools."""
    pools = (*MAX_POOLS, SignedMaxPool)
    return {
        name: CountingMaxPool(layer) if isinstance(layer, pools) else layer
        for name, layer in stretch.layers
    }


def _scale(stretch: Stretch, weights: float, biases: float) -> bool:
    """Multiply the first weights and all biases; whether there were weights."""
    held = [layer for _, layer in stretch.layers if isinstance(layer, WEIGHT_LAYERS)]
    for layer in held:
        if layer.bias is not None:
            layer.bias.mul_(biases)
    if held:
        held[0].weight.mul_(weights)
    return bool(held)
