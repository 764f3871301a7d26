"""Delayed sums spike by spike: the cost is that of the synapses which a spike reaches."""

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
COUNTS = ("events", "targets", "stride", "both")
SLOTS = (*COUNTS, "rows", "sources", "values", "first", "near", "far", "out")
GROUP = 16


def write_events(scalar: str) -> str:
    """The module with ``events``: targets from ``begin`` to ``end`` take all events in order.

    Event e adds ``near[j, i] v`` to ``out`` at ``rows[e] + first[j, i] stride + i`` with j its
    source and v its value, and ``far[j, i] v`` one stride later if ``both`` is set.
    """
    w, size = Writer(), 4 if scalar == "float" else 8

    def at(kind: str, array: str, place: str) -> str:
        return w.let(f"getelementptr {kind}, ptr {array}, i64 {place}")

    def read(kind: str, array: str, place: str, align: int) -> str:
        return w.let(f"load {kind}, ptr {at(kind, array, place)}, align {align}")

    def add(place: str, weight: str, value: str) -> None:
        to = at(scalar, got["out"], place)
        old = w.let(f"load {scalar}, ptr {to}, align {size}")
        new = w.let(f"fadd {scalar} {old}, {w.let(f'fmul {scalar} {weight}, {value}')}")
        w.put(f"store {scalar} {new}, ptr {to}, align {size}")

    with w.function("events", "ptr %slots, i64 %begin, i64 %end, ptr %scratch"):
        got = {
            name: read("i64" if name in COUNTS else "ptr", "%slots", str(k), 8)
            for k, name in enumerate(SLOTS)
        }
        both = w.let(f"icmp ne i64 {got['both']}, 0")
        with w.loop("0", got["events"]) as events:
            row = read("i64", got["rows"], events.index, 8)
            source = read("i64", got["sources"], events.index, 8)
            value = read(scalar, got["values"], events.index, size)
            table = w.let(f"mul i64 {source}, {got['targets']}")
            with w.loop("%begin", "%end") as targets:
                place = w.let(f"add i64 {table}, {targets.index}")
                step = w.let(f"sext i32 {read('i32', got['first'], place, 4)} to i64")
                step = w.let(f"mul i64 {step}, {got['stride']}")
                here = w.let(f"add i64 {w.let(f'add i64 {row}, {step}')}, {targets.index}")
                add(here, read(scalar, got["near"], place, size), value)
                with w.when(both):
                    later = w.let(f"add i64 {here}, {got['stride']}")
                    add(later, read(scalar, got["far"], place, size), value)
    return w.text()


@lru_cache(maxsize=2)
def _native(dtype: str) -> Native:
    scalar = "float" if dtype == "float32" else "double"
    return load("events", "", f"delayed events {dtype}", lambda: write_events(scalar), this_host())


def delayed_events(
    x: Array, first: Array, near: Array, far: Array | None, threads: int | None
) -> Array:
    """``out[s + first[j, i]] += near[j, i] x[s, :, j]``, and ``far`` one step later.

    Arguments:
        x: Input (steps, batch, J), mostly zeros.
        first: Whole steps, int32 (J, I), from 0.
        near, far: Weights (J, I); no `far` leaves the second step out.
        threads: Most threads to use.

    Returns:
        Sums (steps + largest first + 1, batch, I).

    >>> x = np.array([0.0, 1, 0]).reshape(3, 1, 1)
    >>> first, one = np.array([[1]], np.int32), np.ones((1, 1))
    >>> delayed_events(x, first, 2 * one, 3 * one, None).ravel()
    array([0., 0., 2., 3., 0.])
    """
    steps, batch, _ = x.shape
    targets = near.shape[1]
    stride = batch * targets
    longest = int(first.max(initial=0))
    out = np.zeros((steps + longest + 1, batch, targets), x.dtype)
    # Columns of one table come back, which lie apart in memory; a kernel reads them in a row.
    at_step, at_sample, sources = (np.ascontiguousarray(a) for a in np.nonzero(x))
    arrays = {
        "rows": at_step * stride + at_sample * targets, "sources": sources,
        "values": x[at_step, at_sample, sources], "first": first, "near": near,
        "far": near if far is None else far, "out": out,
    }  # fmt: skip
    words = {
        "events": len(sources), "targets": targets, "stride": stride, "both": far is not None,
        **{name: array.ctypes.data for name, array in arrays.items()},
    }  # fmt: skip
    table = np.array([words[name] for name in SLOTS], np.int64)
    work = 4.0 * len(sources) * targets
    native = _native(str(x.dtype))
    pool.run(native, table, targets, group=GROUP, scratch=0, work=work, threads=threads)
    return out
