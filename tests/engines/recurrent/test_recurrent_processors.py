"""The kernels of joined neurons for lesser processors than this one."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tests.engines.cpu.mathprobe import narrow_host
from tests.engines.recurrent.situation import Situation, every_gradient, random_grads, situation

from spikeloom.engines.cpu import CPU, recurrent
from spikeloom.engines.cpu.host import Host
from spikeloom.engines.cpu.recurrent import call

OLD = Host("x86-64", "+sse4.1,+sse4.2")
"""Before fused multiply-add."""


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """No kernel of another processor stays behind."""
    call._prepare.cache_clear()
    yield
    call._prepare.cache_clear()


def answers(s: Situation, dtype: Any) -> dict[str, np.ndarray]:
    ahead = s.forward(CPU(dtype), recurrent)
    back = s.backward(CPU(dtype), recurrent, ahead, random_grads(s))
    return {"out": ahead.out, "last": ahead.state, **every_gradient(back)}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_narrower_vectors_give_the_same_bits(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    s = situation(size=77, batch=8, depth=2)
    native = answers(s, dtype)
    call._prepare.cache_clear()
    monkeypatch.setattr(call, "this_host", narrow_host)
    for what, found in answers(s, dtype).items():
        assert found.tobytes() == native[what].tobytes(), what


@pytest.mark.skipif(platform.machine() != "x86_64", reason="names an x86 processor")
def test_without_fused_multiply_add_answers_are_close(monkeypatch: pytest.MonkeyPatch) -> None:
    s = situation(size=21, steps=12)
    native = answers(s, "float64")
    call._prepare.cache_clear()
    monkeypatch.setattr(call, "this_host", lambda: OLD)
    for what, found in answers(s, "float64").items():
        expected = native[what]
        scale = np.abs(expected).max(initial=0.0)
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10 * scale, err_msg=what)
