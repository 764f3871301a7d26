"""Steps by the native engine under one value of a parameter or input for each lane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile import Method, bind, compile_neuron
from spikeloom.compile.program import Program
from spikeloom.compile.step import COUNTER
from spikeloom.compile.values import numbers
from spikeloom.engines.population import native
from spikeloom.engines.results import Simulation
from spikeloom.lab.vector_field import Array

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory


@dataclass(frozen=True, eq=False)
class Lanes:
    """One compiled neuron, run side by side at several values of what is swept.

    Arguments:
        program: What is stepped.
        params: Its parameters.
        inputs: Its constant inputs.
        leaf: What is swept, ``input:I`` or ``param:tau``.
        dt: Time step in the program's time unit.
    """

    program: Program
    params: Mapping[str, Any]
    inputs: Mapping[str, float]
    leaf: str
    dt: float

    def run(self, values: Array, state: Array, steps: int, *, watch: bool) -> Simulation:
        """Steps of N lanes from states (S, N) at values (N,); all states recorded where watched."""
        kind, name = self.leaf.split(":")
        params: dict[str, Any] = {**self.params}
        inputs: dict[str, Any] = {**self.inputs}
        given_to: dict[str, Any] = params if kind == "param" else inputs
        given_to[name] = values
        bound = bind(self.program, params, self.dt)
        given = {
            n: np.ascontiguousarray(np.broadcast_to(inputs.get(n, 0.0), values.shape), np.float64)
            for n in self.program.inputs
        }
        return native().simulate(
            self.program,
            bound.coefs,
            np.ascontiguousarray(state, np.float64),
            steps,
            given,
            spikes="indices",
            record=self.program.states if watch else (),
            every=1,
        )

    def start(self, values: Array) -> Array:
        """Where the model begins, (S, N)."""
        kind, name = self.leaf.split(":")
        params = dict(self.params)
        if kind == "param":
            params[name] = values
        return bind(self.program, params, self.dt).initial(len(values))

    def place(self, states: tuple[str, ...], x: Array, others: Array) -> Array:
        """States (S, N) with these at x (M,), the rest as in `others`."""
        made = others.copy()
        for name, value in zip(states, x, strict=True):
            made[self.program.states.index(name)] = value
        if COUNTER in self.program.states:
            made[self.program.states.index(COUNTER)] = 0
        return made


def lanes(
    neuron: Cell | Neuron | Refractory,
    inputs: Mapping[str, float],
    leaf: str,
    dt: float,
    method: Method | None,
) -> Lanes:
    """A neuron made ready to be swept."""
    program = compile_neuron(neuron, method)
    return Lanes(program, numbers(neuron), inputs, leaf, dt)
