"""Joined neurons step by step in NumPy: what every other engine must answer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spikeloom.compile.numeric import run_block
from spikeloom.compile.program import Program
from spikeloom.engines.randomness import refuse_chance
from spikeloom.engines.recurrence import Array, Recurrence, RecurrentBackward, RecurrentForward
from spikeloom.engines.reference.engine import Inputs, Reference, leaves_of, stacked


def forward(
    engine: Reference,
    program: Program,
    coefs: Mapping[str, Array],
    inputs: Inputs,
    state: Array,
    past: Array,
    steps: int,
    recurrence: Recurrence,
    *,
    every: int = 0,
    out: Array | None = None,
) -> RecurrentForward:
    """Run T steps of B samples of F neurons.

    Arguments:
        engine: Says in which precision.
        program: What to run.
        coefs: Coefficient -> number or array (F,).
        inputs: Input -> (T, B, F), or None for no input.
        state: States before the first step, (S, B, F).
        past: Spikes of the last D steps before the first, oldest first, (D, B, F).
        steps: T.
        recurrence: How the neurons are joined; D is its depth.
        every: Keep the states before every so many steps; 0 keeps none.
        out: Buffer (T, B, F) for the answer.
    """
    refuse_chance("reference engine", program)
    recurrence.check("reference engine", program.inputs, program.spikes, state.shape[2])
    state = np.array(state, engine.dtype)
    fired = np.zeros((len(past) + steps, *state.shape[1:]), bool)
    fired[: len(past)] = past != 0
    result = np.empty((steps, *state.shape[1:]), engine.dtype) if out is None else out
    kept = []
    for t in range(steps):
        if every and t % every == 0:
            kept.append(state)
        now = _driven(inputs, t, fired, recurrence, state.dtype)
        state, result[t] = engine.advance(program, coefs, now, state)
        fired[len(past) + t] = result[t] != 0
    checkpoints = None
    if every:
        checkpoints = np.stack(kept) if kept else state[None]
    return RecurrentForward(result, state, checkpoints, fired)


def backward(
    engine: Reference,
    program: Program,
    coefs: Mapping[str, Array],
    inputs: Inputs,
    checkpoints: Array,
    every: int,
    bits: Array,
    grad_out: Array,
    grad_state: Array | None,
    recurrence: Recurrence,
    *,
    want_inputs: tuple[str, ...] = (),
    want_coefs: tuple[str, ...] = (),
    want_weight: bool = True,
) -> RecurrentBackward:
    """Gradients of a `forward`, in reverse time: with g[n] the gradient at the joined input,

    the spike of j at step n gathers ``sum_i W[j, i] g_i[n + d_j]`` beside its own gradient, and the
    weight from j to i gathers ``s_j[n - d_j] g_i[n]``.
    """
    steps, depth = len(grad_out), recurrence.depth
    state = np.array(checkpoints[0], engine.dtype)
    before: list[Array] = []
    for t in range(steps):
        if t % every == 0:
            state = np.array(checkpoints[t // every], engine.dtype)
        before.append(state)
        now = _driven(inputs, t, bits, recurrence, state.dtype)
        state, _ = engine.advance(program, coefs, now, state)
    shape = checkpoints.shape[2:]
    grad = np.zeros_like(state) if grad_state is None else np.array(grad_state, engine.dtype)
    to_inputs = {name: np.zeros((steps, *shape), engine.dtype) for name in want_inputs}
    to_coefs = {name: np.zeros(shape) for name in want_coefs}
    to_weight = np.zeros(recurrence.weight.shape, engine.dtype)
    # Gradient at every spike, the past ones included: filled by later steps, then read.
    to_spikes = np.zeros((depth + steps, *shape), engine.dtype)
    to_spikes[depth:] = grad_out
    for t in reversed(range(steps)):
        leaves = leaves_of(
            program, coefs, _driven(inputs, t, bits, recurrence, state.dtype), before[t]
        )
        leaves["grad:out"] = to_spikes[depth + t]
        for name, g in zip(program.states, grad, strict=True):
            leaves[f"grad:state:{name}"] = g
        given = run_block(program.backward, leaves, engine.number_type)
        grad = stacked(program, "grad:state:", given, state.shape)
        for name, total in to_inputs.items():
            total[t] = given[f"grad:input:{name}"]
        for name, total in to_coefs.items():
            total += given[f"grad:coef:{name}"]
        current = np.broadcast_to(given[f"grad:input:{recurrence.into}"], shape)
        pulled = current @ recurrence.weight.T.astype(engine.dtype)
        for sources, gradient in zip(_arrived(bits, t, recurrence), current, strict=True):
            to_weight[sources] += gradient
        for j, delay in enumerate(recurrence.delays):
            to_spikes[depth + t - delay, :, j] += pulled[:, j]
    summed = {name: total.sum(axis=0) for name, total in to_coefs.items()}
    weight = to_weight if want_weight else None
    return RecurrentBackward(to_inputs, grad, to_spikes[:depth], summed, weight)


def _arrived(fired: Array, t: int, recurrence: Recurrence) -> Array:
    """Which sources' spikes arrive at step t, (B, F)."""
    rows = recurrence.depth + t - recurrence.delays
    return fired[rows, :, np.arange(len(rows))].T.reshape(fired.shape[1:])


def _driven(
    inputs: Inputs, t: int, fired: Array, recurrence: Recurrence, dtype: np.dtype
) -> dict[str, Array | None]:
    """The inputs of step t, with the rows of the sources whose spikes arrive added."""
    now = {name: None if value is None else value[t] for name, value in inputs.items()}
    given = now.get(recurrence.into)
    shape = fired.shape[1:]
    total = np.zeros(shape, dtype) if given is None else np.array(given, dtype)
    for b, sources in enumerate(_arrived(fired, t, recurrence)):
        for j in np.flatnonzero(sources):
            total[b] += recurrence.weight[j].astype(dtype)
    return {**now, recurrence.into: total}
