"""Runs one function of vecmath over arrays: a kernel of one line. Distances in ulp."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import mpmath as mp
import numpy as np

from spikeloom.engines.cpu.build import Loaded, compile_text
from spikeloom.engines.cpu.host import Host, this_host
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.vecmath import FUNCTIONS
from spikeloom.engines.cpu.vector import Vec

LANES = 16


def narrow_host() -> Host:
    """This processor without 512-bit vectors: another way to put back powers of two."""
    kept = [f for f in this_host().features.split(",") if not f.startswith("+avx512")]
    return replace(this_host(), cpu="generic", features=",".join(kept))


@cache
def probe(name: str, dtype: str, host: Host | None = None) -> Callable[..., np.ndarray]:
    """The function on arrays of any length."""
    host = host or this_host()
    w = Writer()
    v = Vec(w, host, dtype, host.lanes(dtype))
    arity = 2 if name == "pow" else 1
    with w.function("probe", "ptr %slots, i64 %begin, i64 %end, ptr %scratch"):
        places = [w.let(f"getelementptr i64, ptr %slots, i64 {k}") for k in range(arity + 1)]
        pointers = [w.let(f"load ptr, ptr {place}") for place in places]
        with w.loop("%begin", "%end", v.lanes) as loop:
            at = [w.let(f"getelementptr {v.scalar}, ptr {p}, i64 {loop.index}") for p in pointers]
            args = [w.let(f"load {v.type}, ptr {a}, align {v.size}") for a in at[1:]]
            y = FUNCTIONS[name](v, *args)
            w.put(f"store {v.type} {y}, ptr {at[0]}, align {v.size}")
    native = Loaded(compile_text(w.text(), host), host).function("probe")

    def run(*args: Any) -> np.ndarray:
        size = len(args[0])
        room = -(-size // LANES) * LANES
        full = [np.resize(np.asarray(a, dtype), room) for a in args]
        out = np.empty(room, dtype)
        slots = np.array([out.ctypes.data, *(a.ctypes.data for a in full)], np.int64)
        native(slots.ctypes.data, 0, room, 0)
        return out[:size]

    return run


def ulps(got: np.ndarray, exact: list[Any]) -> np.ndarray:
    """Distance of each number from the exact value, in units in the last place of the latter."""
    far = np.zeros(len(got))
    for i, (g, e) in enumerate(zip(got, exact, strict=True)):
        nearest = got.dtype.type(float(e))
        if not (np.isfinite(g) and np.isfinite(nearest)):
            far[i] = 0.0 if g == nearest else np.inf
        else:
            far[i] = abs(float((mp.mpf(float(g)) - e) / mp.mpf(float(np.spacing(abs(nearest))))))
    return far
