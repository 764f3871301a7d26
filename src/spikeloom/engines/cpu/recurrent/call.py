"""Joined neurons on the CPU engine: arrays in the form of the kernels, and their calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np

from spikeloom.compile.program import Program
from spikeloom.engines.cpu import check, pool
from spikeloom.engines.cpu.build import Native
from spikeloom.engines.cpu.emit import cost
from spikeloom.engines.cpu.engine import CPU, Inputs
from spikeloom.engines.cpu.host import this_host
from spikeloom.engines.cpu.kernels.frame import Frame
from spikeloom.engines.cpu.library import Keyed, load
from spikeloom.engines.cpu.recurrent import ahead as ahead_kernel
from spikeloom.engines.cpu.recurrent import back as back_kernel
from spikeloom.engines.cpu.recurrent import weights as weights_kernel
from spikeloom.engines.cpu.recurrent.layout import WORD, panel, slots
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.variant import Kind, Variant
from spikeloom.engines.randomness import refuse_chance
from spikeloom.engines.recurrence import Array, Recurrence, RecurrentBackward, RecurrentForward

WHO = "cpu engine"
FORWARD_BYTES = 16 * 1024
"""States of a tile of samples in the forward kernel: half of a first-level cache."""
BACKWARD_BYTES = 768 * 1024
"""What a tile keeps of a segment in the backward kernel: most of a second-level cache."""
TILE = 48
"""Most samples that go through time together."""


def forward(
    engine: CPU,
    program: Program,
    coefs: Mapping[str, Array],
    inputs: Inputs,
    state: Array,
    past: Array,
    steps: int,
    recurrence: Recurrence,
    *,
    every: int = 0,
    out: Array | None = None,
) -> RecurrentForward:
    """As `spikeloom.engines.reference.recurrent.forward`, in native code."""
    check.check_steps(steps)
    refuse_chance(WHO, program)
    state = check.packed("state", state, engine.dtype)
    _, batch, size = state.shape
    recurrence.check(WHO, program.inputs, program.spikes, size)
    check.check_shape("past", past, (recurrence.depth, batch, size), "delay, batch, neurons")
    wires = _Wires(recurrence, steps, batch, size)
    bits = np.zeros((wires.depth + steps, batch, wires.words * 8), np.uint8)
    bits[: wires.depth, :, : -(-size // 8)] = np.packbits(past != 0, axis=2, bitorder="little")
    shape = (steps, batch, size)
    out = np.empty(shape, engine.dtype) if out is None else out
    check.check_buffer(out, shape, engine.dtype)
    after = np.empty_like(state)
    checkpoints = None
    if every:
        checkpoints = np.empty((max(1, -(-steps // every)), *state.shape), engine.dtype)
        if steps == 0:
            checkpoints[0] = state
    given, variant, kept = _given(
        engine, program, coefs, inputs, shape, wires, recurrence, "forward"
    )
    each = wires.padded * len(program.states) * state.itemsize
    tile = min(max(FORWARD_BYTES // max(each, 1), 1), TILE)
    words = {
        **given,
        "tile": tile,
        "every": every or max(steps, 1),
        "checkpoints": 0 if checkpoints is None else checkpoints.ctypes.data,
        "bits": bits.ctypes.data,
        "state_in": state.ctypes.data,
        "state_out": after.ctypes.data,
        "out": out.ctypes.data,
    }
    scratch = wires.padded * (8 + state.itemsize) + tile * each
    _run(engine, program, recurrence.into, variant, words, batch, 1, scratch, steps * size)
    del kept
    return RecurrentForward(out, after, checkpoints, bits)


def backward(
    engine: CPU,
    program: Program,
    coefs: Mapping[str, Array],
    inputs: Inputs,
    checkpoints: Array,
    every: int,
    bits: Array,
    grad_out: Array,
    grad_state: Array | None,
    recurrence: Recurrence,
    *,
    want_inputs: tuple[str, ...] = (),
    want_coefs: tuple[str, ...] = (),
    want_weight: bool = True,
) -> RecurrentBackward:
    """As `spikeloom.engines.reference.recurrent.backward`, in native code."""
    refuse_chance(WHO, program)
    check.check_names("input", want_inputs, program.inputs)
    check.check_names("coefficient", want_coefs, program.coefs)
    shape = steps, batch, size = np.shape(grad_out)
    recurrence.check(WHO, program.inputs, program.spikes, size)
    grad_out = check.packed("grad_out", grad_out, engine.dtype)
    checkpoints = check.packed("checkpoints", checkpoints, engine.dtype)
    states = (len(program.states), batch, size)
    count = max(1, -(-steps // every))
    check.check_shape("checkpoints", checkpoints, (count, *states), "checkpoints, states, …")
    if grad_state is None:
        grad_state = np.zeros(states, engine.dtype)
    check.check_shape("grad_state", grad_state, states, "states, batch, neurons")
    grad_state = check.packed("grad_state", grad_state, engine.dtype)
    wires = _Wires(recurrence, steps, batch, size)
    into = recurrence.into
    found = {n: np.empty(shape, engine.dtype) for n in dict.fromkeys((into, *want_inputs))}
    given, variant, kept = _given(
        engine, program, coefs, inputs, shape, wires, recurrence, "backward",
        want_inputs=tuple(found), want_coefs=want_coefs,
    )  # fmt: skip
    number, padded = grad_out.itemsize, wires.padded
    columns, together = panel(this_host(), engine.dtype)
    every = max(1, min(every, steps))
    each = padded * number * ((len(program.states) + 1) * (every + 1) + wires.depth)
    tile = min(max(BACKWARD_BYTES // each, 1), TILE, max(batch, 1))
    rows = -(-tile // together) * together
    tile = rows if rows <= TILE else tile
    panels = _panels(recurrence.weight, columns, engine.dtype)
    to_state, past = np.empty_like(grad_state), np.empty((wires.depth, batch, size), engine.dtype)
    to_coefs = np.zeros((len(want_coefs), batch, padded))
    words = {
        **given,
        **{f"grad:input:{name}": array.ctypes.data for name, array in found.items()},
        "tile": tile,
        "rows": rows,
        "every": every,
        "checkpoints": checkpoints.ctypes.data,
        "bits": bits.ctypes.data,
        "panels": panels.ctypes.data,
        "grad_out": grad_out.ctypes.data,
        "grad_state_in": grad_state.ctypes.data,
        "grad_state_out": to_state.ctypes.data,
        "grad_past": past.ctypes.data,
        "grad_coefs": to_coefs.ctypes.data,
        "coef_row": batch * padded,
    }
    scratch = padded * 8 + (tile + 1) * each + rows * wires.depth * padded * number
    work = steps * size * (1 + size / 8)
    _run(engine, program, into, variant, words, batch, together, scratch, work)
    weight = None
    if want_weight:
        parts = np.zeros((wires.words, size, WORD), engine.dtype)
        words |= {"grad_x": found[into].ctypes.data, "grad_weight": parts.ctypes.data}
        variant = Variant("simulate", engine.dtype)
        _run(engine, program, "", variant, words, wires.words, 1, 0, steps * batch * WORD)
        weight = parts.swapaxes(0, 1).reshape(size, padded)[:, :size]
    del kept
    sums = {n: g[:, :size].sum(0) for n, g in zip(want_coefs, to_coefs, strict=True)}
    return RecurrentBackward({n: found[n] for n in want_inputs}, to_state, past, sums, weight)


class _Wires:
    """How the spikes of the past reach a step: for each delay, which sources have it."""

    def __init__(self, recurrence: Recurrence, steps: int, batch: int, size: int) -> None:
        self.words = max(-(-size // WORD), 1)
        self.padded = self.words * WORD
        self.depth = recurrence.depth
        lags = np.unique(recurrence.delays)
        self.offsets = np.ascontiguousarray(self.depth - lags, np.int64)
        self.masks = np.zeros((len(lags), self.words * 8), np.uint8)
        has = recurrence.delays == lags[:, None]
        self.masks[:, : -(-size // 8)] = np.packbits(has, axis=1, bitorder="little")
        self.numbers = {
            "steps": steps,
            "batch": batch,
            "size": size,
            "width": batch * size,
            "padded": self.padded,
            "words": self.words,
            "depth": self.depth,
            "lags": len(lags),
            "offsets": self.offsets.ctypes.data,
            "masks": self.masks.ctypes.data,
        }


def _given(
    engine: CPU,
    program: Program,
    coefs: Mapping[str, Array],
    inputs: Inputs,
    shape: tuple[int, ...],
    wires: _Wires,
    recurrence: Recurrence,
    kind: Kind,
    want_inputs: tuple[str, ...] = (),
    want_coefs: tuple[str, ...] = (),
) -> tuple[dict[str, int], Variant, list[object]]:
    """Slots that both directions share, the variant, and the arrays behind the slots."""
    size = shape[-1]
    single, columns = check.coefficients(program, coefs, size, engine.dtype)
    table = np.zeros((len(columns), wires.padded), engine.dtype)
    for row, value in zip(table, columns.values(), strict=True):
        row[:size] = value
    weight = np.asarray(recurrence.weight, engine.dtype)
    if wires.padded != size:
        weight = np.pad(weight, ((0, 0), (0, wires.padded - size)))
    weight = np.require(weight, requirements=("C", "A"))
    words = wires.numbers | {
        "scalars": single.ctypes.data,
        "columns": table.ctypes.data,
        "weight": weight.ctypes.data,
    }
    kept: list[object] = [single, table, weight, wires]
    check.check_names("input", inputs, program.inputs)
    present = tuple(name for name in program.inputs if inputs.get(name) is not None)
    for name in present:
        check.check_shape(f"input {name!r}", inputs[name], shape, "time, batch, neurons")
        array, stride = check.over_time(f"input {name!r}", inputs[name], engine.dtype)
        words |= {f"input:{name}": array.ctypes.data, f"stride:{name}": stride}
        kept.append(array)
    variant = Variant(kind, engine.dtype, columns=tuple(columns), inputs=present)
    variant = replace(variant, want_inputs=want_inputs, want_coefs=want_coefs)
    return words, variant, kept


def _panels(weight: Array, columns: int, dtype: str) -> Array:
    """The weights as panels of sources: (padded / columns, targets, columns)."""
    size = len(weight)
    count = max(-(-size // WORD), 1) * WORD // columns
    panels = np.zeros((count, size, columns), dtype)
    for k, target in enumerate(panels):
        part = weight[k * columns : (k + 1) * columns]
        target[:, : len(part)] = part.T
    return panels


@lru_cache(maxsize=256)
def _prepare(keyed: Keyed, into: str, variant: Variant) -> tuple[Native, tuple[str, ...], float]:
    host, program, names = this_host(), keyed.program, slots(variant)
    kind = "weights" if variant.kind == "simulate" else variant.kind

    def text() -> str:
        w = Writer()
        frame = Frame(w, program, variant, host, names)
        if kind == "forward":
            ahead_kernel.write(frame, into)
        elif kind == "backward":
            back_kernel.write(frame, into, panel(host, variant.dtype))
        else:
            weights_kernel.write(frame)
        return w.text()

    # The sums over spikes are the same for every model.
    key = "" if kind == "weights" else program.key
    native = load(kind, key, f"recurrent|{into}|{variant.text}", text, host)
    work = (cost(program.forward) + cost(program.backward)) / host.lanes(variant.dtype)
    return native, names, work


def _run(
    engine: CPU,
    program: Program,
    into: str,
    variant: Variant,
    words: Mapping[str, int],
    columns: int,
    group: int,
    scratch: int,
    work: float,
) -> None:
    """Fill the slots and run a kernel; ``work`` is in neuron steps of one column."""
    native, names, each = _prepare(Keyed(program), into, variant)
    table = np.array([words[name] for name in names], np.int64)
    pool.run(
        native,
        table,
        columns,
        group=group,
        scratch=scratch,
        work=each * work * columns,
        threads=engine.threads,
    )
