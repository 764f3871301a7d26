"""The fixed engine: models of whole numbers as native vector code."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from spikeloom.compile.tick_fold import fold, switches
from spikeloom.compile.tick_program import TickProgram
from spikeloom.engines.cpu import pool
from spikeloom.engines.cpu.build import Native
from spikeloom.engines.cpu.compact import SpikeList
from spikeloom.engines.cpu.draws import WORK, signed
from spikeloom.engines.cpu.host import this_host
from spikeloom.engines.cpu.library import load
from spikeloom.engines.fixed.check import Given, given
from spikeloom.engines.fixed.emit import bits_of
from spikeloom.engines.fixed.kernel import TickVariant, tick_slots, write_kernel
from spikeloom.engines.poisson import GOLDEN
from spikeloom.engines.randomness import Chance
from spikeloom.engines.results import Simulation
from spikeloom.equations.span import Span
from spikeloom.errors import EngineError

Array = np.ndarray[Any, np.dtype[Any]]
CHUNK_BYTES = 1 << 20
"""Bits of spikes kept before they are turned into indices: part of a second-level cache."""


@dataclass(frozen=True)
class Fixed:
    """Runs models of whole numbers in native code, equal to the last bit to `FixedReference`.

    The bits are the same at any number of threads, and whether ticks are run in one call or in
    several.

    Arguments:
        threads: Most threads to use; None for one a processor. Small work uses one.

    >>> from spikeloom import TrueNorthNeuron, ms, simulate
    >>> run = simulate(TrueNorthNeuron(lam=3, alpha=10), 8 * ms, engine=Fixed(threads=1))
    >>> run.traces["v"][:, 0].tolist()
    [3, 6, 9, 0, 3, 6, 9, 0]
    """

    threads: int | None = None

    def __post_init__(self) -> None:
        if self.threads is not None and self.threads < 1:
            raise EngineError(f"Fixed: threads must be at least 1 or None, got {self.threads!r}.")

    @property
    def dtype(self) -> str:
        """Of states and inputs."""
        return "int64"

    def ir(self, program: TickProgram) -> str:
        """The kernel as text, with each instruction of the tick above what became of it."""
        variant = _variant(program, {}, program.inputs, (), True, program.states)
        return write_kernel(program, variant)

    def simulate(
        self,
        program: TickProgram,
        coefs: Mapping[str, Array],
        state: Array,
        steps: int,
        inputs: Mapping[str, Array | None],
        *,
        spikes: Literal["indices", "bits", "none"] = "indices",
        record: tuple[str, ...] = (),
        every: int = 1,
        chance: Chance | None = None,
    ) -> Simulation:
        """Run a population; arguments and answer as in `Reference.simulate`, all int64.

        Raises:
            EngineError, ShapeError, ParameterError: Something given does not fit the Program.
        """
        g = given(program, coefs, state, steps, inputs, record, every, spikes, chance)
        return _run(program, g, steps, spikes, record, every, self.threads)


def _variant(
    program: TickProgram,
    params: Mapping[str, Array],
    inputs: tuple[str, ...],
    series: tuple[str, ...],
    spikes: bool,
    record: tuple[str, ...],
) -> TickVariant:
    columns = tuple(name for name in program.params if np.ndim(params.get(name, 0)))
    lanes = this_host().lanes("float32")
    return TickVariant(columns, inputs, series, spikes, record, lanes)


def _run(
    program: TickProgram,
    g: Given,
    steps: int,
    spikes: str,
    record: tuple[str, ...],
    every: int,
    threads: int | None,
) -> Simulation:
    single = {n: int(x) for n, x in g.params.items() if x.ndim == 0}
    program = fold(program, switches(program, single))
    width = g.state.shape[1]
    wanted = program.spikes and spikes != "none"
    used = tuple(n for n in program.inputs if g.inputs[n].any())
    series = tuple(n for n in used if g.inputs[n].ndim == 2)
    variant = _variant(program, g.params, used, series, wanted, record)
    padded = max(-(-width // 64), 1) * 64  # whole groups, and whole words of bits
    states = {
        n: filled(row, padded, span)
        for (n, span), row in zip(program.states_in, g.state, strict=True)
    }
    spans = dict(program.inputs_in)
    driven = {n: filled(g.inputs[n], padded, spans[n]) for n in used}
    params = {n: filled(g.params[n], padded, span) for n, span in program.params_in}
    rows = -(-steps // every)
    traces = {n: np.empty((rows, padded), states[n].dtype) for n in record}
    row_bytes = padded // 8
    chunk = max(steps, 1) if spikes != "indices" else max(1, CHUNK_BYTES // row_bytes)
    bits = np.zeros((min(chunk, steps) if wanted else 0, row_bytes), np.uint8)
    words: dict[str, int] = {"width": width, "padded": padded, "row_bytes": row_bytes}
    words |= {"every": every, "bits": bits.ctypes.data, "origin": signed(g.chance.first * GOLDEN)}
    words |= {f"key:{name}": signed(key) for name, key in g.chance.keys.items()}
    words |= {f"param:{n}": x.ctypes.data for n, x in params.items()}
    words |= {f"{kind}:{n}": x.ctypes.data for n, x in states.items() for kind in ("in", "out")}
    names = tick_slots(program, variant)
    native = _native(program, variant)
    work = (len(program.forward.instrs) + WORK * len(program.draws)) / variant.lanes
    found = SpikeList(steps)
    for first in range(0, steps, chunk) if width else ():
        count = min(chunk, steps - first)
        row = -(-first // every)
        words |= {"steps": count, "step": g.chance.step + first, "wait": row * every - first}
        for n, array in driven.items():
            ahead = first * padded * array.itemsize if n in series else 0
            words[f"input:{n}"] = array.ctypes.data + ahead
        for n, trace in traces.items():
            words[f"trace:{n}"] = trace.ctypes.data + row * padded * trace.itemsize
        table = np.array([words[name] for name in names], np.int64)
        pool.run(native, table, padded, group=variant.group, scratch=0,
                 work=work * count * padded, threads=threads)  # fmt: skip
        if wanted and spikes == "indices":
            found.add(bits, count, first)
    rows_after = [x[:width].astype(np.int64) for x in states.values()]
    listed = wanted and spikes == "indices"
    at, who = found.found() if listed else (None, None)
    packed = np.ascontiguousarray(bits[:, : -(-width // 8)]) if wanted and not listed else None
    return Simulation(
        np.array(rows_after, np.int64).reshape(len(rows_after), width),
        at,
        who,
        packed,
        {n: trace[:, :width].astype(np.int64) for n, trace in traces.items()},
    )


def filled(value: Array, padded: int, span: Span) -> Array:
    """In the width that a kernel computes it in; beyond the last neuron more like it."""
    kind = np.int32 if bits_of(span) == 32 else np.int64
    if value.ndim == 0:
        return np.array([value], kind)
    made = np.zeros((*value.shape[:-1], padded), kind)
    size = value.shape[-1]
    made[..., :size] = value
    if size:
        made[..., size:] = value[..., -1:]
    return made


@lru_cache(maxsize=256)
def _native(program: TickProgram, variant: TickVariant) -> Native:
    """The kernel: from memory, else from disk, else compiled."""
    text = f"{variant.text}|{version()}"
    return load("simulate", program.key, text, lambda: write_kernel(program, variant), this_host())


@lru_cache(maxsize=1)
def version() -> str:
    """Hash of the source of this engine: any change of it makes new object code."""
    total = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        total.update(path.read_bytes())
    return total.hexdigest()
