"""What a neuron layer takes: its inputs and its state, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor

from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.units import ms
from spikeloom.errors import EngineError, ParameterError, ShapeError, UnitError, suggest

EngineName: TypeAlias = Literal["auto", "cpu", "gpu", "reference"]
ENGINES = ("auto", "cpu", "gpu", "reference")
HALVES = (torch.bfloat16, torch.float16)


def check_inputs(
    who: str, names: Sequence[str], x: Any, others: Mapping[str, Any], *, gpu: bool = False
) -> None:
    """Look at the inputs of a layer.

    Arguments:
        who: Name of the layer, for messages.
        names: Inputs of the model.
        x: The first of them, to be (time, batch, *features).
        others: Further ones by name, to be of the same shape.
        gpu: Whether the layer runs on a GPU too, and there reads 16-bit numbers.

    Raises:
        ParameterError: No tensor, or no such input.
        ShapeError: The axes are not (time, batch, *features), or the values no numbers with a
            fraction.
        EngineError: Of a kind, or on a device, that no engine computes with.

    >>> check_inputs("layer", ["I"], torch.zeros(2, 3), {})
    Traceback (most recent call last):
    spikeloom.errors.ShapeError: layer: input 'I' must be (time, batch, *features), got (2, 3).
      hint: time comes first; for one sample write x[:, None]
    """
    if not names:
        raise ParameterError(f"{who}: the model has no input to drive.")
    _check_tensor(who, names[0], x, gpu)
    if x.dim() < 3:
        raise ShapeError(
            f"{who}: input {names[0]!r} must be (time, batch, *features), got {tuple(x.shape)}.",
            hint="time comes first; for one sample write x[:, None]",
        )
    if not x.is_floating_point():
        raise ShapeError(
            f"{who}: input must be floating point, got {x.dtype}.", hint="convert it: x.float()"
        )
    if x.dtype not in (torch.float32, torch.float64, *(HALVES if gpu else ())):
        raise EngineError(
            f"{who}: the engines compute in float32 or float64, got {x.dtype}.",
            hint="convert the input with .float() first",
        )
    for name, value in others.items():
        if name not in names[1:]:
            raise ParameterError(
                f"{who}: {name!r} is no further input of the model.", hint=suggest(name, names[1:])
            )
        _check_tensor(who, name, value, gpu)
        if value.device != x.device:
            raise EngineError(
                f"{who}: input {name!r} is on {value.device}, the first on {x.device}.",
                hint="move them to one device",
            )
        if value.shape != x.shape:
            raise ShapeError(
                f"{who}: input {name!r} must have the shape of the first, {tuple(x.shape)}, "
                f"got {tuple(value.shape)}."
            )


def check_state(who: str, names: Sequence[str], state: Any, shape: tuple[int, ...]) -> None:
    """Look at a state that is to be gone on from.

    Arguments:
        who: Name of the layer, for messages.
        names: States of the model.
        state: Name → tensor.
        shape: (batch, *features) of the input.

    Raises:
        ParameterError: No state of this layer.
        ShapeError: Of another batch.

    >>> check_state("layer", ["v"], {"v": torch.zeros(2, 3)}, (2, 3))
    """
    known = isinstance(state, Mapping) and set(state) == set(names)
    if not known or not all(isinstance(value, Tensor) for value in state.values()):
        got = sorted(state) if isinstance(state, Mapping) else type(state).__name__
        raise ParameterError(
            f"{who}: the state must hold tensors {sorted(names)}, got {got}.",
            hint="give what the layer gave, y, state = layer(x); None is a fresh start",
        )
    for name, value in state.items():
        if value.shape != shape:
            raise ShapeError(
                f"{who}: state {name!r} must be (batch, *features) = {shape}, "
                f"got {tuple(value.shape)}.",
                hint="a state belongs to one batch: start the next one with state=None",
            )


def _check_tensor(who: str, name: str, x: Any, gpu: bool) -> None:
    if not isinstance(x, Tensor):
        raise ParameterError(
            f"{who}: input {name!r} must be a torch tensor, got {type(x).__name__}.",
            hint="convert it: torch.as_tensor(x)",
        )
    if x.layout is not torch.strided or x.device.type not in ("cpu", *(["cuda"] if gpu else [])):
        where = "main memory or on a GPU" if gpu else "main memory"
        raise EngineError(
            f"{who}: the engines read dense tensors in {where}, got input {name!r} as "
            f"{x.layout} on {x.device}.",
            hint="convert it: x.to_dense().cpu()",
        )


def check_duration(dt: object) -> Quantity:
    """The duration of one step, checked.

    Raises:
        UnitError: It is no time.
        ParameterError: It is not one positive, finite time.

    >>> check_duration(ms)
    1 * ms
    """
    quantity = 1 * dt if isinstance(dt, Unit) else dt
    if not isinstance(quantity, Quantity) or not quantity.unit.fits(ms):
        raise UnitError(
            f"Spiking: dt must be a time, got {dt!r}.", hint="write it with a unit: dt=1 * ms"
        )
    value = quantity.to(ms)
    if not isinstance(value, float) or not 0 < value < inf:
        raise ParameterError(
            f"Spiking: dt must be one positive, finite time, got {quantity}.",
            hint="for example dt=1 * ms",
        )
    return quantity


def check_engine(engine: EngineName) -> EngineName:
    """The name of an engine, checked.

    Raises:
        ParameterError: There is none of this name.

    >>> check_engine("auto")
    'auto'
    """
    if engine not in ENGINES:
        raise ParameterError(
            f"Spiking: no engine is called {engine!r}.",
            hint=suggest(str(engine), ENGINES),
        )
    return engine
