"""Runs one function of vecmath over an array: a kernel of one line."""

from __future__ import annotations

import numpy as np

from spikeloom.engines.cpu.build import Loaded, compile_text
from spikeloom.engines.cpu.host import Host, this_host
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.vecmath import FUNCTIONS
from spikeloom.engines.cpu.vector import Vec


def build(name: str, dtype: str, host: Host | None = None):
    """name -> a function of arrays whose length is a multiple of the lanes."""
    host = host or this_host()
    w = Writer()
    v = Vec(w, host, dtype, host.lanes(dtype))
    arity = 2 if name == "pow" else 1
    with w.function("probe", "ptr %slots, i64 %begin, i64 %end, ptr %scratch"):
        pointers = []
        for k in range(arity + 1):
            pointers.append(w.let(f"load ptr, ptr {w.let(f'getelementptr i64, ptr %slots, i64 {k}')}"))
        with w.loop("%begin", "%end", v.lanes) as loop:
            args = []
            for p in pointers[1:]:
                at = w.let(f"getelementptr {v.scalar}, ptr {p}, i64 {loop.index}")
                args.append(w.let(f"load {v.type}, ptr {at}, align {v.size}"))
            y = FUNCTIONS[name](v, *args)
            at = w.let(f"getelementptr {v.scalar}, ptr {pointers[0]}, i64 {loop.index}")
            w.put(f"store {v.type} {y}, ptr {at}, align {v.size}")
    native = Loaded(compile_text(w.text(), host), host).function("probe")

    def run(*args: np.ndarray) -> np.ndarray:
        args = tuple(np.ascontiguousarray(a, dtype) for a in args)
        out = np.empty_like(args[0])
        slots = np.array([out.ctypes.data, *(a.ctypes.data for a in args)], np.int64)
        native(slots.ctypes.data, 0, out.size // v.lanes * v.lanes, 0)
        return out

    return run
