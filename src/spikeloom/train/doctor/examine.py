"""Examine a network on one batch: what fires, where gradients go, how far back they reach."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from spikeloom.equations.units import ms
from spikeloom.errors import DataError, ParameterError
from spikeloom.nn.chain.container import Passed
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.encode import Encoder
from spikeloom.nn.keys import derive_key
from spikeloom.nn.lengths import count_steps
from spikeloom.nn.loss import Loss
from spikeloom.nn.protocol import emits_spikes
from spikeloom.train.doctor import rules
from spikeloom.train.doctor.finding import Diagnosis, Finding, Reading
from spikeloom.train.jobs.split import permutation
from spikeloom.train.loop.samples import as_samples
from spikeloom.train.loop.step import Objective
from spikeloom.train.rules.passes import keep_buffers

NEAR = 3
"""Last steps whose mean gradient stands for the end of the run."""


def examine(
    net: Sequential,
    data: Any,
    *,
    loss: Loss,
    encode: Encoder,
    batch_size: int = 64,
    seed: int = 0,
) -> Diagnosis:
    """Run one batch forwards and backwards and say what stands in the way of learning.

    Three passes as in training (dropout and batch statistics at work; nothing is changed): spikes
    of every layer; the gradient of the loss at input and output of every spiking layer; and the
    gradient of the last output alone, which shows how far back in time a gradient reaches.

    Arguments:
        net: The network.
        data: Training data, as for `fit`.
        loss: As in training.
        encode: As in training.
        batch_size: Samples to look at.
        seed: Key of their choice.

    Returns:
        Readings and findings; print it.

    Raises:
        ParameterError: The network is no `Sequential`, or has no spiking layer.
        DataError: No samples.

    >>> from torch import nn
    >>> from spikeloom.nn import LIF, LeakyIntegrator
    >>> from spikeloom.nn.encode import ConstantCurrent
    >>> from spikeloom.nn.loss import CrossEntropy
    >>> from spikeloom.nn.readout import MembraneMean
    >>> _ = torch.manual_seed(0)
    >>> net = Sequential(nn.Linear(4, 8), LIF(), nn.Linear(8, 2), LeakyIntegrator())
    >>> data = torch.zeros(20, 4), torch.arange(20) % 2
    >>> found = examine(net, data, loss=CrossEntropy(MembraneMean()), encode=ConstantCurrent(5))
    >>> found.findings[0].what
    'no neuron fires for any of 20 samples.'
    """
    if not isinstance(net, Sequential):
        raise ParameterError(
            f"examine: the doctor looks at a spikeloom Sequential, got {type(net).__name__}."
        )
    if not any(emits_spikes(layer) for _, layer in net.leaves):
        raise ParameterError("examine: the network has no layer that spikes.")
    samples = as_samples(data, "examination data")
    if len(samples) == 0:
        raise DataError("examine: there are no samples.")
    batch = samples.rows(permutation(len(samples), seed, "doctor")[:batch_size])
    was_training = net.training
    net.train()
    try:
        with keep_buffers(net), torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_key(seed, "doctor"))
            task = Objective(net, loss, encode).ending(batch.lengths)
            return _look(net, task, batch.inputs, batch.targets)
    finally:
        net.train(was_training)


def _look(net: Sequential, task: Objective, x: Tensor, targets: Tensor) -> Diagnosis:
    block = task.block(x, 0)
    dt = next((_milliseconds(m) for m in net.modules() if hasattr(m, "dt")), 1.0)
    wrong = rules.axes(tuple(block.shape), len(targets))
    if wrong is not None:
        return Diagnosis((), (wrong,), block.shape[0], dt)
    with torch.enable_grad(), _steps_apart(net):
        y, _, kept = net.trace(block, None, task.lengths)
        fired = [p for p in kept.passed if emits_spikes(p.layer)]
        arrive, leave = _gradients(task.losses(y, targets), fired)
        chance = torch.Generator().manual_seed(0)
        probe = (y[-1] * torch.randn(y[-1].shape, generator=chance).to(y)).sum()
        back, _ = _gradients(probe, fired, keep=False)
    steps = block.shape[0]
    readings: list[Reading] = []
    findings: list[Finding] = list(rules.length(steps))
    for part, g_in, g_out, g_last in zip(fired, arrive, leave, back, strict=True):
        reading = _read(part, kept[part.name], task.lengths, g_in, g_out, g_last)
        readings.append(reading)
        findings += rules.judge(reading, steps, len(targets))
    for name, layer in net.leaves:
        findings += rules.time_constants(name, layer, steps)
    findings.sort(key=lambda f: not f.grave)  # stable: else in the order of the layers
    return Diagnosis(tuple(readings), tuple(findings), steps, dt)


@contextmanager
def _steps_apart(net: Sequential) -> Iterator[None]:
    """Every step has a gradient of its own, also where one step is held for the whole block."""

    def apart(_: Any, given: tuple[Any, ...]) -> tuple[Any, ...]:
        return given[0].view_as(given[0]), *given[1:]  # a view that no longer tells of the one step

    hooks = [m.register_forward_pre_hook(apart) for _, m in net.leaves if emits_spikes(m)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _milliseconds(layer: Any) -> float:
    return float(layer.dt.to(ms))


def _gradients(
    target: Tensor, parts: list[Passed], keep: bool = True
) -> tuple[list[Tensor | None], list[Tensor | None]]:
    """Gradients at the inputs and at the outputs of some layers; None where none can come."""
    if not target.requires_grad:
        return [None] * len(parts), [None] * len(parts)
    wanted = [p.inputs[0] for p in parts] + [p.output for p in parts]
    places = [k for k, w in enumerate(wanted) if w.requires_grad]
    found: list[Tensor | None] = [None] * len(wanted)
    sought = [wanted[k] for k in places]
    given = torch.autograd.grad(target, sought, retain_graph=keep, allow_unused=True)
    for k, grad in zip(places, given, strict=True):
        found[k] = grad
    return found[: len(parts)], found[len(parts) :]


def _read(
    part: Passed,
    spikes: Tensor,
    lengths: Tensor | None,
    g_in: Tensor | None,
    g_out: Tensor | None,
    g_last: Tensor | None,
) -> Reading:
    """The figures of one layer."""
    counts = spikes.detach().flatten(2).sum((0, 1), dtype=torch.float64)
    rates = counts / max(float(count_steps(spikes, lengths)), 1.0)
    reach, growth = _course(g_last, spikes.shape[0])
    return Reading(
        part.name,
        neurons=len(rates),
        rate=float(rates.mean()),
        silent=_share(counts == 0),
        saturated=_share(rates >= rules.SATURATED),
        blocked=_blocked(g_in, g_out),
        reach=reach,
        growth=growth,
    )


def _share(which: Tensor) -> float:
    return float(which.double().mean()) if which.numel() else 0.0


def _blocked(g_in: Tensor | None, g_out: Tensor | None) -> float:
    """Neurons that hear of the loss and cannot pass it on: their surrogate's window is closed."""
    if g_in is None or g_out is None:
        return 0.0
    before, after = (g.abs().flatten(2).amax((0, 1)).double() for g in (g_in, g_out))
    reached = after > 0
    if not bool(reached.any()):
        return 0.0
    passed = torch.where(reached, before / after.clamp_min(1e-300), 0.0)
    return _share((passed <= rules.CLOSED * passed.max())[reached])


def _course(gradient: Tensor | None, steps: int) -> tuple[int, float]:
    """How far back the gradient of the last output reaches, and how much it grows on the way."""
    if gradient is None:
        return 0, 0.0
    size = gradient.flatten(1).norm(dim=1).double().flip(0)  # the last step first
    if not bool(torch.isfinite(size).all()):
        return steps, float("inf")
    peak = float(size.max())
    if peak == 0.0:
        return 0, 0.0
    far = (size >= 0.01 * peak).nonzero()
    end = float(size[:NEAR].max())
    return int(far.max()) + 1, peak / end if end > 0 else float("inf")
