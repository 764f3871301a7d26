"""Running a Program step by step in NumPy float64."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from spikeloom.compile.numeric import run_block
from spikeloom.compile.program import Program
from spikeloom.engines.cable_plan import CableDrive, CablePlan, CableState, CableSteps, Probe
from spikeloom.engines.randomness import Chance, check_chance, refuse_chance
from spikeloom.engines.results import Backward, Forward, Simulation

Array = np.ndarray[Any, np.dtype[Any]]
Inputs = Mapping[str, Array | None]


@dataclass(frozen=True)
class Reference:
    """The engine that defines what every other engine must answer.

    T steps, B batch, F neurons, S states.

    Arguments:
        dtype: Precision of every operation. Only float64 is the reference; float32 serves to
            measure how much rounding alone may change an answer.
    """

    dtype: Literal["float32", "float64"] = "float64"

    def forward(
        self,
        program: Program,
        coefs: Mapping[str, Array],
        inputs: Inputs,
        state: Array,
        steps: int,
        *,
        checkpoint_every: int | None = None,
        out: Array | None = None,
    ) -> Forward:
        """Run `steps` steps.

        Arguments:
            program: What to run.
            coefs: Coefficient name → number or array (F,), from `bind`.
            inputs: Input name → array (T, B, F), or None for no input.
            state: States before the first step, (S, B, F).
            steps: T.
            checkpoint_every: Keep the states before every so many steps, for `backward`.
            out: Buffer (T, B, F) for the answer.

        Returns:
            The output of every step (T, B, F), the last states (S, B, F), and the checkpoints
            (K, S, B, F) if asked for.
        """
        refuse_chance("reference engine", program)
        state = np.array(state, self.dtype)
        result = np.empty((steps, *state.shape[1:]), self.dtype) if out is None else out
        kept = []
        for t in range(steps):
            if checkpoint_every and t % checkpoint_every == 0:
                kept.append(state)
            state, result[t] = self.advance(program, coefs, _at(inputs, t), state)
        stacked = None
        if checkpoint_every:
            stacked = np.stack(kept) if kept else state[None]
        return Forward(out=result, state=state, checkpoints=stacked)

    def backward(
        self,
        program: Program,
        coefs: Mapping[str, Array],
        inputs: Inputs,
        checkpoints: Array,
        checkpoint_every: int,
        grad_out: Array | None,
        grad_state: Array | None,
        *,
        want_inputs: tuple[str, ...] = (),
        want_coefs: tuple[str, ...] = (),
        constant: tuple[str, ...] = (),
    ) -> Backward:
        """Gradients of a `forward`, in reverse time.

        Arguments:
            program: What was run.
            coefs: As in `forward`.
            inputs: As in `forward`.
            checkpoints: States before every `checkpoint_every`-th step, from a forward run.
            checkpoint_every: As in `forward`.
            grad_out: Gradient at the outputs (T, B, F), or None for zero.
            grad_state: Gradient at the last states (S, B, F), or None for zero.
            want_inputs: Inputs whose gradient is wanted.
            want_coefs: Coefficients whose gradient is wanted.
            constant: Inputs that are the same at every step; their gradients are summed over time.

        Returns:
            Gradients of the wanted inputs (T, B, F) or (1, B, F), the initial states (S, B, F) and
            the wanted coefficients (F,), the last summed over time and batch.
        """
        refuse_chance("reference engine", program)
        state = np.array(checkpoints[0], self.dtype)
        steps = _steps(inputs, grad_out)
        before = []
        for t in range(steps):
            if t % checkpoint_every == 0:
                state = np.array(checkpoints[t // checkpoint_every], self.dtype)
            before.append(state)
            state, _ = self.advance(program, coefs, _at(inputs, t), state)
        grad = np.zeros_like(state) if grad_state is None else np.array(grad_state, self.dtype)
        to_inputs = {name: np.zeros((steps, *state.shape[1:]), self.dtype) for name in want_inputs}
        to_coefs = {name: np.zeros(state.shape[1:]) for name in want_coefs}
        for t in reversed(range(steps)):
            leaves = leaves_of(program, coefs, _at(inputs, t), before[t])
            leaves["grad:out"] = 0.0 if grad_out is None else grad_out[t]
            for name, g in zip(program.states, grad, strict=True):
                leaves[f"grad:state:{name}"] = g
            given = run_block(program.backward, leaves, self.number_type)
            grad = stacked(program, "grad:state:", given, state.shape)
            for name, total in to_inputs.items():
                total[t] = given[f"grad:input:{name}"]
            for name, total in to_coefs.items():
                total += given[f"grad:coef:{name}"]
        summed = {name: total.sum(axis=0) for name, total in to_coefs.items()}
        to_inputs |= {n: to_inputs[n].sum(axis=0, keepdims=True) for n in constant}
        return Backward(inputs=to_inputs, state=grad, coefs=summed)

    def simulate(
        self,
        program: Program,
        coefs: Mapping[str, Array],
        state: Array,
        steps: int,
        inputs: Inputs,
        *,
        spikes: Literal["indices", "bits", "none"] = "indices",
        record: tuple[str, ...] = (),
        every: int = 1,
        chance: Chance | None = None,
    ) -> Simulation:
        """Run a population and keep its spikes and chosen states.

        Arguments:
            program: What to run.
            coefs: Coefficient name → number or array (N,).
            state: States before the first step, (S, N).
            steps: T.
            inputs: Input name → None, a constant (N,), or an array (T, N).
            spikes: How to give spikes: as (step, neuron) pairs in order, as a bit mask, or not.
            record: States to keep, as they are after a step.
            every: Keep the states after steps 0, every, 2·every, …
            chance: Where random numbers come from; for a Program that draws some.

        Returns:
            Last states, spikes and traces (ceil(T / every), N).
        """
        state = np.array(state, self.dtype)
        source = check_chance(program, chance)
        fired = np.zeros((steps, state.shape[1]), bool)
        traces: dict[str, list[Array]] = {name: [] for name in record}
        for t in range(steps):
            now = {n: _now(value, t) for n, value in inputs.items()}
            drawn = source.draws(t, state.shape[1])
            state, given = self.advance(program, coefs, now, state, drawn)
            fired[t] = program.spikes & (given != 0)
            if t % every == 0:
                for name in record:
                    traces[name].append(state[program.states.index(name)])
        at, who = np.nonzero(fired) if spikes == "indices" else (None, None)
        return Simulation(
            state=state,
            spike_steps=at,
            spike_ids=who,
            bits=np.packbits(fired, axis=1, bitorder="little") if spikes == "bits" else None,
            traces={
                n: np.array(rows).reshape(len(rows), state.shape[1]) for n, rows in traces.items()
            },
        )

    def cable(
        self,
        plan: CablePlan,
        state: CableState,
        drive: CableDrive,
        *,
        record: Sequence[Probe] = (),
        every: int = 1,
        watch: Array | None = None,
    ) -> CableSteps:
        """Step a tree of compartments; `spikeloom.engines.cable_plan` says how one step goes.

        Arguments:
            plan: The tree.
            state: Before the first step.
            drive: What reaches it, for T steps.
            record: Numbers to keep after steps 0, every, 2·every, …
            every: See above.
            watch: Nodes (w,) whose potential is kept after every step.

        Returns:
            The last state, traces (ceil(T / every), probes) and watched potentials (T, w).
        """
        from spikeloom.engines.reference.cable import run_cable

        nodes = np.empty(0, np.int64) if watch is None else watch
        return run_cable(plan, state, drive, record, every, nodes, self.number_type)

    @property
    def number_type(self) -> type[np.floating[Any]]:
        """NumPy's type of its numbers."""
        return np.float64 if self.dtype == "float64" else np.float32

    def advance(
        self,
        program: Program,
        coefs: Mapping[str, Array],
        inputs: Inputs,
        state: Array,
        drawn: Mapping[str, Array] = MappingProxyType({}),
    ) -> tuple[Array, Array]:
        """One step: states after it and what came out."""
        leaves = {**leaves_of(program, coefs, inputs, state), **drawn}
        given = run_block(program.forward, leaves, self.number_type)
        after = stacked(program, "state:", given, state.shape)
        return after, np.broadcast_to(given["out"], state.shape[1:])


def _at(inputs: Inputs, t: int) -> dict[str, Array | None]:
    return {name: None if value is None else value[t] for name, value in inputs.items()}


def _now(value: Array | None, t: int) -> Array | None:
    return value if value is None or value.ndim == 1 else value[t]


def _steps(inputs: Inputs, grad_out: Array | None) -> int:
    arrays = [value for value in (*inputs.values(), grad_out) if value is not None]
    return len(arrays[0]) if arrays else 0


def leaves_of(
    program: Program, coefs: Mapping[str, Array], inputs: Inputs, state: Array
) -> dict[str, Array | float]:
    """What a step of a Program reads."""
    leaves: dict[str, Array | float] = {f"coef:{n}": coefs[n] for n in program.coefs}
    for name in program.inputs:
        value = inputs.get(name)
        leaves[f"input:{name}"] = 0.0 if value is None else value
    for name, value in zip(program.states, state, strict=True):
        leaves[f"state:{name}"] = value
    return leaves


def stacked(
    program: Program, prefix: str, given: Mapping[str, Array], shape: tuple[int, ...]
) -> Array:
    """What a step gave for every state, as one array."""
    rows = [np.broadcast_to(given[prefix + name], shape[1:]) for name in program.states]
    return np.stack(rows) if rows else np.empty(shape)
