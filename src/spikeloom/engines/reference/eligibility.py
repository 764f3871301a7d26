"""Eligibility traces step by step in NumPy float64: what faster code must answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikeloom.compile.eligibility import Eligibility
from spikeloom.compile.numeric import run_block
from spikeloom.compile.program import Program

Array = np.ndarray[Any, np.dtype[Any]]


class ReferenceEligibility:
    """A population of neurons, and for each of its synapses what a change of weight has left.

    The input of neuron j is I_j = Σ_i w_ji x_i; B samples, F neurons, P presynaptic signals.

    Arguments:
        program: The neuron.
        eligibility: Its derivatives, compiled with the same options.
        coefs: Coefficient name -> number or array (F,), from `bind`.
        state: States before the first step, (S, B, F).
        presynaptic: P.

    >>> from spikeloom.compile import bind, compile_neuron
    >>> from spikeloom.compile.eligibility import compile_eligibility
    >>> from spikeloom.compile.values import numbers
    >>> from spikeloom.equations.units import ms
    >>> from spikeloom.models import LeakyIntegrator
    >>> neuron = LeakyIntegrator(tau=10 * ms)
    >>> program = compile_neuron(neuron)
    >>> coefs = bind(program, numbers(neuron), dt=1.0).coefs
    >>> traces = ReferenceEligibility(
    ...     program, compile_eligibility(neuron), coefs, np.zeros((1, 1, 1)), 1
    ... )
    >>> [round(traces.step(np.array([[x]]), np.zeros((1, 1)))[1].item(), 3) for x in (1, 0, 0)]
    [9.516, 8.611, 7.791]
    """

    def __init__(
        self,
        program: Program,
        eligibility: Eligibility,
        coefs: Mapping[str, Array],
        state: Array,
        presynaptic: int,
    ) -> None:
        self.program, self.eligibility, self.coefs = program, eligibility, coefs
        self.state = np.array(state, np.float64)
        shape = (*self.state.shape[1:], presynaptic)
        self.traces: dict[str, Array] = {n: np.zeros(shape) for n in eligibility.states}

    def step(self, x: Array, current: Array) -> tuple[Array, Array]:
        """One step.

        Arguments:
            x: Presynaptic signals (B, P).
            current: Input of the neurons (B, F).

        Returns:
            Outputs (B, F), and the eligibility (B, F, P) of each weight for them.
        """
        what, program = self.eligibility, self.program
        source = what.sources[0]
        leaves: dict[str, Array | float] = {f"coef:{n}": self.coefs[n] for n in program.coefs}
        leaves |= {f"input:{n}": 0.0 for n in program.inputs} | {source: current}
        leaves |= {f"state:{n}": s for n, s in zip(program.states, self.state, strict=True)}
        partial = {n: self._wide(v) for n, v in run_block(what.block, leaves).items()}
        given = run_block(program.forward, leaves)
        shown: Array = np.zeros((*self.state.shape[1:], x.shape[-1]))
        if source in what.show:
            shown = shown + partial[what.show[source]] * x[:, None, :]
        for name in what.states:
            if name in what.show:
                shown = shown + partial[what.show[name]] * self.traces[name]
        after: dict[str, Array] = {}
        for name in what.states:
            total: Array = np.zeros_like(shown)
            if (name, source) in what.enter:
                total = total + partial[what.enter[name, source]] * x[:, None, :]
            for before in what.states:
                if (name, before) in what.keep:
                    total = total + partial[what.keep[name, before]] * self.traces[before]
            after[name] = total
        self.traces = after
        wide = self.state.shape[1:]
        self.state = np.stack([np.broadcast_to(given[f"state:{n}"], wide) for n in program.states])
        return np.broadcast_to(given["out"], wide), shown

    def _wide(self, value: Array) -> Array:
        return np.broadcast_to(value, self.state.shape[1:])[..., None]
