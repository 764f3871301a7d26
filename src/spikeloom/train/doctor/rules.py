"""From figures to findings: the limits, and what to change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from spikeloom.equations.units import ms
from spikeloom.nn.neurons.parameters import Parameter
from spikeloom.train.doctor.finding import Finding, Reading

SATURATED = 0.9
"""Spikes a step from which a neuron says nothing any more."""
CLOSED = 1e-6
"""Share of the best neuron's gradient below which a surrogate's window counts as closed."""
MOST_SILENT = 0.5
MOST_SATURATED = 0.2
MOST_BLOCKED = 0.5
EXPLODES = 1e3
"""Growth of a gradient over a run that is taken for an explosion."""
LONG = 20
"""Steps from which a run is long enough to speak of vanishing gradients."""
FAR = 20.0
"""Times the length of a run from which a time constant leaks no more."""


def axes(shape: tuple[int, ...], batch: int) -> Finding | None:
    """Whether time and batch stand in each other's place.

    >>> axes((64, 10, 5), batch=64).kind
    'axes'
    >>> axes((10, 64, 5), batch=64)
    """
    if shape[1] == batch:
        return None
    swapped = shape[0] == batch
    return Finding(
        "axes",
        "",
        f"the encoder gives {shape} for {batch} samples, (time, batch, *features) is expected"
        + ("; time and batch are swapped." if swapped else "."),
        "encode=Frames() for samples (batch, time, *features), or x.transpose(0, 1)",
        grave=True,
    )


def length(steps: int) -> Iterator[Finding]:
    """Whether there is any time at all."""
    if steps == 1:
        yield Finding(
            "axes",
            "",
            "the run has a single time step, so no potential can build up.",
            "give the encoder more steps; is the time axis of the data the first one?",
            grave=False,
        )


def judge(reading: Reading, steps: int, samples: int) -> Iterator[Finding]:
    """What the figures of one layer mean.

    Arguments:
        reading: The figures.
        steps: Time steps of the run.
        samples: Samples that were looked at.
    """
    name, r = reading.layer, reading
    if r.silent == 1.0:
        yield Finding(
            "silent",
            name,
            f"no neuron fires for any of {samples} samples.",
            "scale_to_rate(net, batch, 100 * Hz, dt) sets the weights before it; or a lower "
            "threshold, or more steps",
            grave=True,
        )
    elif r.silent > MOST_SILENT:
        yield Finding(
            "silent",
            name,
            f"{r.silent:.0%} of {r.neurons} neurons never fire.",
            "scale_to_rate(...) or fluctuation_driven(net, batch) before training, or "
            "regularisers=[RateBand(low=5 * Hz, ...)]",
            grave=False,
        )
    if r.saturated > MOST_SATURATED:
        yield Finding(
            "saturated",
            name,
            f"{r.saturated:.0%} of {r.neurons} neurons fire in at least {SATURATED:.0%} of the "
            "steps.",
            "smaller weights (scale_to_rate), a refractory period, or "
            "regularisers=[RateBand(high=200 * Hz, ...)]",
            grave=r.saturated > MOST_SILENT,
        )
    if r.blocked > MOST_BLOCKED:
        yield Finding(
            "blocked",
            name,
            f"no gradient gets through {r.blocked:.0%} of the neurons that the loss speaks to: "
            "their potentials stay outside the surrogate's window.",
            "a wider surrogate (ATan() never closes; width=... scales it), or potentials nearer "
            "to threshold (scale_to_rate)",
            grave=True,
        )
    if r.growth > EXPLODES:
        yield Finding(
            "exploding",
            name,
            f"the gradient of the last output grows {r.growth:.2g} times on its way back through "
            f"{steps} steps.",
            "clip=1.0, through_reset=False, a flatter surrogate, smaller recurrent weights, or "
            "rule=BPTT(chunk=...)",
            grave=True,
        )
    elif steps >= LONG and 0 < r.reach < 0.1 * steps:
        yield Finding(
            "vanishing",
            name,
            f"the gradient of the last output reaches {r.reach} of {steps} steps back.",
            "time constants nearer to the length of what is to be remembered, ALIF, or delays; "
            "harmless if every step has a loss of its own",
            grave=False,
        )


def time_constants(name: str, layer: nn.Module, steps: int) -> Iterator[Finding]:
    """Time constants (``tau``, ``tau_m``, ...) that the step or the run makes meaningless."""
    values = getattr(layer, "params", None)
    if not isinstance(values, nn.ModuleDict) or not hasattr(layer, "dt"):
        return
    step: Any = layer.dt
    dt = float(step.to(ms))
    for key, parameter in values.items():
        if not isinstance(parameter, Parameter) or not key.startswith("tau"):
            continue
        if not parameter.unit.fits(ms):
            continue
        with torch.no_grad():
            tau = parameter().double() * float((1 * parameter.unit).to(ms))
        low, high = float(tau.min()), float(tau.max())
        if low < dt:
            yield Finding(
                "tau",
                name,
                f"{key} = {low:.3g} ms is shorter than the step of {dt:g} ms: nothing is "
                "remembered from one step to the next.",
                f"a longer {key}, or a smaller dt",
                grave=False,
            )
        if high > FAR * steps * dt:
            yield Finding(
                "tau",
                name,
                f"{key} = {high:.3g} ms is far longer than the run of {steps * dt:g} ms: it does "
                "not leak.",
                f"a shorter {key}, more steps, or a model without leak (PerfectIF)",
                grave=False,
            )
