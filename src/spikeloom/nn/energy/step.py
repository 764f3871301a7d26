"""Operations of one time step of one neuron, counted in the Program that the engines run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from spikeloom.compile.program import Program

FREE = frozenset({"leaf", "const", "item", "matrix", "indicator", "neg", "and", "or", "not"})
"""Instructions without arithmetic: names, numbers, signs and single bits."""
MULTIPLIES = frozenset({"mul"})
ADDS = frozenset(
    {"add", "sub", "min", "max", "abs", "sign", "floor", "ceil", "select"}
    | {"gt", "ge", "lt", "le", "eq", "ne"}
)


@dataclass(frozen=True)
class StepOperations:
    """Operations of one update of one neuron.

    Arguments:
        additions: Additions, subtractions, comparisons and choices between two numbers.
        multiplications: Multiplications.
        functions: Divisions, exponentials and all else.
        states: Numbers that the neuron keeps from step to step.
        kinds: Instruction -> how often.
    """

    additions: int = 0
    multiplications: int = 0
    functions: int = 0
    states: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)


RECTIFY = StepOperations(additions=1, multiplications=1, kinds={"max": 1, "mul": 1})
"""A unit of a quantised plain network: rectified, and brought to the scale of the next layer."""


def program_operations(program: Program) -> StepOperations:
    """Operations of a Program's forward block.

    >>> from spikeloom.compile import compile_neuron
    >>> from spikeloom.models import LIF
    >>> found = program_operations(compile_neuron(LIF()))
    >>> found.additions, found.multiplications, found.functions, found.states
    (5, 2, 0, 1)
    """
    kinds = Counter(i.op for i in program.forward.instrs if i.op not in FREE)
    adds = sum(n for op, n in kinds.items() if op in ADDS)
    multiplies = sum(n for op, n in kinds.items() if op in MULTIPLIES)
    rest = kinds.total() - adds - multiplies
    return StepOperations(adds, multiplies, rest, len(program.states), dict(kinds))


def step_operations(layer: nn.Module) -> StepOperations:
    """Operations of a layer of neurons; none for one that has no Program."""
    inner = getattr(layer, "neurons", layer)
    program = getattr(inner, "program", None)
    return StepOperations() if program is None else program_operations(program)
