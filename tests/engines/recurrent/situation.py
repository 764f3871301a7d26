"""Joined neurons, their inputs and their past, for tests of the engines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from spikeloom.compile import Program, bind, compile_neuron
from spikeloom.compile.values import numbers
from spikeloom.engines.recurrence import Recurrence, RecurrentBackward, RecurrentForward
from spikeloom.engines.reference import Reference
from spikeloom.engines.reference import recurrent as truth
from spikeloom.models import LIF, ATan

Array = np.ndarray[Any, np.dtype[Any]]
Kind = Literal["mixed", "silent", "firing", "ties", "nan"]
EVERY = 8


@dataclass(frozen=True)
class Situation:
    """What an engine is given."""

    program: Program
    coefs: dict[str, Any]
    inputs: dict[str, Array | None]
    state: Array
    past: Array
    recurrence: Recurrence
    steps: int

    def forward(self, engine: Any, functions: Any = truth) -> RecurrentForward:
        return functions.forward(
            engine, self.program, self.coefs, self.inputs, self.state, self.past, self.steps,
            self.recurrence, every=EVERY,
        )  # fmt: skip

    def backward(
        self, engine: Any, functions: Any, ahead: RecurrentForward, grads: tuple[Array, Array]
    ) -> RecurrentBackward:
        return functions.backward(
            engine, self.program, self.coefs, self.inputs, ahead.checkpoints, EVERY, ahead.bits,
            *grads, self.recurrence, want_inputs=self.program.inputs,
            want_coefs=self.program.coefs,
        )  # fmt: skip


def situation(
    neuron: Any = None, size: int = 63, *, drive: float = 0.25, dt: float = 1.0, steps: int = 29,
    batch: int = 3, depth: int = 1, gain: float | None = None, kind: Kind = "mixed",
    smooth: bool = False, spread: bool = False, seed: int = 1,
) -> Situation:  # fmt: skip
    """Neurons that fire now and then, each half driven by the others."""
    neuron = neuron or LIF()
    program = compile_neuron(neuron, surrogate=ATan(), smooth=smooth, given_noise=True)
    values = numbers(neuron, ATan())
    if spread:
        first = neuron.definition.params[0].name
        values[first] = values[first] * np.linspace(0.8, 1.2, size)
    bound = bind(program, values, dt)
    rng = np.random.Generator(np.random.Philox(seed))
    shape = (steps, batch, size)
    inputs: dict[str, Array | None] = {}
    declared = [i.name for i in neuron.definition.inputs]
    for name in program.inputs:
        if name in declared:
            level = {"silent": 0.0, "firing": 40.0, "ties": 0.0}.get(kind)
            noise = rng.normal(1.0, 1.0 if name == declared[0] else 0.1, shape)
            inputs[name] = drive * (noise if level is None else np.full(shape, level))
        else:
            draw = rng.normal if name.startswith("normal.") else rng.random
            inputs[name] = draw(size=shape)
        # Both precisions must see the same numbers.
        inputs[name] = inputs[name].astype("float32").astype("float64")  # type: ignore[union-attr]
    if kind == "nan" and size:
        inputs[declared[0]][steps // 2, 0, size // 2] = np.nan  # type: ignore[index]
    gain = drive if gain is None else gain
    weight = rng.normal(0.0, gain / max(size, 1) ** 0.5, (size, size))
    if kind in ("silent", "ties"):
        weight[:] = 0.0
    delays = rng.integers(1, depth + 1, size) if depth > 1 else np.ones(size, np.int64)
    if depth > 1 and size:
        delays[0] = depth
    past = rng.random((int(delays.max(initial=1)), batch, size)) < (
        0.0 if kind == "silent" else 0.2
    )
    state = bound.initial(batch, size)
    if kind == "ties":
        state[0] = float(bound.coefs["theta"])
    weight = weight.astype("float32").astype("float64")
    recurrence = Recurrence(weight, declared[0], delays)
    return Situation(
        program, dict(bound.coefs), inputs, state.astype("float32").astype("float64"),
        past.astype("float64"), recurrence, steps,
    )  # fmt: skip


def random_grads(s: Situation, seed: int = 5) -> tuple[Array, Array]:
    """Gradients at the spikes and at the last states."""
    rng = np.random.Generator(np.random.Philox(seed))
    shape = s.state.shape[1:]
    return rng.normal(size=(s.steps, *shape)), rng.normal(size=s.state.shape)


def every_gradient(found: RecurrentBackward) -> dict[str, Array]:
    """All gradients by name."""
    assert found.weight is not None
    named = {f"input {n}": g for n, g in found.inputs.items()}
    named |= {f"coef {n}": g for n, g in found.coefs.items()}
    return named | {"state": found.state, "past": found.past, "weight": found.weight}


REFERENCE = Reference()
