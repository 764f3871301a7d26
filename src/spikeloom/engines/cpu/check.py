"""Checks of what the caller gives, and its arrays in the form that kernels read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from spikeloom.compile.program import Program
from spikeloom.errors import EngineError, ShapeError, suggest

Array = np.ndarray[Any, np.dtype[Any]]


def check_shape(what: str, array: Any, shape: Sequence[int], axes: str) -> None:
    """Raise ShapeError unless the array has the shape."""
    got = np.shape(array)
    if tuple(got) != tuple(shape):
        hint = f"the axes are ({axes})"
        if len(got) == len(shape) and sorted(got) == sorted(shape):
            hint += "; they seem to be in another order"
        raise ShapeError(
            f"cpu engine: {what} must have shape {tuple(shape)}, got {tuple(got)}.", hint=hint
        )


def numbers(what: str, array: Any, dtype: str) -> Array:
    """The array in the precision of the engine; the same array if it is already."""
    array = np.asarray(array)
    if array.dtype.kind not in "fiub":
        raise EngineError(
            f"cpu engine: {what} must hold real numbers, got {array.dtype}.",
            hint=f"convert it first: array.astype({dtype!r})",
        )
    return array.astype(dtype, copy=False)


def packed(what: str, array: Any, dtype: str) -> Array:
    """As `numbers`, in C order and aligned."""
    return np.require(numbers(what, array, dtype), requirements=("C", "A"))


def over_time(what: str, array: Any, dtype: str) -> tuple[Array, int]:
    """An array whose steps are each in one piece, and the elements from step to step.

    A slice of steps, or one step repeated by `np.broadcast_to`, needs no copy.
    """
    array = numbers(what, array, dtype)
    size = array.itemsize
    steps_in_one_piece = array.size == 0 or (len(array) > 0 and array[0].flags.c_contiguous)
    if not (steps_in_one_piece and array.flags.aligned and array.strides[0] % size == 0):
        array = np.require(array, requirements=("C", "A"))
    return array, array.strides[0] // size


def check_names(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Raise EngineError for a name that the Program does not have."""
    known = tuple(known)
    for name in names:
        if name not in known:
            raise EngineError(
                f"cpu engine: the program has no {what} {name!r}.", hint=suggest(name, known)
            )


def check_steps(steps: int) -> None:
    """Raise EngineError for a negative number of steps."""
    if steps < 0:
        raise EngineError(f"cpu engine: the number of steps must not be negative, got {steps}.")


def check_buffer(out: Array, shape: Sequence[int], dtype: str) -> None:
    """Raise unless a buffer can be written by a kernel."""
    check_shape("the buffer out", out, shape, "time, batch, neurons")
    if out.dtype != dtype or not out.flags.c_contiguous or not out.flags.writeable:
        raise EngineError(
            f"cpu engine: the buffer out must be writable, C-contiguous {dtype}, got {out.dtype}.",
            hint=f"make it with np.empty({tuple(shape)}, {dtype!r})",
        )


def coefficients(
    program: Program, coefs: Mapping[str, Any], features: int, dtype: str
) -> tuple[Array, dict[str, Array]]:
    """The coefficients that are one number, packed, and those that differ, by name."""
    missing = [name for name in program.coefs if name not in coefs]
    if missing:
        raise EngineError(
            f"cpu engine: no value for coefficient {missing[0]!r}.",
            hint="take them from bind(program, values, dt).coefs",
        )
    single: list[Any] = []
    columns: dict[str, Array] = {}
    for name in program.coefs:
        value = coefs[name]
        if np.ndim(value) == 0:
            single.append(value)
        else:
            check_shape(f"coefficient {name!r}", value, (features,), "neurons")
            columns[name] = numbers(f"coefficient {name!r}", value, dtype)
    return np.array(single, dtype), columns
