"""Calls of the kernels of delayed sums."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from spikeloom.engines.cpu import pool
from spikeloom.engines.cpu.build import Native
from spikeloom.engines.cpu.delayed.write import (
    PRODUCT_SLOTS,
    ROWS,
    SUM_SLOTS,
    write_products,
    write_sums,
)
from spikeloom.engines.cpu.host import this_host
from spikeloom.engines.cpu.library import load

Array = np.ndarray[Any, np.dtype[Any]]


def lanes(dtype: str) -> int:
    """Samples in a vector."""
    return this_host().lanes(dtype)


def rows(steps: int) -> int:
    """Steps rounded up to what a kernel makes at a time.

    >>> rows(0), rows(1), rows(8), rows(9)
    (0, 8, 8, 16)
    """
    return -(-steps // ROWS) * ROWS


@lru_cache(maxsize=4)
def _native(name: str, dtype: str) -> Native:
    scalar, count = ("float" if dtype == "float32" else "double"), lanes(dtype)
    write = write_sums if name == "sums" else write_products
    return load(name, "", f"delayed {name} {dtype}", lambda: write(scalar, count), this_host())


def delayed_sums(
    given: Array, first: Array, near: Array, far: Array, out: Array, threads: int | None
) -> None:
    """``out[r, s] = sum_q near[r, q] given[q, s + first[r, q]] + far[r, q] (the step after it)``.

    Arguments:
        given: Sources (groups, Q, steps, lanes).
        first: Step that is read for s = 0, int32 (R, Q); all that is read must exist.
        near, far: Weights (R, Q).
        out: Targets (groups, R, steps, lanes); its steps are a multiple of 8.
        threads: Most threads to use.
    """
    slots = {
        "in": given, "first": first, "near": near, "far": far, "out": out,
    }  # fmt: skip
    items = out.shape[0] * (out.shape[2] // ROWS)
    _call("sums", SUM_SLOTS, slots, given, out, items, threads)


def pair_products(
    given: Array, first: Array, grad: Array, threads: int | None
) -> tuple[Array, Array]:
    """The adjoint of `delayed_sums` by its weights.

    Arguments:
        given, first, threads: As there.
        grad: Gradient of the targets (groups, R, steps, lanes).

    Returns:
        Gradients of `near` and of `far`, (R, Q).
    """
    near, far = np.empty(first.shape, given.dtype), np.empty(first.shape, given.dtype)
    slots = {
        "in": given, "first": first, "near": near, "far": far, "grad": grad,
    }  # fmt: skip
    _call("products", PRODUCT_SLOTS, slots, given, grad, grad.shape[1], threads)
    return near, far


def _call(
    name: str,
    order: tuple[str, ...],
    arrays: Mapping[str, Array],
    given: Array,
    made: Array,
    items: int,
    threads: int | None,
) -> None:
    counts = {
        "groups": made.shape[0], "targets": made.shape[1], "sources": given.shape[1],
        "read": given.shape[2], "made": made.shape[2],
    }  # fmt: skip
    words = {**counts, **{n: a.ctypes.data for n, a in arrays.items()}}
    table = np.array([words[n] for n in order], np.int64)
    work = 2.0 * made.shape[0] * made.shape[1] * given.shape[1] * made.shape[2]
    native = _native(name, str(given.dtype))
    pool.run(native, table, items, group=1, scratch=0, work=work, threads=threads)
