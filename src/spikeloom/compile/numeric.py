"""What every operation means in numbers: the float64 table that all engines are held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from spikeloom.compile.program import Block

Array = np.ndarray[Any, np.dtype[Any]]


def exprel(x: Array) -> Array:
    """(eˣ − 1)/x, and 1 at x = 0."""
    one = x.dtype.type(1)
    safe = np.where(x == 0, one, x)
    return np.where(x == 0, one, np.expm1(safe) / safe)


def exprel1(x: Array) -> Array:
    """Derivative of `exprel`: (x·eˣ − eˣ + 1)/x², and ½ at x = 0."""
    near = np.abs(x) < 0.5
    safe = np.where(near, x.dtype.type(1), x)
    # Σ xⁿ (n+1)/(n+2)!: the closed form loses all its digits near 0.
    series, term = np.zeros_like(x), np.ones_like(x)
    for n in range(18):
        series = series + term / (n + 2)
        term = term * x / (n + 1)
    far = ((safe - 1) * np.exp(safe) + 1) / (safe * safe)
    return np.where(near, series, far)


def _scipy(module: str, name: str) -> Callable[..., Array]:
    """A function of SciPy, which is slow to import and ships no types."""
    return getattr(import_module(f"scipy.{module}"), name)


def _erf(x: Array) -> Array:
    return _scipy("special", "erf")(x)


def _sigmoid(x: Array) -> Array:
    return _scipy("special", "expit")(x)


def _same(x: Array) -> Array:
    return x


def _expm1m(matrix: Array) -> Array:
    """exp(A) − 1 = A·φ(A) by one exponential of the doubled matrix [[A, A], [0, 0]]."""
    size = matrix.shape[-1]
    doubled = np.zeros((*matrix.shape[:-2], 2 * size, 2 * size))
    doubled[..., :size, :size] = matrix
    doubled[..., :size, size:] = matrix
    # The upper right block of exp([[A, A], [0, 0]]) is A·φ(A), without a subtraction.
    return _scipy("linalg", "expm")(doubled)[..., :size, size:]


def _spread(flow: Array, source: Array) -> Array:
    from spikeloom.compile.spread import lower_factor

    return lower_factor(flow, source)


OPERATIONS: Mapping[str, Callable[..., Array]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "pow": np.power,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sign": np.sign,
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "sin": np.sin,
    "cos": np.cos,
    "atan": np.arctan,
    "erf": _erf,
    "exprel": exprel,
    "exprel1": exprel1,
    "min": np.minimum,
    "max": np.maximum,
    "floor": np.floor,
    "ceil": np.ceil,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
    "select": np.where,
    "indicator": _same,
    "expm1m": _expm1m,
    "spread": _spread,
}


def run_block(
    block: Block, leaves: Mapping[str, Array | float], dtype: type[np.floating[Any]] = np.float64
) -> dict[str, Array]:
    """Every output of a block for given leaves, by plain broadcasting.

    Arguments:
        block: Instructions to run.
        leaves: Leaf name → number or array; all must broadcast together.
        dtype: Precision of every single operation.
    """
    values: list[Array] = []
    with np.errstate(all="ignore"):
        for instr in block.instrs:
            args = [values[a] for a in instr.args]
            if instr.op == "const":
                value = np.asarray(instr.value or 0.0, dtype)
            elif instr.op == "leaf":
                value = np.asarray(leaves[instr.name or ""], dtype)
            elif instr.op == "matrix":
                size = int(instr.value or 0)
                flat = np.stack(np.broadcast_arrays(*args), axis=-1)
                value = flat.reshape(*flat.shape[:-1], size, size)
            elif instr.op == "item":
                size = args[0].shape[-1]
                value = args[0][..., int(instr.value or 0) // size, int(instr.value or 0) % size]
            else:
                value = OPERATIONS[instr.op](*args)
            keep = value.dtype == np.bool_ and instr.op != "indicator"
            values.append(value if keep else np.asarray(value, dtype))
    return {name: values[place] for name, place in block.outputs}
