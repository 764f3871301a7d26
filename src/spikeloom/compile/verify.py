"""What a legal Program is, as code that runs on every Program."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from typing import Any

from spikeloom.compile.program import Block, Instr, Program
from spikeloom.errors import VerificationError

NUMBER, BOOL, MATRIX = "number", "bool", "matrix"

_UNARY = (
    *("neg", "abs", "sign", "floor", "ceil", "sqrt", "exp", "expm1", "log", "log1p", "erf"),
    *("tanh", "sigmoid", "sinh", "cosh", "sin", "cos", "atan", "exprel", "exprel1"),
)
_BINARY = ["add", "sub", "mul", "div", "pow", "min", "max"]
_COMPARE = ["lt", "le", "gt", "ge"]

SIGNATURES: dict[str, tuple[tuple[str, ...], str]] = {
    **{op: ((NUMBER,), NUMBER) for op in _UNARY},
    **{op: ((NUMBER, NUMBER), NUMBER) for op in _BINARY},
    **{op: ((NUMBER, NUMBER), BOOL) for op in _COMPARE},
    "and": ((BOOL, BOOL), BOOL),
    "or": ((BOOL, BOOL), BOOL),
    "not": ((BOOL,), BOOL),
    "select": ((BOOL, NUMBER, NUMBER), NUMBER),
    "indicator": ((BOOL,), NUMBER),
    "expm1m": ((MATRIX,), MATRIX),
    "spread": ((MATRIX, MATRIX), MATRIX),
    "item": ((MATRIX,), NUMBER),
}
"""Operation → (types of the arguments, type of the result); const, leaf, matrix are apart."""

NAME = re.compile(r"[^\W\d]\w*(\.\w+)*")
LARGEST = sys.float_info.max
PROLOGUE_ONLY = frozenset({"matrix", "expm1m", "spread", "item"})
RANDOM = ("normal:", "uniform:")
"""Beginnings of the names of random numbers."""


def verify(program: Program) -> Program:
    """The Program itself, or a `VerificationError` that names the broken rule."""
    _form(program)
    expected_state = {f"state:{n}" for n in program.states}
    step_leaves = (
        expected_state
        | {f"input:{n}" for n in program.inputs}
        | {f"coef:{n}" for n in program.coefs}
    )
    given = {f"coef:{n}" for n in program.coefs} | {f"start:{n}" for n in program.states}
    gradients = {f"grad:state:{n}" for n in program.states} | {"grad:out"}
    params = {"dt"} | {f"param:{n}" for n in program.params}
    backward = {f"grad:{leaf}" for leaf in step_leaves}
    model, reads = program.model, step_leaves | set(program.random)
    verify_block(model, "prologue", program.prologue, params, given)
    verify_block(model, "forward", program.forward, reads, expected_state | {"out"})
    verify_block(model, "backward", program.backward, reads | gradients, backward)
    for label in ("states", "coefs", "random"):
        names = getattr(program, label)
        if len(set(names)) != len(names):
            raise VerificationError(f"{program.model}: {label} must differ, got {names}.")
    return program


def _form(program: Program) -> None:
    """Values of the right kinds; a Program that was read from text could hold anything."""
    words: tuple[Any, ...] = (program.model, program.method, program.reason, program.time_unit)
    names: tuple[Any, ...] = program.states + program.inputs + program.params + program.coefs
    random: tuple[Any, ...] = program.random
    for name in random:
        if not isinstance(name, str) or not name.startswith(RANDOM):
            raise VerificationError(f"{program.model}: {name!r} is no random number.")
    names += tuple(name.partition(":")[2] for name in random)
    spikes: Any = program.spikes
    if not all(isinstance(word, str) for word in words) or not isinstance(spikes, bool):
        raise VerificationError("Program: model, method, reason, time unit and spikes are words.")
    for name in names:
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise VerificationError(f"{program.model}: {name!r} is no name.")
    for label in ("prologue", "forward", "backward"):
        block: Block = getattr(program, label)
        indices: list[Any] = [index for _, index in block.outputs]
        for instr in block.instrs:
            indices += instr.args
            kinds: tuple[Any, ...] = (instr.op, "" if instr.name is None else instr.name)
            number: Any = 0 if instr.value is None else instr.value
            if not all(isinstance(kind, str) for kind in kinds) or not _is_number(number):
                raise VerificationError(f"{program.model}, {label}: {instr} is no instruction.")
        if not all(isinstance(i, int) and not isinstance(i, bool) for i in indices):
            raise VerificationError(f"{program.model}, {label}: a place is no whole number.")
        given: tuple[Any, ...] = block.names
        if not all(isinstance(name, str) for name in given):
            raise VerificationError(f"{program.model}, {label}: an output has no name.")


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and not abs(value) > LARGEST


def verify_block(model: str, label: str, block: Block, leaves: set[str], outputs: set[str]) -> None:
    """Raise unless a block reads only these leaves and gives exactly these outputs."""
    types: list[str] = []
    for place, instr in enumerate(block.instrs):

        def broken(rule: str, place: int = place, instr: Instr = instr) -> VerificationError:
            return VerificationError(f"{model}, {label}[{place}] {instr}: {rule}.")

        if any(not 0 <= a < place for a in instr.args):
            raise broken("arguments must be earlier instructions")
        if instr.op in PROLOGUE_ONLY and label != "prologue":
            raise broken("matrices belong to the prologue")
        types.append(_type(instr, [types[a] for a in instr.args], leaves, broken))
    if set(block.names) != outputs or len(block.names) != len(outputs):
        missing, extra = sorted(outputs - set(block.names)), sorted(set(block.names) - outputs)
        raise VerificationError(
            f"{model}, {label}: outputs missing {missing}, not expected {extra}."
        )
    for name, place in block.outputs:
        if not 0 <= place < len(types) or types[place] != NUMBER:
            raise VerificationError(f"{model}, {label}: output {name} is no number.")


def _type(
    instr: Instr,
    args: list[str],
    leaves: set[str],
    broken: Callable[[str], VerificationError],
) -> str:
    if instr.op == "const":
        if args or instr.value is None or math.isnan(instr.value):
            raise broken("a const needs a number and no arguments")
        return NUMBER
    if instr.op == "leaf":
        if args or instr.name not in leaves:
            raise broken("this block must not read that leaf")
        return NUMBER
    if instr.op == "matrix":
        if instr.value is None or len(args) != instr.value * instr.value or {*args} != {NUMBER}:
            raise broken("a matrix needs size² numbers")
        return MATRIX
    signature = SIGNATURES.get(instr.op)
    if signature is None:
        raise broken("unknown operation")
    if tuple(args) != signature[0]:
        raise broken(f"expected arguments {signature[0]}, got {tuple(args)}")
    return signature[1]
