"""Results that go past the caches are the same bits as those that do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeloom.compile import bind, compile_neuron
from spikeloom.compile.values import numbers
from spikeloom.engines.cpu import CPU, call
from spikeloom.models import LIF, ATan


def aligned(shape: tuple[int, ...], shift: int = 0) -> Any:
    """An empty float32 array whose first byte is `shift` past a line of the cache."""
    raw = np.empty(int(np.prod(shape)) * 4 + 128, np.uint8)
    start = -raw.ctypes.data % 64 + shift
    return raw[start : start + int(np.prod(shape)) * 4].view(np.float32).reshape(shape)


@pytest.mark.parametrize("width", [16, 1008, 1000])
@pytest.mark.parametrize("shift", [0, 4])
def test_streamed_results_are_the_same(
    width: int, shift: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = compile_neuron(LIF(), surrogate=ATan())
    bound = bind(program, numbers(LIF(), ATan()), 1.0)
    rng = np.random.default_rng(0)
    x = rng.normal(0.2, 0.3, (20, 1, width)).astype(np.float32)
    upstream = rng.normal(size=x.shape).astype(np.float32)
    start = bound.initial(1, width).astype(np.float32)
    answers = []
    for limit in (0, 2**60):
        monkeypatch.setattr(call, "STREAM_BYTES", limit)
        out, to_x = aligned(x.shape, shift), aligned(x.shape, shift)
        run = CPU(threads=2).forward(program, bound.coefs, {"I": x}, start, 20,
                                     checkpoint_every=8, out=out)  # fmt: skip
        CPU(threads=2).backward(program, bound.coefs, {"I": x}, run.checkpoints, 8, upstream,
                                None, want_inputs=("I",), out={"I": to_x})  # fmt: skip
        answers.append((out, to_x))
    assert answers[0][0].sum() > 0
    for streamed, plain in zip(*answers, strict=True):
        assert np.array_equal(streamed, plain)


def test_the_kernel_streams_only_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    from spikeloom.engines.cpu.variant import Variant

    monkeypatch.setattr(call, "STREAM_BYTES", 0)
    forward = Variant("forward")
    assert call._streams(forward, {"out": 128}, 64, 1)
    assert not call._streams(forward, {"out": 132}, 64, 1)
    assert not call._streams(forward, {"out": 128}, 68, 1)
    assert not call._streams(Variant("simulate"), {"out": 128}, 64, 1)
