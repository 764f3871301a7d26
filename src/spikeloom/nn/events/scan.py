"""A layer of exact spike times as a function that torch can differentiate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from spikeloom.engines.events import Arrivals, EventSystem, Record
from spikeloom.engines.events.choose import event_engine
from spikeloom.engines.events.record import MOST


@dataclass(eq=False)
class EventCall:
    """What a scan needs besides tensors; what it found out is left in `record` and `clipped`."""

    name: str
    arrivals: Arrivals
    duration: float
    spikes: bool
    strict: bool
    slope: float
    engine: str
    limit: int = MOST
    record: Record = field(init=False)
    clipped: int = 0


class EventScan(torch.autograd.Function):
    """(call, times, weights, A, r, R, b, z) -> spike times, states at spikes, states at the end."""

    @staticmethod
    def forward(ctx: Any, call: EventCall, *given: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        _, weights, *matrices = (x.detach().numpy() for x in given)
        system = EventSystem(call.name, *matrices, spikes=call.spikes, strict=call.strict)
        made = event_engine(call.engine).forward(
            system, call.arrivals, weights, call.duration, call.limit
        )
        call.record = made
        ctx.call, ctx.system = call, system
        ctx.save_for_backward(given[1])
        return tuple(torch.from_numpy(x) for x in (made.times, made.states, made.end))  # type: ignore[return-value]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        call, system = ctx.call, ctx.system
        (weights,) = ctx.saved_tensors
        learn = any(ctx.needs_input_grad[3:])
        engine = event_engine(call.engine)
        found = engine.backward(
            system,
            call.arrivals,
            weights.detach().numpy(),
            call.duration,
            call.record,
            *(g.numpy() for g in grads),
            limit=call.limit,
            matrices=learn,
            slope=call.slope,
        )
        call.clipped = found.clipped
        parts = [found.times, found.weights, found.A, found.r, found.R, found.b, found.z]
        return (None, *(None if p is None else torch.from_numpy(p) for p in parts))
