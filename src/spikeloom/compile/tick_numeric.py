"""What every operation on whole numbers means: the int64 table that native code is held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.compile.program import Block
from spikeloom.compile.tick_program import TickProgram, spans_of
from spikeloom.equations.span import Span
from spikeloom.errors import NumericsError, ParameterError, ShapeError

Array = np.ndarray[Any, np.dtype[Any]]
Stream = Callable[[str, int], Array]
"""Name of a random number and k → the k-th draw of each neuron in this tick."""

OPERATIONS: dict[str, Callable[..., Array]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "neg": np.negative, "abs": np.abs,
    "sign": np.sign, "min": np.minimum, "max": np.maximum, "select": np.where,
    "shl": np.left_shift, "shr": np.right_shift, "floordiv": np.floor_divide, "mod": np.mod,
    "bitand": np.bitwise_and, "bitor": np.bitwise_or, "bitxor": np.bitwise_xor,
    "invert": np.invert, "lt": np.less, "le": np.less_equal, "gt": np.greater,
    "ge": np.greater_equal, "eq": np.equal, "and": np.logical_and, "or": np.logical_or,
    "not": np.logical_not,
}  # fmt: skip


def run_whole(
    model: str,
    block: Block,
    leaves: Mapping[str, Array],
    spans: Sequence[Span | None],
    stream: Stream | None = None,
) -> dict[str, Array]:
    """Every output of a block for given leaves, each result held against where it must lie.

    Arguments:
        model: For messages.
        block: Instructions to run.
        leaves: Leaf name → whole numbers; all must broadcast together.
        spans: Where the result of each instruction lies.
        stream: Where random numbers come from.

    Raises:
        NumericsError: A leaf, or a result, lies outside its span.
    """
    values: list[Array] = []
    for instr, span in zip(block.instrs, spans, strict=True):
        args = [values[a] for a in instr.args]
        if instr.op == "const":
            value = np.asarray(int(instr.value or 0), np.int64)
        elif instr.op == "leaf":
            value = _leaf(instr.name or "", leaves, stream)
        elif instr.op == "indicator":
            value = args[0].astype(np.int64)
        elif instr.op == "hits":
            name = block.instrs[instr.args[0]].name or ""
            value = _hits(name, args[1], args[2], stream)
        else:
            value = np.asarray(OPERATIONS[instr.op](*args))
        if span is not None and value.size and not span.holds(_reach(value)):
            what = instr.name if instr.op == "leaf" else instr.op
            raise NumericsError(f"{model}: {what} reaches {_reach(value)}, outside {span}.")
        values.append(value)
    return {name: values[place] for name, place in block.outputs}


def _leaf(name: str, leaves: Mapping[str, Array], stream: Stream | None) -> Array:
    if name.startswith("draw:") and stream is not None:
        return stream(name, 0)
    return np.asarray(leaves[name], np.int64)


def _reach(value: Array) -> Span:
    return Span(int(value.min()), int(value.max()))


def _hits(name: str, number: Array, limit: Array, stream: Stream | None) -> Array:
    """How many of the first `number` draws are at most `limit`."""
    total = np.zeros(np.broadcast_shapes(number.shape, limit.shape), np.int64)
    for k in range(int(number.max(initial=0))):
        if stream is None:
            raise NumericsError("hits: there is no stream to draw from.")
        total = total + ((k < number) & (stream(name, k) <= limit))
    return total


@dataclass(frozen=True)
class TickBound:
    """A TickProgram with its parameters and starting states, each a number or one per neuron."""

    program: TickProgram
    coefs: dict[str, Array]
    start: dict[str, Array]

    def initial(self, *shape: int) -> Array:
        """Starting states (S, *shape), the last axis running over neurons."""
        rows = [np.broadcast_to(self.start[name], shape) for name in self.program.states]
        return np.array(rows, np.int64).reshape(len(rows), *shape)


def bind_ticks(program: TickProgram, values: Mapping[str, Array | float]) -> TickBound:
    """Parameters as whole numbers, and the starting states that follow from them.

    Arguments:
        program: What the compiler made.
        values: Parameter name → number or array (N,).

    Raises:
        ParameterError: A parameter is missing, or no whole number in its span.
    """
    params: dict[str, Array] = {}
    for name, span in program.params_in:
        if name not in values:
            raise ParameterError(f"{program.model}: no value for parameter {name!r}.")
        params[name] = whole(f"{program.model}.{name}", values[name], span)
    leaves = {f"param:{name}": value for name, value in params.items()}
    given = {f"param:{n}": s for n, s in program.params_in}
    spans = spans_of(program.model, program.prologue, given)
    made = run_whole(program.model, program.prologue, leaves, spans)
    return TickBound(program, params, {n: made[f"start:{n}"] for n in program.states})


def whole(what: str, value: Any, span: Span) -> Array:
    """Numbers as int64.

    Raises:
        ParameterError: They are no whole numbers, or outside the span.
        ShapeError: They form no array.

    >>> whole("a", [1.0, 2.0], Span.of(8))
    array([1, 2])
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ShapeError(f"{what}: the rows differ in length.") from error
    if array.dtype.kind not in "iufb":
        raise ParameterError(f"{what} must hold whole numbers, got {value!r}.")
    if array.size:
        odd = (array < span.low) | (array > span.high)
        if array.dtype.kind == "f":
            odd |= array != np.floor(array)
        if odd.any():
            raise ParameterError(
                f"{what} must be a whole number in {span}, from {span.low} to {span.high}; got "
                f"{array[odd][0] if array.ndim else array}."
            )
    return array.astype(np.int64)
