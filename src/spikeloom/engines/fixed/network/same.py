"""Whether native code gives the reference's bits for everything in a network.

Whole numbers always agree. Real ones do where every operation is one that IEEE 754 rounds in one
way only, and no sum is taken in another order; exponentials, for one, differ in the last bit.
"""

from __future__ import annotations

from collections import Counter

from spikeloom.compile.program import Program
from spikeloom.compile.tick_program import TickProgram
from spikeloom.engines.inputs import Series
from spikeloom.engines.network_plan import NetworkPlan, PopulationPlan

SURE = frozenset(
    {"leaf", "const", "add", "sub", "mul", "div", "neg", "abs", "sqrt", "sign", "floor", "ceil"}
    | {"min", "max", "lt", "le", "gt", "ge", "and", "or", "not", "select", "indicator"}
)
"""Operations with one possible result."""


def differs(plan: NetworkPlan) -> str | None:
    """The first part of a network whose real numbers may differ in the last bit, in words.

    Arguments:
        plan: The network.

    Returns:
        What it is; None where all bits are those of the reference.
    """
    if plan.couplings:
        return "gap junctions"
    for p in plan.projections:
        if p.learning is not None:
            return f"synapses that learn, {p.name or p.channel!r}"
    driven = Counter((d.target, d.input) for d in plan.drives)
    for d in plan.drives:
        p = plan.populations[d.target]
        once = driven[d.target, d.input] == 1 and d.input not in p.constants
        if not isinstance(d.term.series, Series) or (isinstance(p.program, Program) and not once):
            return f"what flows into {p.entity or p.program.model} from outside"
    for p in plan.populations:
        if p.trains is None and not _sure(p):
            return f"the equations of {p.entity or p.program.model}"
    return None


def _sure(p: PopulationPlan) -> bool:
    program = p.program
    if isinstance(program, TickProgram):
        return True
    if type(program) is not Program:  # a cell with a shape solves a system in each step
        return False
    return not program.random and all(i.op in SURE for i in program.forward.instrs)
