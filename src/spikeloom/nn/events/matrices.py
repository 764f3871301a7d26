"""The matrices of a `Spiking` layer as tensors, so that gradients reach learnt parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from spikeloom.compile.events import EventModel, event_model
from spikeloom.equations.units import ms
from spikeloom.nn.neurons.prologue import run_prologue

if TYPE_CHECKING:
    from spikeloom.nn.neurons.spiking import Spiking

Matrices = dict[str, Tensor]


def matrices_of(layer: Spiking, width: int) -> tuple[EventModel, Matrices, Tensor]:
    """The model of a layer of `width` neurons, its arrays A, r, R, b, z, and what it puts out.

    The last is the row (1, n) whose product with z is the first state: the output of a layer
    without spikes.
    """
    model = event_model(layer.neuron)
    values = layer.parameter_values((width,))
    given = run_prologue(model.prologue, {f"param:{n}": x for n, x in values.items()})
    unit = float((1 * layer.neuron.definition.time_unit).to(ms))
    port = layer.neuron.definition.inputs[0].name
    rows = {name: k for k, name in enumerate(model.rows)}
    groups = max((x.shape[0] for x in given.values() if x.dim()), default=1)
    n = len(rows)
    shapes = {"A": (n, n), "r": (n,), "R": (n, n), "b": (n,), "z": (n,)}
    entries: dict[str, list[Tensor]] = {
        key: [torch.zeros(groups, dtype=torch.float64)] * (n ** len(shape))
        for key, shape in shapes.items()
    }
    for name, value in given.items():
        array, *where = name.split(":")
        if array == "b" and where.pop(0) != port:
            continue
        place = 0
        for w in where:
            place = place * n + rows[w]
        scaled = value / unit if array == "A" else value
        entries[array][place] = scaled.expand(groups)
    made = {k: torch.stack(x, 1).unflatten(1, shapes[k]) for k, x in entries.items()}
    out = torch.zeros(1, n, dtype=torch.float64)
    out[0, rows[model.states[0]]] = 1.0
    return model, made, out


def with_integral(made: Matrices, out: Tensor) -> Matrices:
    """One more state before the constant one: the integral of the output over time."""
    n = made["A"].shape[-1]
    old = [*range(n - 1), n]
    new: Matrices = {}
    for key, value in made.items():
        wide = torch.zeros((value.shape[0], *(n + 1,) * (value.dim() - 1)), dtype=value.dtype)
        if value.dim() == 3:
            wide[:, torch.tensor(old)[:, None], torch.tensor(old)] = value
        else:
            wide[:, old] = value
        new[key] = wide
    new["A"][:, n - 1, old] = new["A"][:, n - 1, old] + out
    new["R"][:, n - 1, n - 1] = 1.0
    return new


def observer(made: Matrices, out: Tensor) -> Matrices:
    """A threshold that is crossed at each local maximum of the output, and changes nothing."""
    identity = torch.eye(out.shape[-1], dtype=out.dtype).expand_as(made["A"])
    return made | {"r": -(out @ made["A"]).squeeze(1), "R": identity.clone()}
