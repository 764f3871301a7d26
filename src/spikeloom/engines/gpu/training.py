"""The GPU engine of layers: T steps and their exact reverse, each in one launch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from spikeloom.compile.program import Program
from spikeloom.engines.gpu.columns import Columns, write_backward, write_forward
from spikeloom.engines.gpu.launch import launch
from spikeloom.engines.gpu.machine import Machine, find_machine, machine_of
from spikeloom.engines.gpu.module import kernel
from spikeloom.engines.randomness import refuse_chance
from spikeloom.engines.results import Backward, Forward
from spikeloom.errors import EngineError, ShapeError, suggest

Values = Mapping[str, Any]
LANES, WARPS = 64, 2
"""Columns and warps of one program: few, so that a small layer already spreads over a GPU."""


@dataclass(frozen=True)
class GPU:
    """Runs Programs as Triton kernels.

    All arrays may be tensors of Torch, which stay on their device, or NumPy arrays, which are sent
    to it; what comes back are tensors. Nothing here waits for the device or reads a number from it.
    Inputs and gradients of outputs may be float16 or bfloat16 beside states in float32. Results are
    equal to the last bit from run to run: no sum depends on the order in which programs end.
    T steps, B batch, F neurons, S states.

    Arguments:
        dtype: Of states and arithmetic, ``float32`` or ``float64``.

    >>> GPU()
    GPU(dtype='float32')
    """

    dtype: Literal["float32", "float64"] = "float32"

    def __post_init__(self) -> None:
        if self.dtype not in ("float32", "float64"):
            raise EngineError(f"GPU: dtype must be 'float32' or 'float64', got {self.dtype!r}.")

    def forward(
        self,
        program: Program,
        coefs: Values,
        inputs: Values,
        state: Any,
        steps: int,
        *,
        checkpoint_every: int | None = None,
        out: Any = None,
    ) -> Forward:
        """Run T steps.

        Arguments:
            program: What to run.
            coefs: Coefficient -> number or (F,).
            inputs: Input -> (T, B, F), or None for no input.
            state: States before the first step, (S, B, F).
            steps: T; kernels are not compiled anew for another one.
            checkpoint_every: Keep the states before every so many steps, for `backward`.
            out: Dense buffer (T, B, F) for the answer, in the type that is wanted.

        Returns:
            Output of every step (T, B, F), last states (S, B, F), and kept states (K, S, B, F) if
            asked for.

        Raises:
            ShapeError, EngineError: Something given does not fit the Program, or there is no GPU.
        """
        refuse_chance("GPU engine", program)
        if checkpoint_every is not None and checkpoint_every < 1:
            raise EngineError(f"GPU engine: checkpoint_every must be >= 1, got {checkpoint_every}.")
        work = _Work(self.dtype, program, coefs, inputs, state, "state")
        batch, features = work.shape
        empty, every = work.machine.torch.empty, checkpoint_every or max(steps, 1)
        before = work.states
        work.check_steps(steps)
        if out is None:
            out = empty((steps, batch, features), dtype=before.dtype, device=before.device)
        _check("out", out, (steps, batch, features))
        after, kept = work.machine.torch.empty_like(before), None
        if checkpoint_every is not None:
            rows = max(1, -(-steps // every))
            kept = empty((rows, *before.shape), dtype=before.dtype, device=before.device)
            if not steps:
                kept.copy_(before.unsqueeze(0))
        v = replace(work.variant, kept=kept is not None)
        args = [before, after, out, *([] if kept is None else [kept]), *work.common]
        work.launch(v, "forward", [*args, steps, every])
        return Forward(out, after, kept)

    def backward(
        self,
        program: Program,
        coefs: Values,
        inputs: Values,
        checkpoints: Any,
        checkpoint_every: int,
        grad_out: Any,
        grad_state: Any,
        *,
        want_inputs: tuple[str, ...] = (),
        want_coefs: tuple[str, ...] = (),
        steps: int | None = None,
    ) -> Backward:
        """Gradients of a `forward`, in reverse time.

        Segments are taken from the last to the first: their states are worked out again into a
        scratch, and then the adjoint is run over them backwards.

        Arguments:
            program: What was run.
            coefs, inputs: As in `forward`.
            checkpoints: What `forward` kept.
            checkpoint_every: As in `forward`.
            grad_out: Gradient at the outputs (T, B, F), or None for zero.
            grad_state: Gradient at the last states (S, B, F), or None for zero.
            want_inputs: Inputs whose gradient is wanted.
            want_coefs: Coefficients whose gradient is wanted.
            steps: T; needed only if there is neither an input nor ``grad_out``.

        Returns:
            Gradients of the wanted inputs (T, B, F), in the type of each, of the first states
            (S, B, F) and of the wanted coefficients: (F,), and for a coefficient that is one number
            for all (); in float64, summed over time and samples, in a fixed order.

        Raises:
            ShapeError, EngineError: Something given does not fit the Program, or there is no GPU.
        """
        refuse_chance("GPU engine", program)
        _check_names("input", want_inputs, program.inputs)
        _check_names("coefficient", want_coefs, program.coefs)
        if len(getattr(checkpoints, "shape", ())) != 4 or len(checkpoints) < 1:
            raise ShapeError(
                "GPU engine: checkpoints must be (K, S, batch, neurons) with K >= 1, got "
                f"{tuple(getattr(checkpoints, 'shape', ()))}.",
                hint="give what forward(..., checkpoint_every=...) kept",
            )
        if checkpoint_every < 1:
            raise EngineError(f"GPU engine: checkpoint_every must be >= 1, got {checkpoint_every}.")
        work = _Work(self.dtype, program, coefs, inputs, checkpoints[0], "checkpoints")
        steps = _steps(grad_out, work.inputs, steps)
        work.check_steps(steps)
        batch, features = work.shape
        whole = (steps, batch, features)
        every = max(1, min(checkpoint_every, steps))
        torch, like = work.machine.torch, work.states
        kept = work.put(checkpoints, self.dtype).contiguous()
        if len(kept) != max(1, -(-steps // every)):
            raise ShapeError(
                f"GPU engine: {steps} steps with states kept every {checkpoint_every} need "
                f"{max(1, -(-steps // every))} checkpoints, got {len(kept)}."
            )
        grads = [None if g is None else work.put(g).contiguous() for g in (grad_out, grad_state)]
        for name, g, shape in zip(
            ("grad_out", "grad_state"), grads, (whole, tuple(like.shape)), strict=True
        ):
            if g is not None:
                _check(name, g, shape)
        if grads[1] is not None:
            grads[1] = grads[1].to(like.dtype)
        to_inputs = {
            name: torch.empty(
                whole,
                dtype=work.inputs[name].dtype if name in work.inputs else like.dtype,
                device=like.device,
            )
            for name in want_inputs
        }
        v = replace(
            work.variant,
            grads=(grads[0] is not None, grads[1] is not None),
            want_inputs=want_inputs,
            want_coefs=want_coefs,
        )
        widths = [work.programs if n in v.shared else batch * features for n in want_coefs]
        sums = [torch.zeros(w, dtype=torch.float64, device=like.device) for w in widths]
        to_state = torch.empty_like(like)
        scratch = torch.empty((every, *like.shape), dtype=like.dtype, device=like.device)
        args = [kept, scratch, to_state, *(g for g in grads if g is not None)]
        args += [*to_inputs.values(), *sums, *work.common]
        work.launch(v, "backward", [*args, steps, every])
        to_coefs = {
            n: s.sum() if n in v.shared else s.view(batch, features).sum(0)
            for n, s in zip(want_coefs, sums, strict=True)
        }
        return Backward(to_inputs, to_state, to_coefs)


class _Work:
    """What is given, on the device and checked, in the order in which both kernels take it."""

    def __init__(
        self, dtype: str, program: Program, coefs: Values, inputs: Values, state: Any, what: str
    ) -> None:
        self.machine: Machine = machine_of(state) if hasattr(state, "is_cuda") else find_machine()
        self.states = self.put(state, dtype).contiguous()
        if self.states.dim() != 3 or len(self.states) != len(program.states):
            raise ShapeError(
                f"GPU engine: {what} must have shape ({len(program.states)}, batch, neurons), got "
                f"{tuple(self.states.shape)}.",
                hint=f"one row for each of the states {', '.join(program.states)}",
            )
        self.shape = batch, features = int(self.states.shape[1]), int(self.states.shape[2])
        self.programs = -(-batch * features // LANES)
        _check_names("input", inputs, program.inputs)
        self.inputs = {
            n: _dense_steps(self.put(inputs[n]))
            for n in program.inputs
            if inputs.get(n) is not None
        }
        missing = [n for n in program.coefs if n not in coefs]
        if missing:
            raise EngineError(f"GPU engine: no value for coefficient {missing[0]!r}.")
        values = {n: self.put(coefs[n], dtype) for n in program.coefs}
        shared = tuple(n for n, x in values.items() if x.dim() == 0)
        each = tuple(n for n in values if n not in shared)
        for n in each:
            _check(f"coefficient {n!r}", values[n], (features,))
        self.variant = Columns(program, program.key, dtype, shared, each, tuple(self.inputs))
        self.common: list[Any] = []
        for names in (shared, each):
            if names:
                self.common.append(self.machine.torch.stack([values[n] for n in names]))
        for x in self.inputs.values():
            self.common += [x, x.stride(0)]

    def put(self, value: Any, dtype: str | None = None) -> Any:
        """A tensor on the device; one that is there stays as it is."""
        torch = self.machine.torch
        given = torch.as_tensor(value).detach()
        if not given.is_floating_point():
            given = given.double()
        wanted = given.dtype if dtype is None else getattr(torch, dtype)
        return given.to(device=self.machine.device, dtype=wanted)

    def check_steps(self, steps: int) -> None:
        """Raise unless the inputs have that many."""
        if steps < 0:
            raise ShapeError(f"GPU engine: steps must be at least 0, got {steps}.")
        for name, x in self.inputs.items():
            _check(f"input {name!r}", x, (steps, *self.shape))

    def launch(self, variant: Columns, name: str, args: list[Any]) -> None:
        """Start a kernel for all columns, on the device of the tensors."""
        if not self.programs:
            return
        m = self.machine
        here = nullcontext() if m.interpreted else m.torch.cuda.device(m.device)
        args = [*args, self.shape[0] * self.shape[1], self.shape[1]]
        with here:
            launch(m, _kernel(variant, name), (self.programs,), args, {"BLOCK": LANES}, warps=WARPS)


@lru_cache(maxsize=256)
def _kernel(variant: Columns, name: str) -> Any:
    return kernel((write_forward if name == "forward" else write_backward)(variant), name)


def _dense_steps(x: Any) -> Any:
    """Steps may lie anywhere, so that a constant input is not copied; each must be in one piece."""
    return x if len(x) == 0 or x[0].is_contiguous() else x.contiguous()


def _steps(grad_out: Any, inputs: Values, steps: int | None) -> int:
    if steps is not None:
        return steps
    for array in (grad_out, *inputs.values()):
        if array is not None:
            return len(array)
    raise ShapeError(
        "GPU engine: backward cannot tell the number of steps: no input and no grad_out is given.",
        hint="pass steps=",
    )


def _check(what: str, array: Any, shape: tuple[int, ...]) -> None:
    if tuple(array.shape) != shape:
        raise ShapeError(f"GPU engine: {what} must have shape {shape}, got {tuple(array.shape)}.")


def _check_names(what: str, names: Iterable[str], known: tuple[str, ...]) -> None:
    for name in names:
        if name not in known:
            raise EngineError(
                f"GPU engine: {name!r} is no {what} of the model.", hint=suggest(name, known)
            )
