"""A Block of instructions -> LLVM values.

Only what the wanted results need is written. A product that is added or subtracted becomes one
fused multiply-add, by a rule that looks at nothing but the expression itself: so the forward,
backward and simulate kernels of a Program compute the same state to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from spikeloom.compile.program import Block, Instr
from spikeloom.engines.cpu.vecmath import FUNCTIONS
from spikeloom.engines.cpu.vector import Vec
from spikeloom.errors import EngineError

SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"} | {
    "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "and": "&", "or": "|"
}  # fmt: skip
HEAVY = {"div": 8, "sqrt": 10, "log": 20, "log1p": 25, "pow": 60, "erf": 30, "atan": 30} | {
    name: 15 for name in ("exp", "expm1", "tanh", "sigmoid", "sinh", "cosh", "exprel", "exprel1")
}  # fmt: skip
"""Vector instructions that one of these stands for."""
MAX_POWER = 16
"""Whole exponents up to this are multiplied out."""


def cost(block: Block) -> int:
    """Vector instructions of one run of a block, roughly."""
    return sum(HEAVY.get(i.op, 1) for i in block.instrs if i.op not in ("leaf", "const"))


def live(block: Block, wanted: Sequence[str]) -> list[int]:
    """The instructions that the wanted results need, in order."""
    places = dict(block.outputs)
    todo, needed = [places[name] for name in wanted], set[int]()
    while todo:
        i = todo.pop()
        if i not in needed:
            needed.add(i)
            todo += block.instrs[i].args
    return sorted(needed)


def steady(block: Block, order: Sequence[int], changing: Callable[[str], bool]) -> list[int]:
    """Those of the instructions that read nothing which changes from step to step, in order."""
    moving = set[int]()
    for i in order:
        instr = block.instrs[i]
        if (instr.name and changing(instr.name)) or not moving.isdisjoint(instr.args):
            moving.add(i)
    return [i for i in order if i not in moving]


def leaves(block: Block, wanted: Sequence[str]) -> tuple[str, ...]:
    """Names of what the wanted results read, in order of first use."""
    names = (block.instrs[i].name for i in live(block, wanted) if block.instrs[i].op == "leaf")
    return tuple(dict.fromkeys(name for name in names if name is not None))


def describe(block: Block, index: int, inside: Collection[int] = ()) -> str:
    """One instruction in words, with the products it absorbs: ``s7 = state:v + s6``.

    >>> b = Block(
    ...     (
    ...         Instr("leaf", name="state:v"),
    ...         Instr("const", value=2.0),
    ...         Instr("mul", (0, 1)),
    ...         Instr("add", (2, 0)),
    ...     ),
    ...     (),
    ... )
    >>> describe(b, 2)
    's2 = state:v * 2.0'
    >>> describe(b, 3, inside={2})
    's3 = (state:v * 2.0) + state:v'
    """

    def term(i: int) -> str:
        instr = block.instrs[i]
        if instr.op == "leaf":
            return str(instr.name)
        if instr.op == "const":
            return repr(instr.value)
        return f"({words(i)})" if i in inside else f"s{i}"

    def words(i: int) -> str:
        instr = block.instrs[i]
        args = [term(k) for k in instr.args]
        if instr.op in SIGNS and len(args) == 2:
            return f"{args[0]} {SIGNS[instr.op]} {args[1]}"
        if instr.op == "select":
            return f"{args[1]} if {args[0]} else {args[2]}"
        return f"{instr.op}({', '.join(args)})"

    return f"s{index} = {words(index)}"


def write_block(
    v: Vec, block: Block, given: Mapping[str, str], wanted: Sequence[str], fused: bool = True
) -> dict[str, str]:
    """Write the instructions; gives the name of each wanted result.

    Arguments:
        v: Where and in which precision to write.
        block: What to write.
        given: Values of the leaves.
        wanted: Names of the outputs to compute. ``"bits"`` stands for ``out`` as truth values.
        fused: Whether sums absorb products; without, every operation rounds, as in NumPy.

    Raises:
        EngineError: an instruction that this engine does not know.
    """
    outputs = dict(block.outputs)
    names = ["out" if name == "bits" else name for name in wanted]
    values: dict[int, str] = {}
    write_some(v, block, given, names, live(block, names), values, fused)
    found = {name: values[outputs[name]] for name in names}
    if "bits" in wanted:
        last = block.instrs[outputs["out"]]
        found["bits"] = (
            values[last.args[0]]
            if last.op == "indicator"
            else v.cmp("une", found["out"], v.const(0.0))
        )
    return found


def write_some(
    v: Vec,
    block: Block,
    given: Mapping[str, str],
    wanted: Sequence[str],
    order: Sequence[int],
    values: dict[int, str],
    fused: bool = True,
) -> None:
    """Write some of the instructions that the wanted results need, and note what each became.

    Arguments:
        v, block, given, fused: As for `write_block`.
        wanted: Names of the outputs, whichever part is being written.
        order: Which instructions, in order.
        values: Instruction -> value; those of the parts before are there already.
    """
    results = {index: name for name, index in block.outputs if name in wanted}
    whole = live(block, wanted)
    absorbed = _absorbed(block, whole) - results.keys() if fused else set[int]()
    for i in order:
        instr = block.instrs[i]
        if i in absorbed:
            continue
        if instr.op == "leaf":
            values[i] = given[str(instr.name)]
        elif instr.op == "const":
            values[i] = v.const(float(instr.value or 0.0))
        else:
            goal = f"    -> {results[i]}" if i in results else ""
            v.w.note(f"{describe(block, i, absorbed)}{goal}")
            values[i] = _write(v, block, i, values, fused)


def _write(v: Vec, block: Block, index: int, values: Mapping[int, str], fused: bool) -> str:
    instr = block.instrs[index]
    if instr.op in ("add", "sub"):
        return _sum(v, block, instr, values, fused)
    args = [values[i] for i in instr.args]
    if instr.op == "pow":
        exponent = block.instrs[instr.args[1]]
        if exponent.op == "const" and exponent.value is not None:
            short = _short_power(v, args[0], exponent.value)
            if short is not None:
                return short
    if instr.op in ("min", "max"):
        for known, other in ((0, 1), (1, 0)):
            if _finite(block.instrs[instr.args[known]]):
                return _bounded(v, instr.op, args[known], args[other])
        lost = v.cmp("uno", args[0], args[0])
        return v.select(lost, args[0], _bounded(v, instr.op, *args))
    writer = SIMPLE.get(instr.op) or FUNCTIONS.get(instr.op)
    if writer is None:
        raise EngineError(
            f"cpu engine: the instruction {instr.op!r} is not known to it.",
            hint="the Program was written by a newer compiler, or a prologue was taken for a step",
        )
    return writer(v, *args)


def _product(block: Block, instr: Instr) -> int | None:
    """The product that a sum absorbs: the one on its right, else the one on its left."""
    if instr.op in ("add", "sub"):
        for i in reversed(instr.args):
            if block.instrs[i].op == "mul":
                return i
    return None


def _absorbed(block: Block, order: Sequence[int]) -> set[int]:
    """Products that are needed only inside fused multiply-adds."""
    inside, alone = set[int](), set[int]()
    for i in order:
        instr = block.instrs[i]
        product = _product(block, instr)
        rest = list(instr.args)
        if product is not None:
            inside.add(product)
            rest.remove(product)
        alone.update(rest)
    return inside - alone


def _sum(v: Vec, block: Block, instr: Instr, values: Mapping[int, str], fused: bool) -> str:
    """a + b or a - b, fused with the product that one of them is."""
    left, right = instr.args
    minus = instr.op == "sub"
    product = _product(block, instr) if fused else None
    if product is None:
        return (v.sub if minus else v.add)(values[left], values[right])
    a, b = (values[i] for i in block.instrs[product].args)
    if product == right:
        return v.fma(v.neg(a) if minus else a, b, values[left])
    return v.fma(a, b, v.neg(values[right]) if minus else values[right])


def _short_power(v: Vec, x: str, exponent: float) -> str | None:
    """Whole and half exponents without logarithms."""
    if exponent == 0.5:
        return v.intrinsic("sqrt", x)
    size = abs(exponent)
    if size != int(size) or not 1 <= size <= MAX_POWER:
        return None
    power = x
    for bit in f"{int(size):b}"[1:]:
        power = v.mul(power, power)
        if bit == "1":
            power = v.mul(power, x)
    return v.div(v.const(1.0), power) if exponent < 0 else power


def _finite(instr: Instr) -> bool:
    """Whether something is no NaN: a literal, or a coefficient, which `bind` has looked at."""
    return instr.op == "const" or (instr.name or "").startswith("coef:")


def _bounded(v: Vec, op: str, bound: str, x: str) -> str:
    """The larger or smaller of x and a bound: one instruction, which lets NaN through in x."""
    return v.select(v.cmp("ogt" if op == "max" else "olt", bound, x), bound, x)


def _sign(v: Vec, x: str) -> str:
    zero = v.const(0.0)
    below = v.select(v.cmp("olt", x, zero), v.const(-1.0), x)
    return v.select(v.cmp("ogt", x, zero), v.const(1.0), below)


SIMPLE: dict[str, Callable[..., str]] = {
    "mul": Vec.mul,
    "div": Vec.div,
    "neg": Vec.neg,
    "abs": Vec.abs,
    "sqrt": lambda v, a: v.intrinsic("sqrt", a),
    "floor": lambda v, a: v.intrinsic("floor", a),
    "ceil": lambda v, a: v.intrinsic("ceil", a),
    "sign": _sign,
    "lt": lambda v, a, b: v.cmp("olt", a, b),
    "le": lambda v, a, b: v.cmp("ole", a, b),
    "gt": lambda v, a, b: v.cmp("ogt", a, b),
    "ge": lambda v, a, b: v.cmp("oge", a, b),
    "and": lambda v, a, b: v.both("and", a, b),
    "or": lambda v, a, b: v.both("or", a, b),
    "not": lambda v, a: v.both("xor", a, "splat (i1 true)"),
    "select": Vec.select,
    "indicator": lambda v, a: v.select(a, v.const(1.0), v.const(0.0)),
}
"""Name of an instruction -> how it is written."""
