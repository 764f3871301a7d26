"""EventProp: the exact gradient through exact spike times."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError
from spikeloom.nn.encode.encoder import Timed
from spikeloom.nn.events import EventNetwork, Trains
from spikeloom.nn.events.network import Spikes
from spikeloom.nn.events.outputs import block, output_mode
from spikeloom.train.loop.step import in_precision_of

if TYPE_CHECKING:
    from spikeloom.train.loop.step import Objective

MANY = 0.1
"""Share of clipped spikes in a batch from which on there is a warning."""


@dataclass(frozen=True)
class EventProp:
    r"""Exact gradients of a loss on spike times, for neurons that are linear between spikes.

    The network runs from event to event with spike times off any grid; no time step and no
    surrogate enters. Between events the adjoint flows by the transposed matrix of the neuron, and
    at a spike it jumps as the implicit function theorem says for the model's own threshold and
    reset. The gradient is that of the spikes there are: how a spike appears or vanishes has none.
    A neuron that is silent learns nothing from it, which ``bump`` is for.

    It takes ``Sequential(Linear, Spiking, Linear, Spiking, ...)`` and learns weights, biases,
    ``learn(...)`` parameters of the neurons, and delays (`Delay` before a Linear). The loss is one
    of `FirstSpike` after neurons that spike, of `MembraneMean`, `MembraneMax` or `MembraneLast`
    after an output that does not. Encoders that know exact times (`Latency`, `SpikeTime`) give
    them; others give spikes on their steps. Validation during `fit` runs on exact times too.

    Arguments:
        duration: Length of a run; None takes the steps of the encoder.
        slope: Smallest slope of a potential at threshold, as a share per ms of the way from start
            to threshold. The gradient of a flatter crossing, which grows without bound, is taken
            as that of this slope, with a warning if that befalls one spike in ten.
        bump: Added to all weights into a hidden neuron that was silent too often; 0 for never.
        silent: Share of the batch without a spike from which on a neuron counts as silent.
        engine: ``"cpu"``, or ``"reference"``, slow and obvious.

    Raises:
        ParameterError: The network, the loss or an option does not suit.

    Source: Wunderlich & Pehle 2021, Sci. Rep. 11:12829.

    >>> from spikeloom import ms
    >>> EventProp(duration=60 * ms)
    EventProp(duration=60 * ms)
    """

    duration: Quantity | None = None
    slope: float = 1e-3
    bump: float = 0.0
    silent: float = 0.2
    engine: Literal["cpu", "reference"] = "cpu"

    def __post_init__(self) -> None:
        for name, low in (("slope", 0.0), ("bump", 0.0), ("silent", 0.0)):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not low <= value < math.inf:
                raise ParameterError(f"EventProp: {name} must be 0 or more, got {value!r}.")
        if self.duration is None:
            return
        given = self.duration
        if not isinstance(given, Quantity) or not given.unit.fits(ms) or not given.to(ms) > 0:
            raise ParameterError(
                f"EventProp: duration must be a positive time, got {given!r}.",
                hint="write it with a unit: duration=60 * ms",
            )

    def __repr__(self) -> str:
        plain = EventProp.__dataclass_fields__
        said = [
            f"{name}={getattr(self, name)!r}"
            for name, field in plain.items()
            if getattr(self, name) != field.default
        ]
        return f"EventProp({', '.join(said)})"

    def check(self, objective: Objective) -> None:
        """The layers, the loss and the regularisers must have an exact form."""
        network = EventNetwork(objective.net, self.engine, self.slope)
        output_mode(network, objective.loss.readout)
        if objective.regularisers:
            raise ParameterError(
                "EventProp: regularisers count spikes, through which no exact gradient flows.",
                hint="train without them; bump=1e-4 brings silent neurons back",
            )

    def gradients(
        self, objective: Objective, x: Tensor, targets: Tensor, draw: int
    ) -> tuple[Tensor, Tensor]:
        """See `spikeloom.train.rules.rule.Rule`."""
        self.check(objective)
        y, made, network = self._run(objective, x, draw)
        loss = objective.loss(y, targets)
        if loss.requires_grad:
            loss.backward()
        clipped = sum(layer.call.clipped for layer in made)
        if clipped > MANY * sum(int(layer.count.sum()) for layer in made):
            warnings.warn(
                "EventProp: many spikes barely touched the threshold; their gradients are clipped"
                " (slope=...).",
                RuntimeWarning,
                stacklevel=2,
            )
        if self.bump:
            self._wake(network, made)
        return loss.detach(), y.detach()

    def outputs(self, objective: Objective, x: Tensor, draw: int) -> Tensor:
        """What the network gives on exact times (time, batch, classes), for the loss's readout."""
        with torch.no_grad():
            return self._run(objective, x, draw)[0]

    def spikes(self, objective: Objective, x: Tensor, draw: int = 0) -> list[Spikes]:
        """The exact spikes of every layer for samples (batch, *features)."""
        return self._run(objective, x, draw)[1]

    def _run(
        self, objective: Objective, x: Tensor, draw: int
    ) -> tuple[Tensor, list[Spikes], EventNetwork]:
        network = EventNetwork(objective.net, self.engine, self.slope)
        mode = output_mode(network, objective.loss.readout)
        trains, steps = _trains(objective, x, draw, network.dt)
        given = self.duration
        duration = steps * network.dt if given is None else float(given.to(ms))
        made = network.run(trains, duration, mode)
        spiking = network.stages[-1].neurons.spikes
        return block(made[-1], mode, spiking, duration, network.dt), made, network

    @torch.no_grad()
    def _wake(self, network: EventNetwork, made: list[Spikes]) -> None:
        for stage, layer in zip(network.stages, made, strict=True):
            if stage.neurons.spikes and len(layer.count):
                quiet = (layer.count == 0).double().mean(0) > self.silent
                stage.linear.weight[quiet] += self.bump


def _trains(objective: Objective, x: Tensor, draw: int, dt: float) -> tuple[Trains, int]:
    """What enters the network, and the steps that the encoder makes of it."""
    encode = objective.encode
    if isinstance(encode, Timed):
        return Trains.of_times(encode.times(x, draw).flatten(1) * dt), encode.steps
    given = objective.block(in_precision_of(objective.net, x), draw)
    return Trains.of_block(given.flatten(2), dt), given.shape[0]
