"""`Wiring` in native code: outputs laid out, work cut into chunks, kernels called on threads."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from spikeloom.engines.cpu import pool
from spikeloom.engines.cpu.build import Native
from spikeloom.engines.cpu.host import this_host
from spikeloom.engines.cpu.library import load
from spikeloom.engines.cpu.wiring import pairs as pair_kernels
from spikeloom.engines.cpu.wiring import pick as pick_kernel
from spikeloom.engines.cpu.wiring import skip as skip_kernel
from spikeloom.engines.cpu.wiring import sorting
from spikeloom.engines.cpu.wiring import values as values_kernel
from spikeloom.engines.cpu.wiring.lanes import BATCH
from spikeloom.engines.wiring import draw as draw_formula
from spikeloom.engines.wiring import formulas
from spikeloom.engines.wiring.arrays import Array
from spikeloom.engines.wiring.draw import Draw
from spikeloom.engines.wiring.reference import (
    Graph,
    ReferenceWiring,
    diagonal,
    skip_factor,
    unrank,
)

NOWHERE = 1 << 62
"""A shift that leads to no target, for pairs that are all allowed."""
LARGEST_SET = 1 << 33
"""Numbers that a set on one thread may span: a bit each, so 1 GiB."""
SPREAD = 8.0
"""Standard deviations of room above the mean; if a chunk needs more, all are made again."""
CHUNK = 1 << 18
"""Synapses of a chunk of rows, about: enough to keep a thread busy for a millisecond."""


@lru_cache(maxsize=16)
def kernel(name: str, variant: tuple[str, ...] = ()) -> Native:
    """A kernel by name."""
    text = WRITERS[name]
    label = " ".join((name, *variant))
    return load(name, formulas_version(), label, lambda: text(*variant), this_host())


@lru_cache(maxsize=1)
def formulas_version() -> str:
    """Hash of the formulas, which lie outside of this engine: a change makes new object code."""
    sources = (Path(module.__file__ or "") for module in (formulas, draw_formula))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


WRITERS: dict[str, Callable[..., str]] = {
    "values": values_kernel.write_values,
    "skip": skip_kernel.write_skip,
    "pick": pick_kernel.write_pick,
    "pairs": pair_kernels.write_pairs,
    "count": pair_kernels.write_count,
    "scatter": pair_kernels.write_scatter,
    "sort_rows": sorting.write_sort_rows,
}


@dataclass(frozen=True, slots=True)
class NativeWiring:
    """Builds the same graphs as `ReferenceWiring`, on several threads.

    Arguments:
        threads: Most threads to use; None for one a processor. The graph does not depend on it.

    >>> graph = NativeWiring().skip(7, 1000, 1000, 0.1, shift=0)
    >>> again = ReferenceWiring().skip(7, 1000, 1000, 0.1, shift=0)
    >>> all(np.array_equal(a, b) for a, b in zip(graph, again))
    True
    """

    threads: int | None = None

    def skip(
        self, key: int, sources: int, targets: int, probability: float, shift: int | None,
        first: int = 0,
    ) -> Graph:  # fmt: skip
        """Each pair with one probability."""
        if not (probability and sources and targets):
            return np.zeros(sources + 1, np.int64), np.empty(0, np.uint32)
        mean = probability * targets
        bounds = _bounds(sources, max(1, int(CHUNK / max(mean, 16.0))))
        rows = np.diff(bounds)
        indptr = np.zeros(sources + 1, np.int64)
        spread = SPREAD
        while True:
            limits = np.minimum(
                rows * targets, (rows * mean + spread * np.sqrt(rows * mean) + 64).astype(np.int64)
            )
            starts = np.concatenate([[0], np.cumsum(limits + skip_kernel.ROOM)])
            out = np.empty(starts[-1], np.uint32)
            used = np.zeros(rows.size, np.int64)
            given = {
                **key_words(key),
                "factor": float_word(skip_factor(probability)),
                "targets": targets,
                "first": first,
                "shift": NOWHERE if shift is None else shift,
                "bounds": bounds,
                "starts": starts,
                "limits": limits + 1,
                "used": used,
                "counts": indptr[1:],
                "out": out,
            }
            self._run("skip", skip_kernel.SLOTS, given, rows.size, 30 * mean * sources)
            if not np.any(used > limits):
                break
            spread += 4 * abs(spread)
        np.cumsum(indptr, out=indptr)
        return indptr, _close_gaps(out, starts, used)

    def pick(
        self, key: int, rows: int, columns: int, count: int, multapses: bool, shift: int | None,
        transpose: bool, first: int = 0,
    ) -> Graph:  # fmt: skip
        """A fixed number of columns for each row, or the transpose of that graph."""
        chosen = self._pick(key, rows, columns, count, multapses, shift, not transpose, first)
        if not transpose:
            return np.arange(rows + 1, dtype=np.int64) * count, chosen
        return self._transpose(chosen, rows, columns, count)

    def _pick(
        self, key: int, rows: int, columns: int, count: int, multapses: bool, shift: int | None,
        ordered: bool, first: int,
    ) -> Array:  # fmt: skip
        out = np.empty(rows * count, np.uint32)
        if not out.size:
            return out
        given, scratch = pick_words(
            key, columns, count, multapses, NOWHERE if shift is None else shift, ordered
        )
        given |= {"first": first, "out": out}
        self._run("pick", pick_kernel.SLOTS, given, rows, 40 * out.size, scratch)
        return out

    def _transpose(self, chosen: Array, rows: int, columns: int, count: int) -> Graph:
        chunks = self._chunks(chosen.size, columns)
        bounds = np.linspace(0, rows, chunks + 1).astype(np.int64)
        places = np.zeros((chunks, columns), np.int64)
        given = {"bounds": bounds * count, "width": columns, "list": chosen, "places": places}
        self._run("count", pair_kernels.COUNT_SLOTS, given, chunks, 4 * chosen.size)
        indptr = _places(places)
        out = np.empty(chosen.size, np.uint32)
        given |= {"bounds": bounds, "count": count, "out": out}
        self._run("scatter", pair_kernels.SCATTER_SLOTS, given, chunks, 10 * chosen.size)
        return indptr, out

    def pairs(
        self, key: int, sources: int, targets: int, total: int, multapses: bool, shift: int | None
    ) -> Graph:
        """A fixed number of pairs."""
        first, last = diagonal(sources, targets, shift)
        allowed = sources * targets - (last - first)
        if not multapses and total and allowed < LARGEST_SET and allowed <= 2**32:
            number = self._pick(key, 1, allowed, total, False, None, True, 0).astype(np.int64)
            rows, columns = unrank(number, sources, targets, shift)
            counts = np.bincount(rows, minlength=sources)
            return np.concatenate([[0], np.cumsum(counts)]), columns.astype(np.uint32)
        even = first == last or (first, last) == (0, sources)
        if not (multapses and even and total):
            return ReferenceWiring().pairs(key, sources, targets, total, multapses, shift)
        chunks = self._chunks(total, sources)
        places = np.zeros((chunks, sources), np.int64)
        given = {
            **key_words(key),
            "sources": sources,
            "width": targets - (first != last),
            "shift": NOWHERE if first == last else shift,
            "total": total,
            "bounds": np.linspace(0, -(-total // BATCH), chunks + 1).astype(np.int64),
            "places": places,
            "out": 0,
        }
        self._run("pairs", pair_kernels.PAIR_SLOTS, given, chunks, 20 * total)
        indptr = _places(places)
        out = np.empty(total, np.uint32)
        given["out"] = out
        self._run("pairs", pair_kernels.PAIR_SLOTS, given, chunks, 30 * total)
        longest = int(np.max(np.diff(indptr)))
        digit, passes = sorting.passes(total / sources, targets)
        room = 8 << digit
        given = {"indptr": indptr, "out": out, "room": room, "digit": digit, "passes": passes}
        scratch = room + 4 * longest + 64
        self._run("sort_rows", sorting.SORT_SLOTS, given, sources, 20 * total, scratch)
        return indptr, out

    def values(self, key: int, draw: Draw, count: int, dtype: str) -> Array:
        """One random value for each synapse."""
        groups = -(-count // BATCH)
        out = np.empty(groups * BATCH, dtype)
        given = {**key_words(key), "numbers": draw_numbers(draw), "out": out}
        self._call(value_kernel(draw, dtype), values_kernel.SLOTS, given, groups, 30 * count, 0)
        return out[:count]

    def _chunks(self, synapses: int, width: int) -> int:
        """Chunks that each keep a table of places as wide as `width`, one a thread at most."""
        threads = pool.available() if self.threads is None else self.threads
        return max(1, min(threads, synapses // max(4 * width, 4096)))

    def _run(
        self, name: str, slots: tuple[str, ...], given: dict[str, Any], columns: int,
        work: float, scratch: int = 0,
    ) -> None:  # fmt: skip
        self._call(kernel(name), slots, given, columns, work, scratch)

    def _call(
        self, native: Native, slots: tuple[str, ...], given: dict[str, Any], columns: int,
        work: float, scratch: int,
    ) -> None:  # fmt: skip
        table = word_table(slots, given)
        pool.run(native, table, columns, group=1, scratch=scratch, work=work, threads=self.threads)


def pick_words(
    key: int, columns: int, count: int, multapses: bool, shift: int, ordered: bool
) -> tuple[dict[str, Any], int]:
    """Words of the kernel that picks columns, but for ``first`` and ``out``; its scratch memory."""
    digit, passes = sorting.passes(count, columns)
    words = 0 if multapses else columns // 64 + 1
    listed = 4 * (count + BATCH) // 64 * 64 + 64
    given = {
        **key_words(key),
        "columns": columns,
        "shift": shift,
        "count": count,
        "multapses": multapses,
        "scan": ordered and words < 4 * count,
        "ordered": ordered,
        "digit": digit,
        "passes": passes,
        "words": words,
        "list_at": 8 * words,
        "other_at": 8 * words + listed,
        "places_at": 8 * words + 2 * listed,
    }
    return given, 8 * words + 2 * listed + (8 << digit)


def value_kernel(draw: Draw, dtype: str) -> Native:
    """The kernel of one distribution."""
    return kernel("values", (draw.kind, dtype, *(("step",) if draw.step else ())))


def draw_numbers(draw: Draw) -> Array:
    """The numbers of a distribution, as its kernel reads them."""
    return np.array(list(draw.numbers.values()), np.float64)


def word_table(slots: Sequence[str], given: dict[str, Any]) -> Array:
    """The words of a kernel: numbers, and addresses of arrays."""
    values = (given[slot.rpartition(" ")[2]] for slot in slots)
    words = [x.ctypes.data if isinstance(x, np.ndarray) else int(x) for x in values]
    return np.array(words, np.int64)


def key_words(key: int) -> dict[str, int]:
    """A key as its two halves."""
    return {"low": key & 0xFFFFFFFF, "high": key >> 32}


def float_word(value: float) -> int:
    """The bits of a float as a whole number."""
    return int(np.float64(value).view(np.int64))


def _bounds(rows: int, each: int) -> Array:
    return np.append(np.arange(0, rows, each), rows).astype(np.int64)


def _places(counts: Array) -> Array:
    """Counts of each (chunk, row) become the place of its first synapse; gives indptr."""
    indptr = np.zeros(counts.shape[1] + 1, np.int64)
    np.cumsum(counts.sum(axis=0), out=indptr[1:])
    before = np.cumsum(counts, axis=0) - counts
    counts[:] = indptr[:-1] + before
    return indptr


def _close_gaps(out: Array, starts: Array, used: Array) -> Array:
    """Move the parts of chunks together; what is behind them was never touched."""
    end = 0
    for start, count in zip(starts, used, strict=False):
        if start != end:
            out[end : end + count] = out[start : start + count]
        end += int(count)
    return out[:end]
