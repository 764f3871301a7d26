"""Stepping a population: chunks of steps, spikes as bits or indices, traces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from spikeloom.compile.program import Program
from spikeloom.engines.cpu import check
from spikeloom.engines.cpu.call import Array, pack_columns, padded, run_kernel
from spikeloom.engines.cpu.compact import SpikeList
from spikeloom.engines.cpu.draws import signed
from spikeloom.engines.cpu.host import this_host
from spikeloom.engines.cpu.library import weight
from spikeloom.engines.cpu.variant import Variant, slot_of
from spikeloom.engines.poisson import GOLDEN
from spikeloom.engines.randomness import Chance, check_chance
from spikeloom.engines.results import Simulation
from spikeloom.errors import EngineError, ShapeError

CHUNK_BYTES = 1 << 20
"""Bits of spikes kept before they are turned into indices: part of a second-level cache."""


LIGHT = 25
"""Vector instructions of a step up to which several groups fit the registers at their most."""
WIDE_GROUPS = 8
"""Groups of 512-bit vectors of float64: all 64 neurons of a word of spikes."""


def unroll(program: Program, dtype: str) -> int:
    """Groups that go through time together: several where a step waits for its own results.

    Measured: 1, 2, 4 and 8 groups take 0.49, 0.27, 0.16 and 0.13 ns a neuron-step for LIF in
    float64, 12.6, 7.0 and 6.7 (4) for AdEx; Hodgkin-Huxley has enough work in one group and takes
    3.6 with any. Where draws are rare, a test of fewer groups misses less often.
    """
    work, states = weight(program), len(program.states)
    if states > 3:
        return 2 if work <= 2 * LIGHT and not program.random else 1
    wide = dtype == "float64" and this_host().wide
    if wide and work <= LIGHT and states <= 2 and not program.random:
        return WIDE_GROUPS
    return 4 if work <= 400 else 1


def simulate(
    program: Program,
    coefs: Mapping[str, Array],
    state: Array,
    steps: int,
    inputs: Mapping[str, Array | None],
    *,
    spikes: Literal["indices", "bits", "none"],
    record: tuple[str, ...],
    every: int,
    chance: Chance | None,
    dtype: str,
    threads: int | None,
) -> Simulation:
    """The body of `CPU.simulate`, which describes the arguments."""
    check.check_steps(steps)
    check.check_names("state", record, program.states)
    if spikes not in ("indices", "bits", "none"):
        raise EngineError(
            f"cpu engine: spikes must be 'indices', 'bits' or 'none', got {spikes!r}."
        )
    if every < 1:
        raise EngineError(f"cpu engine: every must be at least 1, got {every}.")
    if np.ndim(state) != 2 or len(state) != len(program.states):
        raise ShapeError(
            f"cpu engine: state must have shape ({len(program.states)}, neurons), got "
            f"{np.shape(state)}.",
            hint=f"one row for each of the states {', '.join(program.states)}",
        )
    chance = check_chance(program, chance)
    width = np.shape(state)[1]
    state = np.array(check.numbers("state", state, dtype), order="C")
    single, columns = check.coefficients(program, coefs, width, dtype)
    table = pack_columns(columns, 1, width, dtype)
    given, series = _inputs(program, inputs, steps, width, dtype)
    traces = {name: np.empty((-(-steps // every), width), dtype) for name in record}
    row_bytes = padded(width) // 8
    wanted = spikes if program.spikes else "none"
    chunk = max(steps, 1) if wanted != "indices" else max(1, CHUNK_BYTES // max(row_bytes, 1))
    bits = np.empty((min(chunk, steps) if wanted != "none" else 0, row_bytes), np.uint8)
    bits[:, width // 64 * 8 :] = 0  # the kernel may leave the last bytes of a row alone
    variant = Variant(
        "simulate",
        dtype,
        columns=tuple(columns),
        inputs=tuple(given),
        series=series,
        spikes=wanted != "none",
        record=record,
        unroll=unroll(program, dtype),
    )
    size = state.itemsize
    words = {
        "scalars": single.ctypes.data,
        "columns": table.ctypes.data,
        "state_in": state.ctypes.data,
        "state_out": state.ctypes.data,
        "bits": bits.ctypes.data,
        "row_bytes": row_bytes,
        "record_every": every,
    }
    words |= {slot_of(name): signed(key) for name, key in chance.keys.items()}
    words["origin"] = signed(chance.first * GOLDEN)
    found = SpikeList(steps)
    for first in range(0, steps, chunk):
        count = min(chunk, steps - first)
        for name, (array, stride) in given.items():
            words[f"input:{name}"] = array.ctypes.data + first * stride * size
            words[f"stride:{name}"] = stride
        words["step"] = chance.step + first
        row = -(-first // every)
        words["record_wait"] = row * every - first
        for name, trace in traces.items():
            words[f"trace:{name}"] = trace.ctypes.data + row * width * size
        run_kernel(program, variant, words, width, threads=threads, steps=count)
        if wanted == "indices":
            found.add(bits, count, first)
    return Simulation(state, *_spikes(spikes, found, bits, steps, width), traces)


def _inputs(
    program: Program, inputs: Mapping[str, Any], steps: int, width: int, dtype: str
) -> tuple[dict[str, tuple[Array, int]], tuple[str, ...]]:
    """Input -> array and elements from step to step (0 if constant); and which change in time."""
    check.check_names("input", inputs, program.inputs)
    given: dict[str, tuple[Array, int]] = {}
    series = []
    for name in program.inputs:
        value = inputs.get(name)
        if value is None:
            continue
        what = f"input {name!r}"
        if np.ndim(value) == 2:
            check.check_shape(what, value, (steps, width), "time, neurons")
            given[name] = check.over_time(what, value, dtype)
            series.append(name)
        else:
            check.check_shape(what, value, (width,), "neurons")
            given[name] = (check.packed(what, value, dtype), 0)
    return given, tuple(series)


def _spikes(
    spikes: str, found: SpikeList, bits: Array, steps: int, width: int
) -> tuple[Array | None, Array | None, Array | None]:
    """Steps, neurons, bits: what was asked for, None for the rest."""
    if spikes == "none":
        return None, None, None
    if spikes == "bits":
        if len(bits) != steps:
            bits = np.zeros((steps, padded(width) // 8), np.uint8)
        return None, None, np.ascontiguousarray(bits[:, : -(-width // 8)])
    return *found.found(), None
