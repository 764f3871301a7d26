"""What each layer does for one sample: operations, updates, and numbers that are moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor, nn

from spikeloom.nn.chain.container import Joint, Trace
from spikeloom.nn.chain.fold import is_constant
from spikeloom.nn.energy.step import RECTIFY, StepOperations, step_operations
from spikeloom.nn.lengths import count_steps, silence
from spikeloom.nn.protocol import emits_spikes, holds_neurons
from spikeloom.nn.recurrent import Following, Recurrent, Settling
from spikeloom.nn.weights import fan_out, is_weight_layer


@dataclass(frozen=True)
class LayerCount:
    """Counts of one layer, means over samples.

    Arguments:
        name: Name in the network.
        kind: Class, and model.
        additions: Weights added for spikes: accumulates, AC.
        multiply_accumulates: Weights multiplied, MAC.
        updates: Neurons times steps.
        step: Operations of one update.
        weights: Weights held.
        neurons: Neurons held.
        spikes_in: Spikes that arrive at weights.
        values_in: Other numbers that are read there.
        sources: Places they come from.
        spikes_out: Spikes fired.
        values_out: Other numbers that are written.
        fires: Whether it holds neurons that spike.
        from_input: Whether what is read is the input of the network.
    """

    name: str
    kind: str
    additions: float = 0.0
    multiply_accumulates: float = 0.0
    updates: float = 0.0
    step: StepOperations = StepOperations()
    weights: int = 0
    neurons: int = 0
    spikes_in: float = 0.0
    values_in: float = 0.0
    sources: int = 0
    spikes_out: float = 0.0
    values_out: float = 0.0
    fires: bool = False
    from_input: bool = False


@torch.no_grad()
def count_network(x: Tensor, trace: Trace, *, dense: bool = False) -> tuple[LayerCount, ...]:
    """Count a run over time.

    A weight layer whose input is spikes adds one weight for each spike and synapse (layers without
    weights in between, such as pooling, are counted as if they passed spikes on). Any other
    weight layer multiplies at every valid step, or once if its input does not change in time.

    Arguments:
        x: Input (time, batch, *features). Zeros and ones only count as spikes.
        trace: What `Sequential.trace` kept.
        dense: A plain network over time: every weight multiplies, spikes or not.
    """
    batch = max(x.shape[1], 1)
    steps = float(count_steps(x, trace.lengths)) / batch
    # What is known of a tensor is kept by the tensor itself: layers may branch and join again.
    root = trace.passed[0].inputs[0] if trace.passed else x
    spiking = {id(root): not dense and _binary(silence(x, trace.lengths))}
    found: list[LayerCount] = []
    for part in trace.passed:
        given = all(spiking.get(id(source), False) for source in part.inputs)
        layer = part.layer
        made: dict[str, Any] = {}
        first = part.inputs[0] is root
        if is_weight_layer(layer):
            source = x if first else part.inputs[0]
            made = _weighted(layer, source, given, steps, batch, trace.lengths)
            made["from_input"] = first
            if dense:
                made |= _rectified(steps * part.output[0, 0].numel() if len(part.output) else 0.0)
            given = False
        elif isinstance(layer, Joint):
            additions, macs = layer.work(part.inputs, given, trace.lengths)
            made = {"additions": additions / batch, "multiply_accumulates": macs / batch}
        elif getattr(layer, "passes_spikes", False):
            given = given and _binary(silence(part.output, trace.lengths))
        elif isinstance(layer, Following):
            made = {"multiply_accumulates": steps * layer.synapses, "weights": layer.synapses}
            made |= _rectified(steps * part.output[0, 0].numel() if len(part.output) else 0.0)
            given = False
        elif holds_neurons(layer):
            given = emits_spikes(layer)
            made = _neurons(layer, part.output, given, steps, batch, trace.lengths)
        spiking[id(part.output)] = given
        if made:
            found.append(LayerCount(part.name, _kind(layer), **made))
    return tuple(found)


def _weighted(
    layer: nn.Module, x: Tensor, spikes: bool, steps: float, batch: int, lengths: Tensor | None
) -> dict[str, Any]:
    reach = fan_out(layer, x.shape[2:])
    weight: Any = layer.weight
    made: dict[str, Any] = {"weights": weight.numel(), "sources": reach.numel()}
    if spikes:
        arrived = silence(x, lengths).sum((0, 1), dtype=torch.float64)
        made["additions"] = float((arrived * reach).sum()) / batch
        made["spikes_in"] = float(arrived.sum()) / batch
    else:
        times = 1 if is_constant(x) else steps
        made["multiply_accumulates"] = float(reach.sum()) * times
        made["values_in"] = reach.numel() * times
    return made


def _neurons(
    layer: nn.Module, y: Tensor, fires: bool, steps: float, batch: int, lengths: Tensor | None
) -> dict[str, Any]:
    count = y[0, 0].numel() if y.numel() else 0
    made: dict[str, Any] = {"updates": steps * count, "neurons": count, "sources": count}
    made["step"], made["fires"] = step_operations(layer), fires
    if fires:
        fired = silence(y, lengths).sum((0, 1), dtype=torch.float64)
        made["spikes_out"] = float(fired.sum()) / batch
        if isinstance(layer, Recurrent):
            reach = layer.fan_out()
            made["additions"] = float((fired * reach).sum()) / batch
            made["spikes_in"] = made["spikes_out"]
            made["weights"] = int(reach.sum())
    return made


def _rectified(values: float) -> dict[str, Any]:
    return {"updates": values, "step": RECTIFY, "values_out": values}


@torch.no_grad()
def count_plain(net: nn.Module, x: Tensor) -> tuple[LayerCount, ...]:
    """Count a network without time on one sample: every weight multiplies.

    Arguments:
        net: Torch modules, nested in any way.
        x: Samples (batch, *features); only the shape matters.
    """
    passed: list[tuple[nn.Module, tuple[Any, ...], Any]] = []
    names = {id(module): name for name, module in net.named_modules()}

    def note(layer: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        passed.append((layer, inputs, output))

    hooks = [
        layer.register_forward_hook(note)
        for layer in net.modules()
        if is_weight_layer(layer) or isinstance(layer, Settling | Joint)
    ]
    was_training = net.training
    try:
        net.eval()
        net(x[:1])
    finally:
        net.train(was_training)
        for hook in hooks:
            hook.remove()
    return tuple(
        LayerCount(
            names[id(layer)] or "0",
            _kind(layer),
            from_input=place == 0,
            **_multiplied(layer, inputs, output),
        )
        for place, (layer, inputs, output) in enumerate(passed)
    )


def _multiplied(layer: nn.Module, inputs: tuple[Any, ...], output: Any) -> dict[str, Any]:
    values = float(output[0].numel())
    made: dict[str, Any] = _rectified(values)
    if isinstance(layer, Settling):
        made = _rectified((layer.steps + 1) * values)
        made["multiply_accumulates"], made["weights"] = layer.multiply_accumulates, layer.synapses
    elif isinstance(layer, Joint):
        made = {"values_out": values}
        given = tuple(x.unsqueeze(0) for x in inputs)
        made["multiply_accumulates"] = layer.work(given, False, None)[1]
    else:
        weight: Any = layer.weight
        made["multiply_accumulates"] = float(fan_out(layer, inputs[0].shape[1:]).sum())
        made["weights"] = weight.numel()
    made["sources"] = inputs[0][0].numel()
    made["values_in"] = float(sum(x[0].numel() for x in inputs))
    return made


def mean_counts(batches: Sequence[tuple[int, tuple[LayerCount, ...]]]) -> tuple[LayerCount, ...]:
    """One count for each layer from those of several batches, weighted by their samples."""
    total = sum(n for n, _ in batches)
    if len(batches) == 1:
        return batches[0][1]
    merged: list[LayerCount] = []
    for rows in zip(*(counts for _, counts in batches), strict=True):
        values = {f.name: getattr(rows[0], f.name) for f in fields(LayerCount)}
        for key, value in values.items():
            if isinstance(value, float):
                values[key] = sum(
                    n * getattr(row, key) for (n, _), row in zip(batches, rows, strict=True)
                ) / max(total, 1)
        merged.append(LayerCount(**values))
    return tuple(merged)


def _kind(layer: nn.Module) -> str:
    inner = getattr(layer, "neurons", layer)
    program = getattr(inner, "program", None)
    own = type(layer).__name__
    return own if program is None else f"{own}({program.model})"


def _binary(x: Tensor) -> bool:
    return not is_constant(x) and bool(((x == 0) | (x == 1)).all())
