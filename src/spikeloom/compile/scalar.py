"""Blocks for one neuron in plain Python numbers: for solvers that ask one point at a time.

NumPy's operations cost ten times as much for a single number as Python's own. The meaning is that
of the table in `spikeloom.compile.numeric`, against which the tests hold every operation.
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


def _guarded(function: Callable[[float], float], above: float) -> Callable[[float], float]:
    """A function of `math` that answers like NumPy where Python raises, with `above` there."""

    def safe(a: float) -> float:
        try:
            return function(a)
        except ValueError:
            return math.nan
        except OverflowError:
            return above if a > 0 else -above

    return safe


def _exprel(a: float) -> float:
    return math.expm1(a) / a if a else 1.0


def _div(a: float, b: float) -> float:
    if b:
        return a / b
    return a * math.inf if a and a == a else math.nan


def _log(a: float) -> float:
    return math.log(a) if a > 0 else (-math.inf if a == 0 else math.nan)


def _pow(a: float, b: float) -> float:
    try:
        made = a**b
    except OverflowError:
        return math.inf
    except ZeroDivisionError:
        return math.inf
    return made if isinstance(made, float) else math.nan


def _sigmoid(a: float) -> float:
    if a >= 0:
        return 1 / (1 + math.exp(-a))
    grown = math.exp(a)
    return grown / (1 + grown)


def _round(function: Callable[[float], int]) -> Callable[[float], float]:
    def rounded(a: float) -> float:
        return float(function(a)) if math.isfinite(a) else a

    return rounded


def _by_numpy(op: str) -> Callable[[float], float]:
    """The operation of the table itself, where Python has none."""

    def looked_up(a: float) -> float:
        with np.errstate(all="ignore"):
            return float(OPERATIONS[op](np.float64(a)))

    return looked_up


def _sign(a: float) -> float:
    return float((a > 0) - (a < 0)) if a == a else a


def _min(a: float, b: float) -> float:
    return a if a < b or a != a else b


def _max(a: float, b: float) -> float:
    return a if a > b or a != a else b


def _log1p(a: float) -> float:
    return _log(1 + a) if a <= -1 else math.log1p(a)


def _sqrt(a: float) -> float:
    return math.nan if a < 0 else math.sqrt(a)


def _even(function: Callable[[float], float]) -> Callable[[float], float]:
    safe = _guarded(function, math.inf)

    def of_size(a: float) -> float:
        return safe(abs(a))

    return of_size


def _and(a: bool, b: bool) -> bool:
    return a and b


def _or(a: bool, b: bool) -> bool:
    return a or b


def _select(condition: bool, a: float, b: float) -> float:
    return a if condition else b


SCALAR: Mapping[str, Callable[..., Any]] = {
    **FOLD,
    "div": _div,
    "min": _min,
    "max": _max,
    "pow": _pow,
    "log": _log,
    "log1p": _log1p,
    "sqrt": _sqrt,
    "sign": _sign,
    "sigmoid": _sigmoid,
    "exp": _guarded(math.exp, math.inf),
    "expm1": _guarded(math.expm1, math.inf),
    "exprel": _guarded(_exprel, math.inf),
    "sinh": _guarded(math.sinh, math.inf),
    "cosh": _even(math.cosh),
    "sin": _guarded(math.sin, math.nan),
    "cos": _guarded(math.cos, math.nan),
    "exprel1": _by_numpy("exprel1"),
    "floor": _round(math.floor),
    "ceil": _round(math.ceil),
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "and": _and,
    "or": _or,
    "not": operator.not_,
    "select": _select,
    "indicator": float,
}
"""Operation → the same in Python's numbers. Matrices are missing: they belong to a prologue."""


def scalar_function(
    block: Block, fixed: Mapping[str, float], given: Sequence[str]
) -> Callable[[Sequence[float]], list[float]]:
    """A block as a function of numbers.

    Arguments:
        block: What to run, without matrices.
        fixed: Leaf name → its number, always the same.
        given: Names of the leaves that are given at each call, in this order.

    Returns:
        A function of those numbers; it gives the outputs in order.
    """
    place = {name: i for i, name in enumerate(given)}
    ready: list[Any] = []
    filled: list[tuple[int, int]] = []
    work: list[tuple[int, Callable[..., Any], tuple[int, ...]]] = []
    for at, instr in enumerate(block.instrs):
        value: float = 0.0
        name = instr.name or ""
        if instr.op == "const":
            value = float(instr.value or 0.0)
        elif instr.op == "leaf" and name in place:
            filled.append((at, place[name]))
        elif instr.op == "leaf":
            value = float(fixed[name])
        elif instr.op in SCALAR:
            work.append((at, SCALAR[instr.op], instr.args))
        else:
            raise CompileError(f"There is no {instr.op!r} for single numbers.")
        ready.append(value)
    outputs = [at for _, at in block.outputs]

    def run(numbers: Sequence[float]) -> list[float]:
        values = ready.copy()
        for at, index in filled:
            values[at] = numbers[index]
        for at, operation, args in work:
            if len(args) == 2:
                values[at] = operation(values[args[0]], values[args[1]])
            else:
                values[at] = operation(*[values[a] for a in args])
        return [values[at] for at in outputs]

    return run
