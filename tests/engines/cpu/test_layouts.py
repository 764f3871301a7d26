"""Threads, chunks, alignment and buffers change no bit of an answer, and nothing is overrun."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from tests.engines.cpu.setting import Setting, setting

from spikeloom.engines.cpu import CPU, pool

SIZES = [0, 1, 7, 63, 64, 65, 1000]


def run(engine: CPU, s: Setting) -> list[np.ndarray]:
    """Everything that the engine computes, as a flat list."""
    f = engine.forward(s.program, s.coefs, s.inputs, s.state, s.steps, checkpoint_every=5)
    rng = np.random.Generator(np.random.Philox(2))
    grad_out = rng.normal(size=f.out.shape).astype(engine.dtype)
    grad_state = rng.normal(size=f.state.shape).astype(engine.dtype)
    b = engine.backward(
        s.program, s.coefs, s.inputs, f.checkpoints, 5, grad_out, grad_state,
        want_inputs=s.program.inputs, want_coefs=s.program.coefs,
    )  # fmt: skip
    flat = {n: x[:, 0] for n, x in s.inputs.items()}
    m = engine.simulate(
        s.program, s.coefs, s.state[:, 0], s.steps, flat, record=s.program.states, every=4
    )
    return [f.out, f.state, f.checkpoints, b.state, *b.inputs.values(), *b.coefs.values(),
            m.state, m.spike_steps, m.spike_ids, *m.traces.values()]  # fmt: skip


def assert_same_bits(a: list[np.ndarray], b: list[np.ndarray]) -> None:
    for x, y in zip(a, b, strict=True):
        np.testing.assert_array_equal(x, y, strict=True)


@pytest.mark.parametrize("spread", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", SIZES)
def test_any_number_of_threads(
    size: int, dtype: str, spread: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    s = setting(size=size, dtype=dtype, spread=spread)
    monkeypatch.setattr(pool, "WORK_PER_THREAD", 1)
    one, two, three = (run(CPU(dtype, threads=n), s) for n in (1, 2, 3))
    assert_same_bits(one, two)
    assert_same_bits(one, three)


@pytest.mark.parametrize("first", [1, 5, 20])
def test_two_runs_are_one_run(first: int) -> None:
    s, engine = setting(), CPU()
    whole = engine.forward(s.program, s.coefs, s.inputs, s.state, s.steps)
    parts, state = [], s.state
    for a, b in ((0, first), (first, s.steps)):
        part = {n: x[a:b] for n, x in s.inputs.items()}
        f = engine.forward(s.program, s.coefs, part, state, b - a)
        parts.append(f.out)
        state = f.state
    assert_same_bits([whole.out, whole.state], [np.concatenate(parts), state])


def test_spikes_found_in_chunks_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    s = setting(steps=50, size=200)
    whole = run(CPU(), s)
    monkeypatch.setattr("spikeloom.engines.cpu.stepping.CHUNK_BYTES", 7 * 32)
    assert_same_bits(whole, run(CPU(), s))


def test_checkpoints_may_be_anywhere() -> None:
    s, engine = setting(), CPU()
    grad = np.ones((s.steps, 2, 63), "float32")
    answers = []
    for every in (1, 4, 16, 37, 100):
        f = engine.forward(s.program, s.coefs, s.inputs, s.state, s.steps, checkpoint_every=every)
        assert f.checkpoints is not None
        b = engine.backward(s.program, s.coefs, s.inputs, f.checkpoints, every, grad, None,
                            want_inputs=("I",))  # fmt: skip
        answers.append([b.inputs["I"], b.state])
    for other in answers[1:]:
        assert_same_bits(answers[0], other)


def unaligned(x: np.ndarray, shift: int) -> np.ndarray:
    """The same numbers at an address that is no multiple of a vector, or of the number itself."""
    room = np.full(x.nbytes + 128, 255, np.uint8)
    start = -room.ctypes.data % 64 + shift
    view = room[start : start + x.nbytes].view(x.dtype).reshape(x.shape)
    view[...] = x
    return view


@pytest.mark.parametrize("shift", [4, 20, 3])
def test_no_alignment_is_assumed(shift: int) -> None:
    s = setting()
    moved = replace(
        s,
        inputs={n: unaligned(x, shift) for n, x in s.inputs.items()},
        state=unaligned(s.state, shift),
    )
    assert_same_bits(run(CPU(), s), run(CPU(), moved))


@pytest.mark.parametrize("size", [1, 63, 65])
def test_nothing_is_written_beyond_a_buffer(size: int) -> None:
    s = setting(batch=1, size=size)
    count = s.steps * size
    room = np.full(count + 64, np.nan, "float32")
    out = room[32 : 32 + count].reshape(s.steps, 1, size)
    f = CPU().forward(s.program, s.coefs, s.inputs, s.state, s.steps, out=out)
    assert f.out is out
    assert np.isfinite(out).all()
    assert np.isnan(room[:32]).all() and np.isnan(room[32 + count :]).all()


def test_a_step_repeated_by_broadcasting_and_a_strided_series_need_no_copy() -> None:
    s = setting()
    series = s.inputs["I"]
    frozen = np.broadcast_to(series[:1], series.shape)
    copy = CPU().forward(s.program, s.coefs, {"I": frozen.copy()}, s.state, s.steps)
    view = CPU().forward(s.program, s.coefs, {"I": frozen}, s.state, s.steps)
    assert_same_bits([copy.out, copy.state], [view.out, view.state])
    half = series[::2]
    copy = CPU().forward(s.program, s.coefs, {"I": half.copy()}, s.state, len(half))
    view = CPU().forward(s.program, s.coefs, {"I": half}, s.state, len(half))
    assert_same_bits([copy.out, copy.state], [view.out, view.state])


def test_absent_and_constant_inputs() -> None:
    s, engine = setting(batch=1), CPU()
    zero = {"I": np.zeros_like(s.inputs["I"])}
    a = engine.forward(s.program, s.coefs, zero, s.state, s.steps)
    b = engine.forward(s.program, s.coefs, {"I": None}, s.state, s.steps)
    assert_same_bits([a.out, a.state], [b.out, b.state])
    level = np.full(63, 0.3, "float32")
    series = np.broadcast_to(level, (s.steps, 63))
    one, many = (
        engine.simulate(s.program, s.coefs, s.state[:, 0], s.steps, {"I": x}, spikes="bits")
        for x in (level, series)
    )
    assert one.bits is not None and one.bits.any()
    assert_same_bits([one.bits, one.state], [many.bits, many.state])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    s = setting(size=1000)
    monkeypatch.setattr(pool, "WORK_PER_THREAD", 1)
    before = run(CPU(threads=2), s)
    child = os.fork()
    if child == 0:
        same = all(
            np.array_equal(x, y) for x, y in zip(before, run(CPU(threads=2), s), strict=True)
        )
        os._exit(0 if same else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
