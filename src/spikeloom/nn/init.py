"""Firing-rate initialisation: scale the weights so that each layer starts at a chosen rate."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from spikeloom.equations.units import Hz, Quantity, ms
from spikeloom.errors import NumericsError, ParameterError, UnitError
from spikeloom.nn.chain.container import Container, Trace
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.lengths import count_steps
from spikeloom.nn.protocol import emits_spikes, holds_neurons
from spikeloom.nn.weights import is_norm, is_weight_layer, scalable

LARGEST_GAIN = 2.0**24
TOLERANCE = 0.02
ROUNDS = 30


@dataclass(frozen=True)
class LayerGain:
    """What rate initialisation did to one layer.

    Arguments:
        weights: Name of the layer that was scaled.
        spikes: Name of the spiking layer that it drives.
        gain: Factor by which its weights and bias were multiplied.
        rate_hz: Mean firing rate that came out, Hz.
        reached: Whether that is the target, within 2 % or one spike of the calibration batch.

    >>> print(LayerGain("linear1", "spiking1", 8.354194, 49.743, True))
    linear1 × 8.354: spiking1 fires at 49.7 Hz
    """

    weights: str
    spikes: str
    gain: float
    rate_hz: float
    reached: bool

    def __str__(self) -> str:
        text = f"{self.weights} × {self.gain:.4g}: {self.spikes} fires at {self.rate_hz:.1f} Hz"
        return text if self.reached else f"{text}, which is not the target"


@torch.no_grad()
def scale_to_rate(
    net: Sequential,
    batch: Tensor,
    target: Quantity,
    dt: Quantity,
    *,
    lengths: Tensor | None = None,
) -> tuple[LayerGain, ...]:
    """Multiply each weight layer before a spiking layer by a gain that gives the target rate.

    Layer by layer from the input, the gain g in ``g (W x + b)`` is doubled or halved until the
    mean rate of the spiking layer brackets the target, then bisected on a logarithmic scale. It
    stays within 2^-24 to 2^24. Weights with a norm behind them are left alone: it would undo
    every gain.

    Arguments:
        net: The network; its weights are changed in place.
        batch: One encoded calibration batch (time, batch, *features).
        target: Wanted mean firing rate of every spiking layer.
        dt: Time step of the network.
        lengths: Valid steps of each sample of the batch, where they differ.

    Returns:
        One report for each spiking layer that weights drive without a norm in between.

    Raises:
        ParameterError: The target is not above 0 and at most 1/dt, or the batch is empty.
        NumericsError: The batch holds NaN or infinity.

    Source: the aim (a chosen activity at the start) is that of Rossbroich, Gygax & Zenke 2022,
        Neuromorphic Computing and Engineering 2:044016; the search is ours.

    >>> from spikeloom.nn.neurons.short import LIF
    >>> _ = torch.manual_seed(0)
    >>> net = Sequential(nn.Linear(4, 50), LIF(tau=20 * ms))
    >>> (report,) = scale_to_rate(net, torch.ones(50, 1, 4), 80 * Hz, 1 * ms)
    >>> report.reached, 75 < report.rate_hz < 85
    (True, True)
    """
    for what, value, unit in (("target", target, Hz), ("dt", dt, ms)):
        if not isinstance(value, Quantity) or not value.unit.fits(unit):
            raise UnitError(
                f"scale_to_rate: {what} must be a {unit.kind}, got {value!r}.",
                hint=f"give it with its unit, for example 50 * {unit!r}",
            )
    step = float(dt.to(ms)) / 1000.0
    wanted = float(target.to(Hz)) * step
    if not 0.0 < wanted <= 1.0:
        raise ParameterError(
            f"scale_to_rate: target must be above 0 and at most 1/dt = {1 / step:g} Hz, "
            f"got {target!r}.",
        )
    if batch.numel() == 0:
        raise ParameterError(f"scale_to_rate: the batch is empty, shape {tuple(batch.shape)}.")
    if not bool(torch.isfinite(batch).all()):
        raise NumericsError("scale_to_rate: the calibration batch contains NaN or infinity.")
    was_training = net.training
    net.eval()
    try:
        return _calibrate(net, batch, wanted, step, lengths)
    finally:
        net.train(was_training)


def _calibrate(
    net: Sequential, x: Tensor, wanted: float, step: float, lengths: Tensor | None
) -> tuple[LayerGain, ...]:
    reports: list[LayerGain] = []
    for d in driven_layers(net, x, lengths):
        gain, rate, reached = _search(d.piece, d.weights, d.x, wanted, d.fires, lengths)
        reports.append(LayerGain(d.source, d.fires, gain, rate / step, reached))
        if not reached:
            warnings.warn(
                f"scale_to_rate: {d.fires} reaches {rate / step:.3g} Hz, not the target "
                f"{wanted / step:.3g} Hz. Its input may be silent, the run too short for "
                "that rate, or a normalisation may undo the gain.",
                stacklevel=4,
            )
    return tuple(reports)


@dataclass(frozen=True, eq=False)
class Driven:
    """A spiking layer and the weights that drive it, on the way through a network.

    Arguments:
        piece: The layers since the neurons before.
        x: What enters the piece (time, batch, *features).
        kept: What every layer of the piece gave.
        fires: Name of the spiking layer.
        source: Name of the weight layer.
        weights: The weight layer.
    """

    piece: Sequential
    x: Tensor
    kept: Trace
    fires: str
    source: str
    weights: nn.Module


def driven_layers(net: Sequential, x: Tensor, lengths: Tensor | None) -> Iterator[Driven]:
    """Each spiking layer that weights drive, from the input on.

    Weights that are changed when a layer is given act on all that is given after it.
    """
    held: list[tuple[str, nn.Module]] = []
    for name, layer in net.layers:
        held.append((name, layer))
        if not holds_neurons(layer) and not isinstance(layer, Container):
            continue
        piece = Sequential(*(m for _, m in held), names=[n for n, _ in held])
        for fires in [n for n, leaf in piece.leaves if emits_spikes(leaf)]:
            kept = piece.trace(x, None, lengths)[2]
            found = driver(kept, fires)
            if found is not None:
                yield Driven(piece, x, kept, fires, *found)
        x, _ = piece(x, None, lengths)
        held = []


def driver(kept: Trace, fires: str) -> tuple[str, nn.Module] | None:
    """The weight layer whose gain sets the rate of a spiking layer; None where there is none."""
    made = {id(part.output): part for part in kept.passed}
    part = next(part for part in kept.passed if part.name == fires)
    while len(part.inputs) == 1:
        before = made.get(id(part.inputs[0]))
        if before is None or before is part or holds_neurons(before.layer):
            return None
        part = before
        if is_norm(part.layer):
            return None
        if is_weight_layer(part.layer):
            return part.name, part.layer
    return None


def _search(
    piece: Sequential,
    layer: nn.Module,
    x: Tensor,
    wanted: float,
    fires: str,
    lengths: Tensor | None,
) -> tuple[float, float, bool]:
    """Find the gain; leave the layer scaled by it. Returns gain, rate a step, reached."""
    base = {name: value.detach().clone() for name, value in scalable(layer).items()}

    def rate(gain: float) -> float:
        for name, value in scalable(layer).items():
            value.copy_(base[name] * gain)
        spikes = piece.trace(x, None, lengths)[2][fires]
        count = float(count_steps(spikes, lengths)) * spikes[0, 0].numel()
        smallest.append(1.0 / count)
        return float(spikes.sum(dtype=torch.float64)) / count

    smallest: list[float] = []
    tried = {1.0: rate(1.0)}
    slack = max(TOLERANCE * wanted, smallest[0])
    low = high = 1.0
    while tried[high] < wanted - slack and high < LARGEST_GAIN:
        low, high = high, high * 2.0
        tried[high] = rate(high)
    while tried[low] > wanted + slack and low > 1.0 / LARGEST_GAIN:
        low, high = low / 2.0, low
        tried[low] = rate(low)
    best = min(tried, key=lambda g: abs(tried[g] - wanted))
    for _ in range(ROUNDS):
        if abs(tried[best] - wanted) <= slack or low == high:
            break
        middle = (low * high) ** 0.5
        tried[middle] = rate(middle)
        low, high = (middle, high) if tried[middle] < wanted else (low, middle)
        best = min(tried, key=lambda g: abs(tried[g] - wanted))
    reached = abs(tried[best] - wanted) <= slack
    gain = best if reached or tried[best] > 0 else 1.0
    return gain, rate(gain), reached
