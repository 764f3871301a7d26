"""Holding an engine against the reference, forwards, backwards and in simulation.

A float32 run may part from the truth for a good reason: a potential within rounding of threshold
spikes one step earlier, and all that follows differs. The checks therefore never compare long runs
in float32. They take the engine's own state before each step (its checkpoints) and compare that one
step; the allowance is what rounding to float32 changes in the reference itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from spikeloom.compile import Bound
from spikeloom.engines.reference import Reference
from spikeloom.engines.results import Backward, Forward, Simulation
from spikeloom.testing.cases import Case
from spikeloom.testing.compare import assert_close, assert_same_spikes

Array = np.ndarray[Any, np.dtype[Any]]
TIGHT = {"float32": 4e-6, "float64": 1e-12}
"""Relative tolerance of one step, a few roundings of its longest chain of operations."""
SLACK = 8.0
"""How many times the reference's own float32 error an engine may be off."""


class Engine(Protocol):
    """What an engine must offer."""

    @property
    def dtype(self) -> Any:
        """``"float32"`` or ``"float64"``."""
        ...

    @property
    def forward(self) -> Callable[..., Forward]:
        """See `Reference.forward`."""
        ...

    @property
    def backward(self) -> Callable[..., Backward]:
        """See `Reference.backward`."""
        ...

    @property
    def simulate(self) -> Callable[..., Simulation]:
        """See `Reference.simulate`."""
        ...


def check_forward(engine: Engine, case: Case) -> None:
    """Every step of a forward run, from the engine's own states.

    Raises:
        AssertionError: The engine differs from the reference by more than rounding.
    """
    bound, inputs, state = _setup(case)
    run = engine.forward(
        bound.program, bound.coefs, _as(engine, inputs), _as(engine, {"s": state})["s"],
        case.steps, checkpoint_every=1,
    )  # fmt: skip
    if run.checkpoints is None:
        raise AssertionError(f"{case.name}: checkpoints were asked for and not given.")
    before = np.asarray(run.checkpoints, np.float64)
    after = np.concatenate([before[1:], np.asarray(run.state, np.float64)[None]])
    assert_close(f"{case.name}: first state", before[0], state, relative=1e-7)
    truth, spikes = _one_step(Reference(), bound, inputs, before)
    rough, tipped = _one_step(Reference("float32"), bound, inputs, before)
    certain = spikes == tipped if bound.program.spikes else np.ones(spikes.shape, bool)
    sure = certain & _far_from_threshold(bound, inputs, before, spikes)
    if case.kind == "ties":
        sure = np.ones_like(sure)  # nothing is rounded there, so the tie rule itself is judged
    if bound.program.spikes:
        assert_same_spikes(f"{case.name}: spikes", np.asarray(run.out), spikes, sure)
    else:
        assert_close(f"{case.name}: output", np.asarray(run.out), after[:, 0], relative=1e-7)
    noise = _noise(engine, truth, rough)
    same = np.asarray(run.out).astype(bool) == spikes.astype(bool)
    keep = same[:, None] if bound.program.spikes else np.ones_like(truth, bool)
    assert_close(
        f"{case.name}: states",
        np.where(keep, after, truth),
        truth,
        relative=TIGHT[engine.dtype],
        absolute=TIGHT[engine.dtype] * _scale(truth),
        noise=noise,
    )


def check_backward(engine: Engine, case: Case) -> None:
    """Every gradient: inputs, first states and each coefficient.

    The reference retraces the engine's own trajectory, so that both differentiate the same run.

    Raises:
        AssertionError: A gradient differs by more than rounding.
    """
    bound, inputs, state = _setup(case)
    given = _as(engine, inputs)
    run = engine.forward(
        bound.program, bound.coefs, given, _as(engine, {"s": state})["s"], case.steps,
        checkpoint_every=1,
    )  # fmt: skip
    before = np.asarray(run.checkpoints, np.float64)
    generator = np.random.Generator(np.random.Philox(11))
    grad_out = generator.normal(size=(case.steps, case.batch, case.size)).astype(np.float32)
    grad_state = generator.normal(size=state.shape).astype(np.float32)
    want = {"want_inputs": bound.program.inputs, "want_coefs": bound.program.coefs}
    grads = {"o": grad_out.astype(np.float64), "s": grad_state.astype(np.float64)}
    typed = _as(engine, grads)
    got = engine.backward(
        bound.program, bound.coefs, given, run.checkpoints, 1, typed["o"], typed["s"], **want
    )
    answers = [
        Reference(dtype).backward(
            bound.program, bound.coefs, inputs, before, 1, grads["o"], grads["s"], **want
        )
        for dtype in ("float64", "float32")
    ]
    truth, rough = (_flat(a) for a in answers)
    for name, value in _flat(got).items():
        assert_close(
            f"{case.name}: gradient of {name}",
            value,
            truth[name],
            relative=8 * TIGHT[engine.dtype],
            absolute=8 * TIGHT[engine.dtype] * _largest(truth[name]),
            noise=_noise(engine, truth[name], rough[name]),
        )


def check_simulate(engine: Engine, case: Case) -> None:
    """A simulation agrees with the engine's own forward run: spikes, bits, traces and last states.

    Raises:
        AssertionError: They differ in any bit.
    """
    bound, inputs, state = _setup(case)
    drive = {n: x[:, 0] if case.batch else x.sum(1) for n, x in _as(engine, inputs).items()}
    first = _as(engine, {"s": state[:, :1].sum(1)})["s"]
    forward = engine.forward(
        bound.program, bound.coefs, {n: x[:, None] for n, x in drive.items()}, first[:, None],
        case.steps, checkpoint_every=1,
    )  # fmt: skip
    spikes = np.asarray(forward.out)[:, 0] != 0
    every = 3
    for kind in ("indices", "bits", "none"):
        run = engine.simulate(
            bound.program, bound.coefs, first, case.steps, drive, spikes=kind,
            record=bound.program.states, every=every,
        )  # fmt: skip
        assert_close(f"{case.name}: last states", run.state, forward.state[:, 0], relative=0)
        rows = np.concatenate([np.asarray(forward.checkpoints)[1:], forward.state[None]])[:, :, 0]
        for place, name in enumerate(bound.program.states):
            assert_close(f"{case.name}: trace of {name}", run.traces[name],
                         rows[::every, place], relative=0)  # fmt: skip
        if not bound.program.spikes:
            continue
        if kind == "indices":
            found = np.zeros_like(spikes)
            found[run.spike_steps, run.spike_ids] = True
            assert_same_spikes(f"{case.name}: indices", found, spikes)
        if kind == "bits":
            packed = np.asarray(run.bits, np.uint8)
            found = np.unpackbits(packed, axis=1, count=case.size, bitorder="little")
            assert_same_spikes(f"{case.name}: bits", found, spikes)


def _setup(case: Case) -> tuple[Bound, dict[str, Array], Array]:
    from spikeloom.models import ATan

    bound = case.bound(ATan())
    return bound, case.inputs(), case.state(bound)


def _as(engine: Engine, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {n: np.ascontiguousarray(x, dtype=engine.dtype) for n, x in arrays.items()}


def _one_step(
    engine: Reference, bound: Bound, inputs: Mapping[str, Array], before: Array
) -> tuple[Array, Array]:
    """States after and output of a single step from each of the given states (T, S, B, F)."""
    steps, count, batch, size = before.shape
    many = np.moveaxis(before, 1, 0).reshape(count, steps * batch, size)
    flat = {n: x.reshape(1, steps * batch, size) for n, x in inputs.items()}
    run = engine.forward(bound.program, bound.coefs, flat, many, 1)
    after = run.state.reshape(count, steps, batch, size)
    return np.moveaxis(after, 0, 1).astype(np.float64), run.out.reshape(steps, batch, size)


def _far_from_threshold(
    bound: Bound, inputs: Mapping[str, Array], before: Array, spikes: Array
) -> Array:
    """Whether nudging the state by float32 rounding leaves the spike as it is."""
    far = np.ones(spikes.shape, bool)
    if not bound.program.spikes:
        return far
    for sign in (-1, 1):
        _, moved = _one_step(Reference(), bound, inputs, before * (1 + sign * 1e-6))
        far &= moved == spikes
    return far


def _noise(engine: Engine, truth: Array, rough: Array) -> Array | float:
    if engine.dtype == "float64":
        return 0.0
    with np.errstate(all="ignore"):
        error = np.abs(np.asarray(rough, np.float64) - truth)
    return SLACK * np.where(np.isfinite(error), error, 0.0)


def _scale(states: Array) -> Array:
    """Size of each state over the whole run, (1, S, 1, 1)."""
    finite = np.where(np.isfinite(states), np.abs(states), 0.0)
    return np.max(finite, axis=(0, 2, 3), keepdims=True, initial=0.0)


def _largest(values: Array) -> float:
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max(initial=0.0))


def _flat(answer: Backward) -> dict[str, Array]:
    return {"first states": np.asarray(answer.state), **answer.inputs, **answer.coefs}
