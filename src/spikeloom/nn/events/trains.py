"""Spikes with exact times, as tensors that gradients flow through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from spikeloom.engines.events import Arrivals


@dataclass(frozen=True, eq=False)
class Trains:
    """The spikes of a batch, in any order.

    Arguments:
        times: float64 (events,), ms; gradients flow to it.
        sample, source: int64 (events,), whose spike it is.
        size: float64 (events,), factor of the weight.
        batch, width: Number of samples, and of sources.
    """

    times: Tensor
    sample: Tensor
    source: Tensor
    size: Tensor
    batch: int
    width: int

    @classmethod
    def of_block(cls, block: Tensor, dt: float) -> Trains:
        """The entries of a block (time, batch, features) that are not zero, at k dt.

        >>> Trains.of_block(torch.eye(3)[:, None], dt=2.0).times.tolist()
        [0.0, 2.0, 4.0]
        """
        where = block.detach().nonzero()
        step, sample, source = where.unbind(1)
        size = block.detach()[step, sample, source].double()
        return cls(step.double() * dt, sample, source, size, block.shape[1], block.shape[2])

    @classmethod
    def of_times(cls, times: Tensor) -> Trains:
        """One spike for each finite entry of (batch, features), ms.

        >>> Trains.of_times(torch.tensor([[3.0, float("inf"), 1.0]])).times.tolist()
        [3.0, 1.0]
        """
        keep = torch.isfinite(times)
        sample, source = keep.nonzero().unbind(1)
        when = times.double()[keep]
        return cls(when, sample, source, torch.ones_like(when).detach(), *times.shape)

    @classmethod
    def of_record(cls, times: Tensor, count: Tensor) -> Trains:
        """The spikes of a layer: times (batch, neurons, room), of which the first `count` are."""
        keep = torch.arange(times.shape[2]) < count[..., None]
        sample, source, _ = keep.nonzero().unbind(1)
        when = times[keep]
        return cls(when, sample, source, torch.ones_like(when).detach(), *times.shape[:2])

    def pulses(self, length: float, duration: float) -> Trains:
        """Every spike as a rectangle: on at its time, off a while later."""
        later = self.times.detach() + length < duration
        return Trains(
            torch.cat([self.times, self.times[later] + length]),
            torch.cat([self.sample, self.sample[later]]),
            torch.cat([self.source, self.source[later]]),
            torch.cat([self.size, -self.size[later]]),
            self.batch,
            self.width,
        )

    def with_constant(self) -> Trains:
        """One more source, which is on from the beginning: what a bias goes through."""
        ones = torch.ones(self.batch, dtype=torch.float64)
        return Trains(
            torch.cat([self.times, 0 * ones]),
            torch.cat([self.sample, torch.arange(self.batch)]),
            torch.cat([self.source, torch.full((self.batch,), self.width)]),
            torch.cat([self.size, ones]),
            self.batch,
            self.width + 1,
        )

    def until(self, duration: float) -> Trains:
        """Without what comes at the end of the run or later."""
        keep = self.times.detach() < duration
        times, size = self.times[keep], self.size[keep]
        return Trains(times, self.sample[keep], self.source[keep], size, self.batch, self.width)

    def sorted(self) -> tuple[Tensor, Arrivals]:
        """Times in the order of samples and time, and the events as an engine takes them."""
        times, sample = self.times.detach().numpy(), self.sample.numpy()
        order = np.lexsort((self.source.numpy(), times, sample))
        offsets = np.searchsorted(sample[order], np.arange(self.batch + 1))
        row = torch.from_numpy(order)
        given = np.ascontiguousarray(times[order], np.float64)
        source, size = self.source.numpy()[order], self.size.numpy()[order]
        return self.times[row], Arrivals(offsets.astype(np.int64), given, source, size)
