"""A block of instructions for plain Python numbers: fast where one point is asked for at a time.

NumPy spends a microsecond on every operation however small its arrays are, and an integrator with
an adaptive step asks for thousands of single points. The meaning of every operation is that of
`compile.numeric`, which a test compares.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from spikeloom.compile.graph import FOLD
from spikeloom.compile.numeric import OPERATIONS
from spikeloom.compile.program import Block
from spikeloom.errors import CompileError

Step = tuple[int, Callable[..., Any], int, int, int]


def _guarded(function: Callable[[float], float], beyond: float) -> Callable[[float], float]:
    def guarded(a: float) -> float:
        try:
            return function(a)
        except (ValueError, OverflowError, ZeroDivisionError):
            return beyond

    return guarded


def _sigmoid(a: float) -> float:
    return 1 / (1 + math.exp(-a)) if a > -700 else 0.0


def _log(a: float) -> float:
    return math.log(a) if a > 0 else (-math.inf if a == 0 else math.nan)


def _select(condition: Any, a: float, b: float) -> float:
    return a if condition else b


def _by_numpy(name: str) -> Callable[..., Any]:
    function = OPERATIONS[name]
    return lambda *args: float(function(*[np.float64(a) for a in args]))


SCALAR: Mapping[str, Callable[..., Any]] = {
    **FOLD,
    "log": _log,
    "sqrt": _guarded(math.sqrt, math.nan),
    "sign": lambda a: math.copysign(1.0, a) if a else 0.0,
    "sigmoid": _sigmoid,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
    "not": operator.not_,
    "select": _select,
    "indicator": float,
    **{name: _by_numpy(name) for name in ("pow", "sinh", "cosh", "log1p", "exprel1")},
    **{name: _by_numpy(name) for name in ("floor", "ceil")},
}
"""Operations on floats; conditions are Python's own."""


def tape(block: Block, leaves: Sequence[str]) -> Callable[[Sequence[float]], list[float]]:
    """A function from the values of these leaves to the outputs of the block, in their order.

    >>> from spikeloom import FitzHughNagumo
    >>> from spikeloom.lab.vector_field import vector_field
    >>> flow = vector_field("example", FitzHughNagumo(), {}).flow
    >>> tape(flow, ("state:v", "state:w"))([0.0, 0.0])
    [0.0, 0.055999999999999994]
    """
    first: list[Any] = [0.0] * len(block.instrs)
    place: list[tuple[int, int]] = []
    steps: list[tuple[int, Callable[..., Any], tuple[int, ...]]] = []
    for k, instr in enumerate(block.instrs):
        if instr.op == "const":
            first[k] = float(instr.value or 0.0)
        elif instr.op == "leaf":
            place.append((k, leaves.index(instr.name or "")))
        elif instr.op in SCALAR:
            steps.append((k, SCALAR[instr.op], instr.args))
        else:
            raise CompileError(f"There is no {instr.op!r} for single numbers.")
    outputs = [index for _, index in block.outputs]
    unary = [len(args) for _, _, args in steps]

    def run(values: Sequence[float]) -> list[float]:
        made = first.copy()
        for k, i in place:
            made[k] = values[i]
        for (k, function, args), count in zip(steps, unary, strict=True):
            if count == 2:
                made[k] = function(made[args[0]], made[args[1]])
            elif count == 1:
                made[k] = function(made[args[0]])
            else:
                made[k] = function(*[made[a] for a in args])
        return [made[k] for k in outputs]

    return run
