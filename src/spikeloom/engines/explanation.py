"""`explain`: what becomes of a model, as text that a person can check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from spikeloom.compile import Method, Program, bind, compile_ticks
from spikeloom.compile.choice import program_for
from spikeloom.compile.explain import explain as explain_program
from spikeloom.compile.tick_explain import explain_ticks
from spikeloom.compile.values import numbers
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.models import ATan

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory, Surrogate


class Printer(Protocol):
    """An engine that can show the code it generates."""

    def ir(self, program: Program) -> str:
        """The code of a kernel."""
        ...


def explain(
    neuron: Cell | Neuron | Refractory,
    *,
    dt: Quantity = 0.1 * ms,
    method: Method | None = None,
    surrogate: Surrogate | None = None,
    engine: Printer | None = None,
) -> str:
    """Equations, the discretised step, its adjoint, the coefficients, and the kernel.

    Arguments:
        neuron: A neuron value; where a parameter is a distribution, its draw for one neuron.
        dt: Time step at which the coefficients are worked out.
        method: How to integrate; None chooses and says why.
        surrogate: Shape of the gradient of a spike; `ATan` if None.
        engine: Whose generated code to add, such as ``CPU()``; None adds none. Of a model of whole
            numbers any engine adds the code of `Fixed`.

    Example:
        >>> from spikeloom.models import LIF
        >>> print(explain(LIF(), dt=1 * ms))  # doctest: +ELLIPSIS
        LIF  1 state (v in mV) · inflow I in nA
          dv/dt = (E - v + R*I)/tau : mV
        ...
    """
    if neuron.definition.ticks:
        return _of_ticks(neuron, engine is not None)
    shape = ATan() if surrogate is None else surrogate
    values = numbers(neuron, shape, size=1)
    step = float(dt.to(neuron.definition.time_unit))
    program = program_for(neuron, method, values, step, shape)
    bound = bind(program, values, step)
    parts = [str(neuron), explain_program(program)]
    if bound.coefs:
        rows = [f"  {name} = {value.item():.10g}" for name, value in bound.coefs.items()]
        parts.append("\n".join([f"coefficients at dt = {dt} and the parameters above:", *rows]))
    if engine is not None:
        parts.append(engine.ir(program))
    return "\n\n".join(parts)


def _of_ticks(neuron: Cell | Neuron | Refractory, code: bool) -> str:
    """A model of whole numbers: its equations and its tick."""
    program = compile_ticks(neuron)
    parts = [str(neuron), explain_ticks(program)]
    if code:
        from spikeloom.engines.fixed import Fixed

        parts.append(Fixed().ir(program))
    return "\n\n".join(parts)
