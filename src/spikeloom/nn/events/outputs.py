"""What a readout sees of exact spikes: a block of time on which it gives the exact scores.

The first spike of a neuron, at k + f steps, becomes 1 − f in step k and 1 in step k + 1, so that
the number of silent steps before it, which is what `FirstSpike` counts, is k + f.
"""

from __future__ import annotations

import torch
from torch import Tensor

from spikeloom.errors import ParameterError
from spikeloom.nn.events.network import EventNetwork, Spikes
from spikeloom.nn.readout import FirstSpike, MembraneLast, MembraneMax, MembraneMean, Readout

MODES: dict[type, str] = {MembraneMean: "mean", MembraneMax: "peaks", MembraneLast: "spikes"}


def output_mode(network: EventNetwork, readout: Readout) -> str:
    """What the last layer has to note for a readout.

    Raises:
        ParameterError: No exact form, or one through which no gradient flows.
    """
    spikes = network.stages[-1].neurons.spikes
    known = (FirstSpike,) if spikes else tuple(MODES)
    if type(readout) not in known:
        last = "a layer that spikes" if spikes else "a layer that does not spike"
        raise ParameterError(
            f"exact spike times: {readout!r} after {last} has no exact gradient.",
            hint=f"take {' or '.join(k.__name__ + '()' for k in known)}",
        )
    return "first" if spikes else MODES[type(readout)]


def block(spikes: Spikes, mode: str, spiking: bool, duration: float, dt: float) -> Tensor:
    """Outputs (time, batch, classes) whose scores are those of exact time.

    Arguments:
        spikes: Of the last layer.
        mode: As `output_mode` said.
        spiking: Whether that layer has a threshold.
        duration, dt: Length of the run and of a step, ms.
    """
    if spiking:
        return first_spikes(spikes, duration, dt)
    if mode == "mean":
        return (spikes.end[..., -2] / duration)[None]
    out = spikes.out[0]
    last = spikes.end @ out
    if mode == "spikes":
        return last[None]
    keep = torch.arange(spikes.times.shape[2]) < spikes.count[..., None]
    peaks = torch.where(keep, spikes.states @ out, torch.full_like(spikes.times, -torch.inf))
    first = (spikes.begin @ out).expand_as(last)
    return torch.cat([peaks, last[..., None], first[..., None]], -1).amax(-1)[None]


def first_spikes(spikes: Spikes, duration: float, dt: float) -> Tensor:
    """The first spike of every neuron, divided between two steps; silence is all zeros."""
    batch, classes = spikes.count.shape
    steps = max(1, int(-(-duration // dt)))
    made = torch.zeros(steps + 2, batch, classes, dtype=torch.float64)
    if not spikes.times.shape[2]:
        return made[:steps] + 0.0 * spikes.end.sum()  # no spike anywhere: gradients are 0
    when = torch.where(spikes.count > 0, spikes.times[..., 0] / dt, torch.zeros(()).double())
    whole = when.detach().floor().clamp(0, steps).long()
    part = (1 - (when - whole)) * (spikes.count > 0)
    made = made.scatter(0, whole[None], part[None])
    made = made.scatter(0, whole[None] + 1, (spikes.count > 0).double()[None])
    return made[:steps]
