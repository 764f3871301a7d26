"""Whether the time step that somebody gave to the laboratory moves spikes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from spikeloom.compile import Program
from spikeloom.engines.halving import asks, compared, told
from spikeloom.errors import NumericsWarning, warn
from spikeloom.lab.inputs import held
from spikeloom.lab.preparation import Preparation

Array = np.ndarray[Any, np.dtype[Any]]


def look_at_step(
    ready: Preparation,
    port: str,
    flow: Array,
    spikes: Array,
    start: Mapping[str, Any] | None,
    others: Mapping[str, Any] | None,
) -> None:
    """Run again with half the step, and warn where that moves spikes by more than rounding.

    Arguments:
        ready: The neuron with its step.
        port, flow: What flowed in at each step, (T,).
        spikes: What came of it, ms.
        start, others: As they were given.
    """
    program, definition = ready.program, ready.neuron.definition
    if not isinstance(program, Program) or not asks(program) or not len(spikes):
        return
    inflow = next(i.kind for i in definition.inputs if i.name == port) == "inflow"
    parts = (flow, flow if inflow else np.zeros(len(flow)))
    twice = np.stack(parts, axis=1).reshape(-1, 1)
    half = replace(ready, dt=ready.dt * 0.5)
    run = half.run(
        len(twice), 1, {port: twice, **held(definition, others, ready.who)},
        state=half.started(1, start),
    )  # fmt: skip
    end = len(flow) * ready.step
    shift = compared(spikes, run.spike_times * ready.scale, ready.step, end)
    if shift is not None:
        text = told(definition.name, program, f"dt = {ready.step:g} ms", shift, "ms")
        warn(text, NumericsWarning)
