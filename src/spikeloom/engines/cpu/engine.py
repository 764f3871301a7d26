"""The CPU engine: Programs as native vector code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from spikeloom.compile.program import Program
from spikeloom.engines.cable_plan import CableDrive, CablePlan, CableState, CableSteps, Probe
from spikeloom.engines.cpu import check
from spikeloom.engines.cpu.call import Array, pack_columns, padded, run_kernel
from spikeloom.engines.cpu.stepping import simulate
from spikeloom.engines.cpu.variant import Kind, Variant
from spikeloom.engines.randomness import Chance, refuse_chance
from spikeloom.engines.results import Backward, Forward, Simulation
from spikeloom.errors import EngineError, ShapeError

Inputs = Mapping[str, Array | None]


@dataclass(frozen=True)
class CPU:
    """Runs Programs as LLVM code with explicit vectors.

    Results are equal to the last bit at any number of threads, and whether the steps are run in
    one call or in several. T steps, B batch, F neurons, S states.

    Arguments:
        dtype: ``float32`` or ``float64``.
        threads: Most threads to use; None for one a processor. Small work uses one.

    >>> CPU(threads=1)
    CPU(dtype='float32', threads=1)
    """

    dtype: Literal["float32", "float64"] = "float32"
    threads: int | None = None

    def __post_init__(self) -> None:
        if self.dtype not in ("float32", "float64"):
            raise EngineError(f"CPU: dtype must be 'float32' or 'float64', got {self.dtype!r}.")
        if self.threads is not None and self.threads < 1:
            raise EngineError(f"CPU: threads must be at least 1 or None, got {self.threads!r}.")

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
        """Run T steps.

        Arguments:
            program: What to run.
            coefs: Coefficient -> number or array (F,), from `bind`.
            inputs: Input -> array (T, B, F), or None for no input.
            state: States before the first step, (S, B, F).
            steps: T.
            checkpoint_every: Keep the states before every so many steps, for `backward`.
            out: Buffer (T, B, F) for the answer.

        Returns:
            Output of every step (T, B, F), last states (S, B, F), and checkpoints (K, S, B, F)
            if asked for.

        Raises:
            ShapeError, EngineError: something given does not fit the Program.
        """
        check.check_steps(steps)
        refuse_chance("cpu engine", program)
        state, batch, features = self._state(program, "state", state)
        width = batch * features
        words, kept, names = self._shared(program, coefs, inputs, steps, batch, features)
        if checkpoint_every is not None and checkpoint_every < 1:
            raise EngineError(f"cpu engine: checkpoint_every must be >= 1, got {checkpoint_every}.")
        every = checkpoint_every or max(steps, 1)
        after = np.empty_like(state)
        shape = (steps, batch, features)
        if out is None:
            out = np.empty(shape, self.dtype)
        check.check_buffer(out, shape, self.dtype)
        checkpoints = None
        if checkpoint_every is not None:
            count = max(1, -(-steps // every))
            checkpoints = np.empty((count, *state.shape), self.dtype)
            if steps == 0:
                checkpoints[0] = state
        words |= {
            "state_in": state.ctypes.data,
            "state_out": after.ctypes.data,
            "out": out.ctypes.data,
            "checkpoints": 0 if checkpoints is None else checkpoints.ctypes.data,
        }
        variant = Variant("forward", self.dtype, **names)
        run_kernel(program, variant, words, width, threads=self.threads, steps=steps, every=every)
        del kept
        return Forward(out, after, checkpoints)

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
        steps: int | None = None,
        out: Mapping[str, Array] | None = None,
    ) -> Backward:
        """Gradients of a `forward`, in reverse time.

        Arguments:
            program: What was run.
            coefs: As in `forward`.
            inputs: As in `forward`.
            checkpoints: States before every ``checkpoint_every``-th step, from a forward run.
            checkpoint_every: As in `forward`.
            grad_out: Gradient at the outputs (T, B, F), or None for zero.
            grad_state: Gradient at the last states (S, B, F), or None for zero.
            want_inputs: Inputs whose gradient is wanted.
            want_coefs: Coefficients whose gradient is wanted.
            constant: Inputs that are the same at every step; their gradients are summed over time.
            steps: T; needed only if there is neither an input nor ``grad_out``.
            out: Buffers (T, B, F) for gradients of inputs, by name.

        Returns:
            Gradients of the wanted inputs (T, B, F) or (1, B, F), of the first states (S, B, F) and
            of the wanted coefficients (F,): these summed over time and batch in float64.

        Raises:
            ShapeError, EngineError: something given does not fit the Program.
        """
        steps = _steps(inputs, grad_out, steps)
        refuse_chance("cpu engine", program)
        check.check_names("input", want_inputs, program.inputs)
        check.check_names("coefficient", want_coefs, program.coefs)
        check.check_names("input", constant, want_inputs)
        if checkpoint_every < 1 or np.ndim(checkpoints) != 4:
            raise ShapeError(
                "cpu engine: checkpoints must be (K, S, B, F) with checkpoint_every >= 1, got "
                f"{np.shape(checkpoints)} and {checkpoint_every}.",
                hint="take both from forward(..., checkpoint_every=k)",
            )
        batch, features = np.shape(checkpoints)[2:]
        width = batch * features
        count = max(1, -(-steps // checkpoint_every))
        shape = (count, len(program.states), batch, features)
        check.check_shape("checkpoints", checkpoints, shape, "checkpoints, states, batch, neurons")
        checkpoints = check.packed("checkpoints", checkpoints, self.dtype)
        words, kept, names = self._shared(program, coefs, inputs, steps, batch, features)
        if grad_state is None:
            grad_state = np.zeros(shape[1:], self.dtype)
        check.check_shape("grad_state", grad_state, shape[1:], "states, batch, neurons")
        grad_state = check.packed("grad_state", grad_state, self.dtype)
        to_state = np.empty_like(grad_state)
        to_coefs = np.zeros((len(want_coefs), padded(width)))
        buffers = out or {}
        to_inputs = {}
        for name in want_inputs:
            rows = (1 if name in constant else steps, batch, features)
            buffer = buffers.get(name)
            to_inputs[name] = np.empty(rows, self.dtype) if buffer is None else buffer
            check.check_buffer(to_inputs[name], rows, self.dtype)
            if name in constant:
                to_inputs[name].fill(0)
            words[f"grad:input:{name}"] = to_inputs[name].ctypes.data
        if grad_out is not None:
            check.check_shape(
                "grad_out", grad_out, (steps, batch, features), "time, batch, neurons"
            )
            grad_out = check.packed("grad_out", grad_out, self.dtype)
            words["grad_out"] = grad_out.ctypes.data
        words |= {
            "checkpoints": checkpoints.ctypes.data,
            "grad_state_in": grad_state.ctypes.data,
            "grad_state_out": to_state.ctypes.data,
            "grad_coefs": to_coefs.ctypes.data,
        }
        variant = Variant(
            "backward",
            self.dtype,
            **names,
            grad_out=grad_out is not None,
            want_inputs=want_inputs,
            want_coefs=want_coefs,
            constant=constant,
        )
        every = max(1, min(checkpoint_every, steps))
        run_kernel(program, variant, words, width, threads=self.threads, steps=steps, every=every)
        del kept
        sums = to_coefs[:, :width].reshape(len(want_coefs), batch, features).sum(axis=1)
        return Backward(to_inputs, to_state, dict(zip(want_coefs, sums, strict=True)))

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
        """Run a population of N neurons and keep its spikes and chosen states.

        Arguments:
            program: What to run.
            coefs: Coefficient -> number or array (N,).
            state: States before the first step, (S, N).
            steps: T.
            inputs: Input -> None, a constant (N,), or an array (T, N).
            spikes: How to give spikes: as steps and neurons, as bits, or not.
            record: States to keep, as they are after a step.
            every: Keep the states after steps 0, every, 2 every, …
            chance: Where random numbers come from; for a Program that draws some.

        Returns:
            Last states, spikes, and traces (ceil(T / every), N).

        Raises:
            ShapeError, EngineError: something given does not fit the Program.
        """
        return simulate(
            program,
            coefs,
            state,
            steps,
            inputs,
            spikes=spikes,
            record=record,
            every=every,
            chance=chance,
            dtype=self.dtype,
            threads=self.threads,
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
        """Step a tree of compartments; `Reference.cable` describes the arguments."""
        from spikeloom.engines.cpu.cable import run_cable

        nodes = np.empty(0, np.int64) if watch is None else watch
        return run_cable(plan, state, drive, record, every, nodes, self.dtype)

    def ir(self, program: Program, which: Kind | None = None) -> str:
        """The LLVM IR of a kernel, with the instruction of the Program above the lines it became.

        It is shown with all inputs given and every gradient wanted, and ``simulate`` with one
        group of neurons at a time; other uses have other kernels.

        Arguments:
            program: What to show.
            which: ``forward``, ``backward`` or ``simulate``; None for the first, or for the last
                where random numbers are drawn.
        """
        from spikeloom.engines.cpu.host import this_host
        from spikeloom.engines.cpu.kernels import write_kernel

        which = which or ("simulate" if program.random else "forward")
        if which != "simulate":
            refuse_chance("cpu engine", program)
        variant = Variant(
            which,
            self.dtype,
            inputs=program.inputs,
            want_inputs=program.inputs if which == "backward" else (),
            want_coefs=program.coefs if which == "backward" else (),
            spikes=which == "simulate" and program.spikes,
        )
        return write_kernel(program, variant, this_host())

    def _state(self, program: Program, what: str, state: Array) -> tuple[Array, int, int]:
        if np.ndim(state) != 3 or len(state) != len(program.states):
            raise ShapeError(
                f"cpu engine: {what} must have shape ({len(program.states)}, batch, neurons), got "
                f"{np.shape(state)}.",
                hint=f"one row for each of the states {', '.join(program.states)}",
            )
        return check.packed(what, state, self.dtype), state.shape[1], state.shape[2]

    def _shared(
        self,
        program: Program,
        coefs: Mapping[str, Array],
        inputs: Inputs,
        steps: int,
        batch: int,
        features: int,
    ) -> tuple[dict[str, int], list[Array], dict[str, Any]]:
        """Slots for coefficients and inputs, the arrays behind them, and the variant's names."""
        single, columns = check.coefficients(program, coefs, features, self.dtype)
        table = pack_columns(columns, batch, features, self.dtype)
        words = {"scalars": single.ctypes.data, "columns": table.ctypes.data}
        kept = [single, table]
        check.check_names("input", inputs, program.inputs)
        present = tuple(name for name in program.inputs if inputs.get(name) is not None)
        for name in present:
            shape = (steps, batch, features)
            check.check_shape(f"input {name!r}", inputs[name], shape, "time, batch, neurons")
            array, stride = check.over_time(f"input {name!r}", inputs[name], self.dtype)
            words |= {f"input:{name}": array.ctypes.data, f"stride:{name}": stride}
            kept.append(array)
        return words, kept, {"columns": tuple(columns), "inputs": present}


def _steps(inputs: Inputs, grad_out: Array | None, steps: int | None) -> int:
    if steps is not None:
        return steps
    for array in (grad_out, *inputs.values()):
        if array is not None:
            return len(array)
    raise ShapeError(
        "cpu engine: backward cannot tell the number of steps: no input and no grad_out is given.",
        hint="pass steps=",
    )
