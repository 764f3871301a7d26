"""Each feature read at a step of its own: the kernels of axonal delays."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from spikeloom.engines.cpu import pool
from spikeloom.engines.cpu.build import Native
from spikeloom.engines.cpu.host import this_host
from spikeloom.engines.cpu.library import load
from spikeloom.engines.cpu.text import Writer

Array = np.ndarray[Any, np.dtype[Any]]
COUNTS = ("steps", "batch", "features")
SLOTS = (*COUNTS, "in", "jump", "near", "far", "other")
GROUP = 16


def write_shift(scalar: str, products: bool) -> str:
    """The module with ``shift``, or with ``weigh``, its adjoint by the weights.

    With x the input at ``t + first[f]`` and z the one a step later, ``shift`` gives
    ``out[t, b, f] = near[f] x + far[f] z`` for steps from ``begin`` to ``end``, and ``weigh`` adds
    ``grad x`` to ``near[f]`` and ``grad z`` to ``far[f]`` for features from ``begin`` to ``end``.
    """
    w, size = Writer(), 4 if scalar == "float" else 8

    def at(kind: str, array: str, place: str) -> str:
        return w.let(f"getelementptr {kind}, ptr {array}, i64 {place}")

    def read(array: str, place: str) -> str:
        return w.let(f"load {scalar}, ptr {at(scalar, array, place)}, align {size}")

    def write(value: str, array: str, place: str) -> None:
        w.put(f"store {scalar} {value}, ptr {at(scalar, array, place)}, align {size}")

    def multiply(a: str, b: str) -> str:
        return w.let(f"fmul {scalar} {a}, {b}")

    def add(a: str, b: str) -> str:
        return w.let(f"fadd {scalar} {a}, {b}")

    with w.function("weigh" if products else "shift", "ptr %slots, i64 %begin, i64 %end, ptr %s"):
        got = {}
        for k, name in enumerate(SLOTS):
            kind = "i64" if name in COUNTS else "ptr"
            got[name] = w.let(f"load {kind}, ptr {at('i64', '%slots', str(k))}, align 8")
        row = w.let(f"mul i64 {got['batch']}, {got['features']}")
        times = ("0", got["steps"]) if products else ("%begin", "%end")
        features = ("%begin", "%end") if products else ("0", got["features"])
        with w.loop(*times) as steps, w.loop("0", got["batch"]) as samples:
            base = w.let(f"mul i64 {steps.index}, {got['batch']}")
            base = w.let(f"add i64 {base}, {samples.index}")
            base = w.let(f"mul i64 {base}, {got['features']}")
            with w.loop(*features) as feature:
                f = feature.index
                here = w.let(f"add i64 {base}, {f}")
                jump = w.let(f"load i64, ptr {at('i64', got['jump'], f)}, align 8")
                place = w.let(f"add i64 {here}, {jump}")
                x = read(got["in"], place)
                z = read(got["in"], w.let(f"add i64 {place}, {row}"))
                if products:
                    grad = read(got["other"], here)
                    write(add(read(got["near"], f), multiply(grad, x)), got["near"], f)
                    write(add(read(got["far"], f), multiply(grad, z)), got["far"], f)
                else:
                    near = multiply(read(got["near"], f), x)
                    far = multiply(read(got["far"], f), z)
                    write(add(near, far), got["other"], here)
    return w.text()


@lru_cache(maxsize=4)
def _native(name: str, dtype: str) -> Native:
    scalar = "float" if dtype == "float32" else "double"
    text = f"delayed {name} {dtype}"
    return load(name, "", text, lambda: write_shift(scalar, name == "weigh"), this_host())


def shift(
    given: Array, first: Array, near: Array, far: Array, out: Array, threads: int | None
) -> None:
    """``out[t, b, f] = near[f] given[t + first[f], b, f] + far[f] (the step after it)``.

    Arguments:
        given: Input (steps, batch, F); all that is read must exist.
        first: Step that is read for t = 0, int64 (F,).
        near, far: Weights (F,).
        out: Output (T, batch, F).
        threads: Most threads to use.

    >>> out = np.zeros((2, 1, 1))
    >>> one = np.ones(1)
    >>> shift(np.arange(4.0).reshape(4, 1, 1), np.array([1]), one, 10 * one, out, None)
    >>> out.ravel()
    array([21., 32.])
    """
    _call("shift", given, first, near, far, out, len(out), 1, threads)


def weigh(given: Array, first: Array, grad: Array, threads: int | None) -> tuple[Array, Array]:
    """The adjoint of `shift` by its weights: gradients of `near` and of `far`, (F,).

    >>> a = np.arange(4.0).reshape(4, 1, 1)
    >>> weigh(a, np.array([1]), np.ones((2, 1, 1)), None)
    (array([3.]), array([5.]))
    """
    near, far = np.zeros(first.shape, given.dtype), np.zeros(first.shape, given.dtype)
    _call("weigh", given, first, near, far, grad, len(first), GROUP, threads)
    return near, far


def _call(
    name: str,
    given: Array,
    first: Array,
    near: Array,
    far: Array,
    other: Array,
    items: int,
    group: int,
    threads: int | None,
) -> None:
    steps, batch, features = other.shape
    jump = first * (batch * features)
    arrays = {"in": given, "jump": jump, "near": near, "far": far, "other": other}
    words = {
        "steps": steps, "batch": batch, "features": features,
        **{n: a.ctypes.data for n, a in arrays.items()},
    }  # fmt: skip
    table = np.array([words[n] for n in SLOTS], np.int64)
    native = _native(name, str(given.dtype))
    work = 4.0 * other.size
    pool.run(native, table, items, group=group, scratch=0, work=work, threads=threads)
