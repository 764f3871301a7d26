"""A model, its coefficients, an input and first states, for tests of the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.compile import Program, bind, compile_neuron
from spikeloom.compile.values import numbers
from spikeloom.models import LIF, ATan


@dataclass(frozen=True)
class Setting:
    """What an engine is given."""

    program: Program
    coefs: dict[str, Any]
    inputs: dict[str, np.ndarray]
    state: np.ndarray

    @property
    def steps(self) -> int:
        return len(next(iter(self.inputs.values())))


def setting(
    steps: int = 37, batch: int = 2, size: int = 63, dtype: str = "float32", neuron: Any = None,
    smooth: bool = False, spread: bool = False,
) -> Setting:  # fmt: skip
    """LIF neurons that fire now and then; with ``spread``, each with another time constant."""
    neuron = neuron or LIF()
    program = compile_neuron(neuron, surrogate=ATan(), smooth=smooth)
    values = numbers(neuron, ATan())
    if spread:
        values["tau"] = np.linspace(10.0, 30.0, size)
    bound = bind(program, values, 1.0)
    rng = np.random.Generator(np.random.Philox(1))
    inputs = {n: rng.normal(0.25, 0.2, (steps, batch, size)).astype(dtype) for n in program.inputs}
    return Setting(program, bound.coefs, inputs, bound.initial(batch, size).astype(dtype))
