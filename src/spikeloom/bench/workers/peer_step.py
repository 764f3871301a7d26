# pyright: reportMissingImports=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
"""The same steps written by hand for NumPy and for Numba. Runs in the peers' environment.

Numba is tried in two ways: `sweep`, all neurons in every step, and `block`, all steps for a block
of neurons that fits the cache, blocks spread over the threads. NumPy has `sweep` alone. Spikes
are counted for each neuron.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import loop
import numba as nb
import numpy as np
from step_kernels import KERNELS

SPEC = loop.config()
BLOCK = 512
FLOAT = np.dtype(SPEC["dtype"]).type

with np.load(SPEC["arrays"]) as data:
    ARRAYS = {name: data[name].astype(FLOAT) for name in data}
KERNEL = KERNELS[SPEC["model"]]
SIZE = len(ARRAYS["v"])
DRIVE = ARRAYS.get("drive", np.zeros(1, FLOAT))
JIT = SPEC["side"] == "numba"
nb.set_num_threads(SPEC["threads"])


def run_numpy(states: list[np.ndarray], drive: np.ndarray, counts: np.ndarray, steps: int) -> None:
    with np.errstate(all="ignore"):
        for _ in range(steps):
            *after, fired = UPDATE(*states, drive)
            for state, new in zip(states, after, strict=True):
                state[:] = new
            counts += fired


def sweep_of(update: Callable[..., Any]) -> Callable[..., None]:
    @nb.njit(fastmath=True, inline="always")
    def two(a: Any, b: Any, drive: Any, counts: Any, first: int, last: int) -> None:
        for k in range(first, last):
            a[k], b[k], fired = update(a[k], b[k], drive[k])
            counts[k] += fired

    @nb.njit(fastmath=True, inline="always")
    def two_undriven(a: Any, b: Any, drive: Any, counts: Any, first: int, last: int) -> None:
        for k in range(first, last):
            a[k], b[k], fired = update(a[k], b[k], drive[0])
            counts[k] += fired

    @nb.njit(fastmath=True, inline="always")
    def four(
        a: Any, b: Any, c: Any, d: Any, drive: Any, counts: Any, first: int, last: int
    ) -> None:
        for k in range(first, last):
            a[k], b[k], c[k], d[k], fired = update(a[k], b[k], c[k], d[k], drive[k])
            counts[k] += fired

    if len(KERNEL.states) == 4:
        return four
    return two if "drive" in ARRAYS else two_undriven


def numba_runner(update: Callable[..., Any], block: int) -> Callable[..., None]:
    sweep = sweep_of(nb.njit(fastmath=True, inline="always")(update))
    parallel = block < SIZE and SPEC["threads"] > 1

    @nb.njit(fastmath=True, parallel=parallel)
    def two(a: Any, b: Any, drive: Any, counts: Any, steps: int) -> None:
        for piece in nb.prange((a.size + block - 1) // block):
            first, last = piece * block, min((piece + 1) * block, a.size)
            for _ in range(steps):
                sweep(a, b, drive, counts, first, last)

    @nb.njit(fastmath=True, parallel=parallel)
    def four(a: Any, b: Any, c: Any, d: Any, drive: Any, counts: Any, steps: int) -> None:
        for piece in nb.prange((a.size + block - 1) // block):
            first, last = piece * block, min((piece + 1) * block, a.size)
            for _ in range(steps):
                sweep(a, b, c, d, drive, counts, first, last)

    return four if len(KERNEL.states) == 4 else two


UPDATE = KERNEL.make(SPEC["parameters"], SPEC["dt"], FLOAT, numpy=not JIT)
RUN = numba_runner(UPDATE, BLOCK if SPEC["variant"] == "block" else SIZE) if JIT else None


def run(steps: int) -> tuple[list[np.ndarray], np.ndarray]:
    states = [ARRAYS[name].copy() for name in KERNEL.states]
    counts = np.zeros(SIZE, np.int32)
    if RUN is None:
        run_numpy(states, DRIVE, counts, steps)
    else:
        RUN(*states, DRIVE, counts, steps)
    return states, counts


def prove(to: str) -> float:
    first, _ = run(SPEC["few"])
    (_, counts), peak = loop.peak_mb(lambda: run(SPEC["few"] + SPEC["steps"]))
    found: dict[str, Any] = dict(zip(KERNEL.states, first, strict=True))
    np.savez(to, counts=counts, **found)
    return peak


if __name__ == "__main__":
    loop.serve_steps(run, prove, SPEC["steps"])
