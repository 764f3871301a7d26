"""A Program as text that a person can check: the discretised step, line by line."""

from __future__ import annotations

from spikeloom.compile.program import Block, Instr, Program
from spikeloom.compile.verify import RANDOM
from spikeloom.equations.unit_text import number_text

INFIX = {
    "add": (" + ", 1),
    "sub": (" - ", 1),
    "mul": ("*", 2),
    "div": ("/", 2),
    "lt": (" < ", 0),
    "le": (" <= ", 0),
    "gt": (" > ", 0),
    "ge": (" >= ", 0),
    "eq": (" == ", 0),
    "floordiv": ("//", 2),
    "mod": (" % ", 2),
    "shl": (" << ", 0.8),
    "shr": (" >> ", 0.8),
    "bitand": (" & ", 0.6),
    "bitxor": (" ^ ", 0.4),
    "bitor": (" | ", 0.2),
    "and": (" and ", -1),
    "or": (" or ", -1),
}
"""Operation → (symbol, how tightly it binds)."""
ATOM = 9


def explain(program: Program) -> str:
    """Method, coefficients and the update of one step.

    >>> from spikeloom.compile import compile_neuron
    >>> from spikeloom.models import LeakyIntegrator
    >>> print(explain(compile_neuron(LeakyIntegrator())).splitlines()[0])
    LeakyIntegrator by Exact(): all rates are linear, so the step is exact
    """
    lines = [f"{program.model} by {program.method}: {program.reason}", "", "once, from dt"]
    lines[-1] += f" ({program.time_unit}) and the parameters:"
    lines += ["  " + line for line in render(program.prologue)]
    lines += ["", "each step:" if not program.random else _drawn(program)]
    lines += ["  " + line for line in render(program.forward)]
    lines += ["", "each step backwards, for gradients:"]
    lines += ["  " + line for line in render(program.backward)]
    return "\n".join(lines)


def _drawn(program: Program) -> str:
    """What the random numbers of a step are."""
    kinds = {"normal": "standard normal", "uniform": "uniform between 0 and 1"}
    words = [f"{_leaf(name)} {kinds[name.partition(':')[0]]}" for name in program.random]
    return f"each step, with {', '.join(words)}, new for every neuron and step:"


def render(block: Block) -> list[str]:
    """A block as assignments; what is used once is written where it is used."""
    uses = [0] * len(block.instrs)
    for instr in block.instrs:
        for a in instr.args:
            uses[a] += 1
    for _, place in block.outputs:
        uses[place] += 1
    texts: list[tuple[str, float]] = []
    lines: list[str] = []
    for place, instr in enumerate(block.instrs):
        text, strength = _text(instr, [texts[a] for a in instr.args])
        if uses[place] > 1 and instr.args:
            lines.append(f"t{place} = {text}")
            text, strength = f"t{place}", ATOM
        texts.append((text, strength))
    for name, place in block.outputs:
        if texts[place][0] != _leaf(name):
            lines.append(f"{_leaf(name)} <- {texts[place][0]}")
    return lines


def _leaf(name: str) -> str:
    """``state:v`` reads ``v``; a gradient keeps a mark of what it is the gradient of."""
    if name.startswith("grad:"):
        return "d_" + _leaf(name.removeprefix("grad:"))
    if name.startswith(RANDOM):
        return name.replace("normal:", "N_").replace("uniform:", "U_")
    return name.removeprefix("start:") + "(0)" if "start:" in name else name.split(":")[-1]


def _text(instr: Instr, args: list[tuple[str, float]]) -> tuple[str, float]:
    if instr.op == "const":
        return number_text(instr.value or 0.0), ATOM if (instr.value or 0) >= 0 else 1
    if instr.op == "leaf":
        return _leaf(instr.name or ""), ATOM
    if instr.op in INFIX:
        symbol, strength = INFIX[instr.op]
        left, right = args
        # Brackets on the right also where algebra needs none: rounding does tell the order.
        return f"{_wrap(left, strength)}{symbol}{_wrap(right, strength + 0.1)}", strength
    if instr.op == "neg":
        return f"-{_wrap(args[0], 2)}", 1
    if instr.op == "select":
        condition, yes, no = (a for a, _ in args)
        return f"where({condition}, {yes}, {no})", ATOM
    if instr.op == "indicator":
        return f"[{args[0][0]}]", ATOM
    if instr.op == "item":
        return f"{args[0][0]}[{int(instr.value or 0)}]", ATOM
    return f"{instr.op}({', '.join(a for a, _ in args)})", ATOM


def _wrap(text: tuple[str, float], outer: float) -> str:
    return text[0] if text[1] >= outer else f"({text[0]})"
