"""Fluctuation-driven initialisation: weights for which the threshold lies so many sigmas away."""

from __future__ import annotations

import copy
import math
import warnings
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from spikeloom.errors import NumericsError, ParameterError
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.init import driven_layers
from spikeloom.nn.weights import scalable

LARGEST_PULSE = 2.0**60
SMALL = 1e-3
"""Share of the pulse that fires a neuron with which its response is read."""


@dataclass(frozen=True)
class Fluctuation:
    """What fluctuation-driven initialisation did to one layer.

    Arguments:
        weights: Name of the layer that was scaled.
        spikes: Name of the spiking layer that it drives.
        gain: Factor by which its weights and bias were multiplied.
        mean, sigma: Of the subthreshold potential afterwards; 0 is rest and 1 the threshold.
        reached: Whether (1 - mean) / sigma is what was asked for.

    >>> print(Fluctuation("linear1", "spiking1", 3.0, 0.1, 0.45, True))
    linear1 × 3: the threshold of spiking1 lies 2 sigma above the mean
    """

    weights: str
    spikes: str
    gain: float
    mean: float
    sigma: float
    reached: bool

    def __str__(self) -> str:
        if not self.reached:
            return f"{self.weights}: left as it was; its input never moves {self.spikes}"
        away = (1 - self.mean) / self.sigma
        text = f"{self.weights} × {self.gain:.4g}: the threshold of {self.spikes} lies"
        return f"{text} {away:.3g} sigma above the mean"


@torch.no_grad()
def fluctuation_driven(
    net: Sequential, batch: Tensor, xi: float = 2.0, *, lengths: Tensor | None = None
) -> tuple[Fluctuation, ...]:
    r"""Scale weights so that fluctuations of the input, not its mean, make neurons fire.

    With $\mu$ the mean of the potential that a layer's input current causes as long as nothing
    fires, and $\sigma^2$ its variance over time and samples, both averaged over neurons, the gain
    solves $(\theta - g \mu) / (g \sigma) = \xi$. Small $\xi$ means high rates; 1 to 3 is usual.

    Nothing is assumed of the neuron: the smallest pulse of one step that fires it and its response
    to a thousandth of that are measured on the layer itself. The input is convolved with the
    response, in units in which that pulse just reaches the threshold. For a linear neuron this is
    exact. Layers are scaled from the input on; weights with a norm behind them are left alone, as
    are recurrent weights.

    Arguments:
        net: The network; its weights are changed in place.
        batch: One encoded calibration batch (time, batch, *features).
        xi: Distance from the mean to the threshold in standard deviations, above 0.
        lengths: Valid steps of each sample, where they differ.

    Returns:
        One `Fluctuation` for each spiking layer that weights drive without a norm in between.

    Raises:
        ParameterError: xi is not above 0, or the batch is empty.
        NumericsError: The batch holds NaN or infinity.

    Source: Rossbroich, Gygax & Zenke 2022, Neuromorphic Computing and Engineering 2:044016, eq. 5;
        they derive sigma for Poisson inputs of a leaky neuron, we measure it.

    >>> from spikeloom.nn.neurons.short import LIF
    >>> _ = torch.manual_seed(0)
    >>> net = Sequential(nn.Linear(40, 50), LIF())
    >>> (told,) = fluctuation_driven(net, (torch.rand(60, 8, 40) < 0.05).float())
    >>> round((1 - told.mean) / told.sigma, 6)
    2.0
    """
    if isinstance(xi, bool) or not isinstance(xi, int | float) or not 0 < xi < math.inf:
        raise ParameterError(f"fluctuation_driven: xi must be above 0, got {xi!r}.", hint="xi=2.0")
    if batch.numel() == 0:
        raise ParameterError(f"fluctuation_driven: the batch is empty, {tuple(batch.shape)}.")
    if not bool(torch.isfinite(batch).all()):
        raise NumericsError("fluctuation_driven: the calibration batch contains NaN or infinity.")
    was_training = net.training
    net.eval()
    try:
        return _calibrate(net, batch, float(xi), lengths)
    finally:
        net.train(was_training)


def _calibrate(
    net: Sequential, x: Tensor, xi: float, lengths: Tensor | None
) -> tuple[Fluctuation, ...]:
    found: list[Fluctuation] = []
    for d in driven_layers(net, x, lengths):
        part = next(p for p in d.kept.passed if p.name == d.fires)
        potential = subthreshold(part.layer, part.inputs[0])
        mean, sigma = _moments(potential, lengths)
        whole = mean + xi * sigma
        reached = sigma > 0 and whole > 0 and math.isfinite(whole)
        gain = 1.0 / whole if reached else 1.0
        if reached:
            for value in scalable(d.weights).values():
                value.mul_(gain)
        else:
            warnings.warn(
                f"fluctuation_driven: {d.source} is left as it was. The current into {d.fires} "
                "is silent, too negative, or never fires it.",
                stacklevel=4,
            )
        found.append(Fluctuation(d.source, d.fires, gain, mean * gain, sigma * gain, reached))
    return tuple(found)


@torch.no_grad()
def subthreshold(layer: nn.Module, current: Tensor) -> Tensor:
    """Potential that a current would cause if nothing fired; 0 is rest, 1 the threshold.

    Arguments:
        layer: A `Spiking` or `Recurrent` layer.
        current: Its input (time, batch, *features).

    Returns:
        (time, batch, *features) in float64; 0 for neurons that no pulse fires.
    """
    own = copy.deepcopy(getattr(layer, "neurons", layer)).double().eval()
    steps, shape = current.shape[0], tuple(current.shape[2:])
    pulse = _firing_pulse(own, steps, shape)
    able = torch.isfinite(pulse)
    response = _response(own, torch.where(able, pulse, 0.0) * SMALL, steps)
    peak = response.amax(0)
    kernel = torch.where(able & (peak > 0), response / peak / pulse, 0.0)
    size = 2 * steps
    wave = torch.fft.rfft(current.double(), size, dim=0) * torch.fft.rfft(
        kernel.unsqueeze(1), size, dim=0
    )
    return torch.fft.irfft(wave, size, dim=0)[:steps]


def _firing_pulse(layer: Any, steps: int, shape: tuple[int, ...]) -> Tensor:
    """Smallest input of one step from rest that fires each neuron at all; infinite if none does."""

    def fires(pulse: Tensor) -> Tensor:
        x = torch.zeros(steps, 1, *shape, dtype=torch.float64)
        x[0, 0] = pulse
        return layer(x)[0].amax((0, 1)) > 0

    high = torch.full(shape, 2.0**-20, dtype=torch.float64)
    while not bool((done := fires(high)).all()) and float(high.max()) < LARGEST_PULSE:
        high = torch.where(done, high, high * 2.0)
    low = high / 2.0
    for _ in range(50):
        middle = (low + high) / 2.0
        hit = fires(middle)
        low, high = torch.where(hit, low, middle), torch.where(hit, middle, high)
    return torch.where(done, high, torch.inf)


def _response(layer: Any, pulse: Tensor, steps: int) -> Tensor:
    """Change of the first state, the potential, after a pulse in the first step, (time, ...)."""
    x = torch.stack([torch.zeros_like(pulse), pulse]).unsqueeze(0)
    state, made = None, []
    for _ in range(steps):
        _, state = layer(x, state)
        still, moved = next(iter(state.values())).unbind(0)
        made.append(moved - still)
        x = torch.zeros_like(x)
    return torch.stack(made)


def _moments(potential: Tensor, lengths: Tensor | None) -> tuple[float, float]:
    """Mean of all, and the root of the neurons' mean variance over time and samples."""
    if lengths is None:
        valid = torch.ones(potential.shape[:2], dtype=torch.bool)
    else:
        valid = torch.arange(len(potential)).unsqueeze(1) < lengths
    rows = potential[valid].flatten(1)
    return float(rows.mean()), float(rows.var(0, correction=0).mean().sqrt())
