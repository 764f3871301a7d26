"""A Block of instructions -> lines of a Triton kernel, one for each instruction."""

from __future__ import annotations

from collections.abc import Mapping

from spikeloom.compile.program import Block, Instr
from spikeloom.errors import EngineError

INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/"} | {
    "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "and": "&", "or": "|"
}  # fmt: skip
DIRECT = {"exp": "tl.exp", "log": "tl.log", "sqrt": "tl.sqrt", "abs": "tl.abs"} | {
    "sin": "tl.sin", "cos": "tl.cos", "floor": "tl.floor", "ceil": "tl.ceil", "erf": "tl.erf",
    "min": "smaller", "max": "larger", "select": "tl.where",
}  # fmt: skip
ROUNDED = {"div": "tl.div_rn", "sqrt": "tl.sqrt_rn"}
"""In float32 the plain ones are approximations of the GPU."""
WIDE = frozenset(("expm1", "log1p", "tanh", "sigmoid", "sinh", "cosh", "atan", "exprel", "exprel1"))
"""Functions of `functions.HEADER`, which give float64."""
MAX_POWER = 16
"""Whole exponents up to this are multiplied out."""


def write_block(block: Block, given: Mapping[str, str], dtype: str) -> list[str]:
    """The instructions, as ``x0``, ``x1``, …; a leaf is the name it is given.

    Arguments:
        block: What to write.
        given: Leaf -> variable of the kernel.
        dtype: ``"float32"`` or ``"float64"``.

    Raises:
        EngineError: An instruction that this engine does not know.

    >>> b = Block((Instr("leaf", name="state:v"), Instr("mul", (0, 0))), (("out", 1),))
    >>> write_block(b, {"state:v": "s0"}, "float64")
    ['x0 = s0', 'x1 = x0 * x0']
    """
    return [
        f"x{place} = {_write(block, instr, given, dtype)}"
        for place, instr in enumerate(block.instrs)
    ]


def _write(block: Block, instr: Instr, given: Mapping[str, str], dtype: str) -> str:
    op, args = instr.op, [f"x{a}" for a in instr.args]
    if op == "leaf":
        return given[str(instr.name)]
    if op == "const":
        return constant(float(instr.value or 0.0), dtype)
    if op in ROUNDED and dtype == "float32":
        return f"{ROUNDED[op]}({', '.join(args)})"
    if op in INFIX:
        return f"{args[0]} {INFIX[op]} {args[1]}"
    if op in DIRECT:
        return f"{DIRECT[op]}({', '.join(args)})"
    if op in WIDE:
        return f"{op}({args[0]}).to(tl.{dtype})"
    if op == "neg":
        return f"-{args[0]}"
    if op == "not":
        return f"~{args[0]}"
    if op == "sign":
        one, less = constant(1.0, dtype), constant(-1.0, dtype)
        return f"tl.where({args[0]} > 0, {one}, tl.where({args[0]} < 0, {less}, {args[0]}))"
    if op == "indicator":
        return f"{args[0]}.to(tl.{dtype})"
    if op == "pow":
        return _power(block.instrs[instr.args[1]], args[0], args[1], dtype)
    raise EngineError(
        f"GPU engine: the instruction {op!r} is not known to it.",
        hint="the Program was written by a newer compiler, or a prologue was taken for a step",
    )


def constant(value: float, dtype: str) -> str:
    """A number in the precision of the kernel; a bare literal would be rounded to float32."""
    return f"tl.full([BLOCK], {value!r}, tl.{dtype})"


def _power(exponent: Instr, x: str, y: str, dtype: str) -> str:
    value = exponent.value if exponent.op == "const" else None
    if value == 0.5:
        return f"{ROUNDED['sqrt'] if dtype == 'float32' else 'tl.sqrt'}({x})"
    if value is not None and value == int(value) and 1 <= abs(value) <= MAX_POWER:
        product = " * ".join([x] * int(abs(value)))
        return product if value > 0 else _write_inverse(product, dtype)
    return f"power({x}, {y}).to(tl.{dtype})"


def _write_inverse(product: str, dtype: str) -> str:
    one = constant(1.0, dtype)
    return f"tl.div_rn({one}, {product})" if dtype == "float32" else f"{one} / ({product})"
