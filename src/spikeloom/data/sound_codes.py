"""Sound to spikes: bands of a filter bank drive neurons, or go through a code of `nn.encode`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.data.cochlea import Gammatone
from spikeloom.data.fsdd import Front
from spikeloom.errors import DataError, ParameterError


@dataclass(frozen=True)
class LIFBands:
    """Each band of a filter bank drives a leaky integrate-and-fire neuron.

    The neuron is the library's `LIF`; a band's value y gives it the current drive · y in units of
    its rheobase, so it fires if y stays above 1 / drive: with the bank's own scale, 20 dB below
    the loudest band.

    Arguments:
        front: The filter bank; one frame is one time step.
        tau_ms: Membrane time constant.
        drive: Current of a value of 1, by the smallest that makes the neuron fire.
    Raises:
        ParameterError: A number is out of range.
    Source: Cramer, Stradmann, Schemmel & Zenke 2022, IEEE TNNLS 33(7) (the idea, with more of the
        ear).

    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(4000) / 8000)
    >>> spikes = LIFBands()(tone, 8000)
    >>> spikes.shape, sorted(set(spikes.ravel().tolist()))
    ((500, 64), [0.0, 1.0])
    """

    front: Front = Gammatone(hop_ms=1.0)
    tau_ms: float = 10.0
    drive: float = 1.5

    def __post_init__(self) -> None:
        for name, value in (("tau_ms", self.tau_ms), ("drive", self.drive)):
            if not (0 < value < math.inf):
                raise ParameterError(f"LIFBands: {name} must be positive, got {value}.")

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and largest value that comes out."""
        return (0.0, 1.0)

    def __call__(self, sound: np.ndarray, rate: int) -> np.ndarray:
        """Sound (samples,) at a rate in Hz -> spikes, float32 array (frames, bands)."""
        from spikeloom.engines import simulate
        from spikeloom.equations.units import MOhm, ms, mV
        from spikeloom.models import LIF

        values = self.front(sound, rate)
        hop_ms = getattr(self.front, "hop_ms", 1.0)
        threshold, R = 15 * mV, 100 * MOhm
        neuron = LIF(tau=self.tau_ms * ms, R=R, E=0 * mV, theta=threshold)
        run = simulate(
            neuron,
            len(values) * hop_ms * ms,
            dt=hop_ms * ms,
            size=values.shape[1],
            record=(),
            I=self.drive * values.astype(np.float64) * (threshold / R),
        )
        spikes = np.zeros(values.shape, np.float32)
        spikes[np.rint(run.spike_times / run.dt).astype(int) - 1, run.spike_ids] = 1
        return spikes


@dataclass(frozen=True)
class Coded:
    """The bands of a filter bank through one of the codes of `spikeloom.nn.encode`.

    Arguments:
        front: The filter bank.
        code: Takes a tensor (batch, time, bands) and gives (time, batch, ...), such as
            ``Delta(0.1)``, ``StepForward(0.1)`` or ``BSA()``.

    >>> from spikeloom.data import LogMel
    >>> from spikeloom.nn.encode import Delta
    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(4000) / 8000)
    >>> Coded(LogMel(bands=20), Delta(0.25))(tone, 8000).shape
    (49, 2, 20)
    """

    front: Front
    code: Callable[[Any], Any]

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and largest value that comes out: a code may give several spikes, of both signs."""
        return (-math.inf, math.inf)

    def __call__(self, sound: np.ndarray, rate: int) -> np.ndarray:
        """Sound (samples,) at a rate in Hz -> float32 array (frames, *features)."""
        import torch

        values = self.front(sound, rate)
        given = self.code(torch.from_numpy(values)[None])
        if given.dim() < 3 or given.shape[:2] != (len(values), 1):
            raise DataError(
                f"{self.code!r} must keep the {len(values)} frames, giving (time, batch, ...), but "
                f"gave {tuple(given.shape)}.",
                hint="codes for single values, such as Rate or Latency, belong behind a data set",
            )
        return given[:, 0].numpy().astype(np.float32)
