"""The operation of `spikeloom.nn.neurons.op` for plain eager torch, at a fraction of its overhead.

A registered operation passes every call through torch's dispatcher and Python checks, which costs
more than the kernel itself for small layers. Outside ``torch.compile`` nothing of that is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from spikeloom.compile.program import Program
from spikeloom.errors import EngineError
from spikeloom.nn.neurons import kernel


@dataclass(frozen=True, eq=False)
class Call:
    """What does not change between forward and backward.

    Arguments:
        program: What is run.
        engine: ``cpu``, ``gpu`` or ``reference``.
        driven: Names of the inputs that are given.
        learnt: Names of the coefficients that come as tensors.
        fixed: All other coefficients, float64.
        every: Steps between kept states; 0 keeps none.
        steps: T. An input of one step is the same at every step, and so is its gradient's sum.
    """

    program: Program
    engine: str
    driven: tuple[str, ...]
    learnt: tuple[str, ...]
    fixed: dict[str, kernel.Array]
    every: int
    steps: int

    def split(self, tensors: tuple[Tensor, ...]) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Inputs by name, and all coefficients by name."""
        count = len(self.driven)
        inputs = {
            n: kernel.at_every(x, self.steps)
            for n, x in zip(self.driven, tensors[:count], strict=True)
        }
        return inputs, {**self.fixed, **kernel.arrays(self.learnt, tensors[count:], self.engine)}


class Scan(torch.autograd.Function):
    """``Scan.apply(call, state, *inputs, *learnt coefficients) -> (out, last states)``."""

    @staticmethod
    def forward(ctx: Any, call: Call, state: Tensor, *tensors: Tensor) -> tuple[Tensor, Tensor]:
        """See `spikeloom.nn.neurons.op.scan`."""
        inputs, coefs = call.split(tensors)
        out, after, kept = kernel.forward(
            call.program, call.engine, inputs, state, coefs, call.every
        )
        if call.every:
            ctx.call = call
            ctx.save_for_backward(kept, *tensors)
            ctx.set_materialize_grads(False)
        return out, after

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Any, ...]:
        """See `spikeloom.nn.neurons.op.scan_backward`."""
        with torch.no_grad():
            found = Scan.adjoint(ctx, *grads)
        if not torch.is_grad_enabled():
            return found
        return End.apply(torch.zeros((), requires_grad=True), *found)  # create_graph=True

    @staticmethod
    def adjoint(ctx: Any, *grads: Tensor | None) -> tuple[Any, ...]:
        """Gradients in the order of the arguments of `forward`."""
        call: Call = ctx.call
        grad_out, grad_state = grads
        kept, *tensors = ctx.saved_tensors
        inputs, coefs = call.split(tuple(tensors))
        if grad_out is None:
            grad_out = torch.zeros_like(kernel.at_every(tensors[0], call.steps))
        wanted = ctx.needs_input_grad[2:]
        count = len(call.driven)
        constant = (n for n, x in zip(call.driven, tensors, strict=False) if len(x) != call.steps)
        to_inputs, to_state, to_coefs = kernel.backward(
            call.program,
            call.engine,
            inputs,
            kept,
            coefs,
            call.every,
            (grad_out, grad_state),
            want_inputs=tuple(n for n, w in zip(call.driven, wanted[:count], strict=True) if w),
            want_coefs=tuple(n for n, w in zip(call.learnt, wanted[count:], strict=True) if w),
            constant=tuple(constant),
        )
        found = [to_inputs.get(n) for n in call.driven]
        return (None, to_state, *found, *(to_coefs.get(n) for n in call.learnt))


class End(torch.autograd.Function):
    """Gradients that cannot be differentiated again, and say so when somebody tries.

    Without it a second derivative would leave this layer out and be wrong without a word.
    """

    @staticmethod
    def forward(ctx: Any, anchor: Tensor, *grads: Tensor | None) -> tuple[Any, ...]:
        """The gradients as they are; the anchor makes torch come here for their gradient."""
        del ctx, anchor
        return tuple(None if g is None else g.view_as(g) for g in grads)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Any, ...]:
        """No way."""
        raise EngineError(
            "neuron layer: it has no second derivative.",
            hint="leave create_graph=True out, or keep this layer out of what is differentiated",
        )


def traced(tensors: Iterable[Tensor]) -> bool:
    """Whether torch must see the call: under a compiler, or with tensors that hold no numbers."""
    plain = (Tensor, torch.nn.Parameter)
    return torch.compiler.is_compiling() or any(type(t) not in plain for t in tensors)


def tensors_of(state: object) -> tuple[Tensor, ...]:
    """The tensors of a state, whatever it is: its faults are named later."""
    values = state.values() if isinstance(state, Mapping) else ()
    return tuple(x for x in values if isinstance(x, Tensor))


def no_way_back() -> EngineError:
    """The error of a backward pass without a forward that prepared it."""
    return EngineError(
        "neuron layer: its forward ran without gradients, so there is nothing to go back to.",
        hint="call the layer outside torch.no_grad() and torch.inference_mode()",
    )
