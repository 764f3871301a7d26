"""Rows of synapses in the few bytes that `deliver` reads, cut at the borders between threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from spikeloom.engines.cpu import pool
from spikeloom.engines.cpu.build import Native
from spikeloom.engines.cpu.call import padded
from spikeloom.engines.cpu.host import this_host
from spikeloom.engines.cpu.library import load
from spikeloom.engines.cpu.network.deliver import MOST_LINES, Rows
from spikeloom.engines.cpu.network.memory import Array
from spikeloom.engines.cpu.network.packing import CUT_SLOTS, SLOTS, write_cut, write_pack
from spikeloom.engines.network_plan import ProjectionPlan
from spikeloom.engines.wiring.draw import step_of_24_bits

GROUP = 64
"""Neurons that belong to one thread together: a word of spikes, some lines of any array."""
NARROW = 1 << 16
"""Targets that 16 bits can tell apart."""
LONG_ROW = 16
"""Synapses in a part of a row, on average, from which on many narrow parts beat one wide part."""
LONGEST_SORTED = 4095
"""Steps of delay up to which rows are sorted by delay."""
CHUNK = 1 << 16
"""Synapses that a thread packs at a time, about."""
SAMPLE = 4096
"""Weights that tell whether 24 bits might do, before all are looked at."""
BEYOND = 128
"""Bytes behind the weights that are read, but not used."""


def cuts(size: int, parts: int) -> tuple[int, ...]:
    """Where the neurons of each part begin, and the end: multiples of 64, but for the last.

    >>> cuts(200, 2)
    (0, 128, 200)
    """
    groups = -(-size // GROUP)
    return tuple(min(GROUP * -(-groups * t // parts), size) for t in range(parts + 1))


@dataclass(frozen=True, eq=False)
class Packed:
    """Rows of a projection.

    Arguments:
        rows: What kind.
        borders: First target of each part, and the end.
        bounds: Where each row begins, passes each border, and ends: parts + 1 arrays (N,).
        targets: (synapses,).
        weights: (1,), or (synapses,), or three bytes of each.
        step: What 24-bit weights count.
        delay: Of all synapses, where they have one.
        heads: (2 runs,).
        head_starts: First run of each row and part, (N parts + 1,).
        longest_part: Most synapses in a part of a row.
        padded: Elements of a slot of the ring that places are made for.
        threads: Between how many the parts are to be shared out.
    """

    rows: Rows
    borders: tuple[int, ...]
    bounds: tuple[Array, ...]
    targets: Array
    weights: Array
    step: float
    delay: int
    heads: Array
    head_starts: Array
    longest_part: int
    padded: int
    threads: int

    @property
    def lows(self) -> tuple[int, ...]:
        """First target of each part."""
        return self.borders[:-1]

    @property
    def step_bits(self) -> int:
        """The factor of a 24-bit weight that has been shifted up by eight bits, as a word."""
        return float_bits(self.step / 256)

    def serves(self, dtype: str, threads: int) -> bool:
        """Whether threads that share the targets evenly can read these rows."""
        even = self.rows.parts % threads == 0
        return even and self.rows.dtype == dtype

    @property
    def nbytes(self) -> int:
        """Memory of all arrays."""
        ends = (self.bounds[0], *self.bounds[1:-1])
        arrays = (*ends, self.targets, self.weights, self.heads, self.head_starts)
        return sum(a.nbytes for a in arrays)


def pack(p: ProjectionPlan, size: int, dtype: str, threads: int) -> Packed:
    """The synapses of a projection in few bytes.

    Arguments:
        p: The projection.
        size: Neurons of its target.
        dtype: Of the ring.
        threads: Between how many the targets are shared out.
    """
    spread = p.shortest < p.longest  # never where there are no synapses
    sorted_ = spread and p.longest <= LONGEST_SORTED
    borders = cuts(size, threads)
    narrow = sorted_ or not spread
    if narrow and max(np.diff(borders)) > NARROW:
        parts = threads * -(-int(max(np.diff(borders))) // (NARROW - GROUP))
        if p.targets.size < LONG_ROW * parts * (len(p.indptr) - 1):
            narrow = False
        else:
            borders = cuts(size, parts)
    width = padded(size)
    step = fixed_step(p.weights) if dtype == "float32" else None
    rows = Rows(
        dtype,
        targets=16 if narrow else 64 if spread and (p.longest + 1) * width >= 1 << 32 else 32,
        delays="one" if not spread else "heads" if narrow else "places",
        heads=8 if p.longest < 256 else 16,
        weights="one" if not np.ndim(p.weights) else "own" if step is None else "fixed",
        parts=len(borders) - 1,
    )
    each = p.count / max(1, (len(p.indptr) - 1) * rows.parts) * rows.targets / 8
    rows = replace(rows, lines=1 if each < 64 else 2 if each < 128 else MOST_LINES)
    made = _packed(p, rows, borders, step or 0.0, width, threads)
    if made is None:  # a weight that 24 bits cannot hold
        made = _packed(p, replace(rows, weights="own"), borders, 0.0, width, threads)
    if made is None:
        raise RuntimeError("unreachable: weights of their own always fit")
    return made


def fixed_step(weights: Any) -> float | None:
    """The power of two of which these weights might be multiples, by numbers of 24 bits.

    >>> fixed_step(np.array([0.5, -3.0])), fixed_step(np.array([1.0, 1e-9])) is None
    (4.76837158203125e-07, True)
    """
    if np.ndim(weights) == 0 or not np.size(weights):
        return None
    most = max(float(np.max(weights)), -float(np.min(weights)))
    step = step_of_24_bits(most)
    if step is None:
        return None
    some = np.asarray(weights[:SAMPLE], np.float64) / step
    return step if bool(np.all(some == np.rint(some))) else None


def _packed(
    p: ProjectionPlan, rows: Rows, borders: tuple[int, ...], step: float, width: int, threads: int
) -> Packed | None:
    count, parts = int(p.indptr[-1]), rows.parts
    bounds = _bounds(p, borders)
    head_starts = np.zeros(len(p.indptr[1:]) * parts + 1 if rows.delays == "heads" else 1, np.int64)
    weights = np.ascontiguousarray(p.weights, rows.dtype).reshape(-1)
    heads = np.empty(0, np.uint8)
    if rows.delays == "places":
        kind = np.uint64 if rows.targets == 64 else np.uint32
        targets = p.targets.astype(kind)
        targets += p.delays * kind(width)
        if rows.weights == "fixed":
            packed24 = _bytes_of(weights, step)
            if packed24 is None:
                return None
            weights = packed24
    elif (rows.delays, rows.targets, rows.weights) in (("one", 32, "one"), ("one", 32, "own")):
        targets = np.ascontiguousarray(p.targets, np.uint32)
    else:
        targets = np.empty(count, f"uint{rows.targets}")
        new_weights = weights
        if rows.weights == "fixed":
            new_weights = np.empty(3 * count + BEYOND, np.uint8)
        elif rows.weights == "own" and rows.delays == "heads":
            new_weights = np.empty_like(weights)
        chunks = _chunks(p.indptr)
        heads = np.empty(2 * count if rows.delays == "heads" else 0, f"uint{rows.heads}")
        used, bad = (np.zeros(len(chunks) - 1, np.int64) for _ in range(2))
        given: dict[str, Any] = {
            "rows": chunks,
            "bounds": np.array([b.ctypes.data for b in bounds], np.int64),
            "lows": np.array(borders, np.int64),
            "targets": p.targets,
            "delays": p.delays,
            "weights": weights,
            "new_targets": targets,
            "new_weights": new_weights,
            "heads": heads,
            "head_starts": head_starts,
            "used": used,
            "bad": bad,
            "shortest": p.shortest if rows.delays == "heads" else 0,
            "longest": p.longest,
            "scale": float_bits(1 / step) if step else 0,
        }
        scratch = 8 * (p.longest + 2)
        _run(_kernel(replace(rows, lines=1)), SLOTS, given, len(used), 20 * count, scratch)
        if bad.any():
            return None
        weights = new_weights
        if rows.delays == "heads":
            heads = _closed(heads, head_starts, chunks, p.indptr, used, parts)
    return Packed(
        rows=rows,
        borders=borders,
        bounds=bounds,
        targets=targets,
        weights=weights,
        step=step,
        delay=0 if rows.delays != "one" else p.longest,
        heads=heads,
        head_starts=head_starts,
        longest_part=max(int(np.max(b - a, initial=0)) for a, b in pairwise(bounds)),
        padded=width,
        threads=threads,
    )


def _bounds(p: ProjectionPlan, borders: Sequence[int]) -> tuple[Array, ...]:
    """Where each row begins, where it passes each border between parts, and where it ends."""
    indptr = np.ascontiguousarray(p.indptr, np.int64)
    inner = [np.empty(len(indptr) - 1, np.int64) for _ in borders[1:-1]]
    targets = np.ascontiguousarray(p.targets, np.uint32)
    for border, passed in zip(borders[1:-1], inner, strict=True):
        given = {"indptr": indptr, "targets": targets, "border": border, "passed": passed}
        _run(_cut_kernel(), CUT_SLOTS, given, len(passed), 100 * len(passed), 0)
    return (indptr[:-1], *inner, indptr[1:])


def _chunks(indptr: Array) -> Array:
    """Rows at which chunks begin, and the end."""
    marks = np.searchsorted(indptr, np.arange(0, indptr[-1], CHUNK), side="left")
    return np.unique(np.append(np.minimum(marks, len(indptr) - 1), [0, len(indptr) - 1]))


def _closed(
    heads: Array, starts: Array, chunks: Array, indptr: Array, used: Array, parts: int
) -> Array:
    """Move the heads of chunks together, and count their places from the first of all."""
    end = 0
    for (low, high), count in zip(pairwise(chunks), used, strict=True):
        begin = int(indptr[low])
        heads[2 * end : 2 * (end + int(count))] = heads[2 * begin : 2 * (begin + int(count))]
        starts[low * parts : high * parts] += end
        end += int(count)
    starts[-1] = end
    heads.resize(2 * end, refcheck=False)
    return heads


def _bytes_of(weights: Array, step: float) -> Array | None:
    """Weights as whole numbers of 24 bits; None where one is not whole."""
    made = np.zeros(3 * weights.size + BEYOND, np.uint8)
    for first in range(0, weights.size, CHUNK):
        part = weights[first : first + CHUNK].astype(np.float64) / step
        whole = part.astype("<i4")
        if not np.array_equal(whole, part):
            return None
        to = made[3 * first : 3 * (first + part.size)].reshape(-1, 3)
        to[:] = whole.view(np.uint8).reshape(-1, 4)[:, :3]
    return made


def float_bits(value: float) -> int:
    return int(np.float32(value).view(np.int32))


def _run(
    native: Native, slots: Sequence[str], given: dict[str, Any], columns: int, work: float,
    scratch: int,
) -> None:  # fmt: skip
    held = {name: np.ascontiguousarray(x) if np.ndim(x) else x for name, x in given.items()}
    words = [held[slot.rpartition(" ")[2]] for slot in slots]
    table = np.array([x.ctypes.data if np.ndim(x) else int(x) for x in words], np.int64)
    pool.run(native, table, columns, group=1, scratch=scratch, work=work, threads=None)


@lru_cache(maxsize=64)
def _kernel(rows: Rows) -> Native:
    return load("pack", "", f"pack|{rows.text}", lambda: write_pack(rows), this_host())


@lru_cache(maxsize=1)
def _cut_kernel() -> Native:
    return load("cut", "", "cut", write_cut, this_host())
