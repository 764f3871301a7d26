"""The same kernels for lesser processors than this one."""

from __future__ import annotations

import platform

import numpy as np
import pytest
from tests.engines.cpu.mathprobe import narrow_host
from tests.engines.cpu.setting import setting
from tests.engines.cpu.test_layouts import assert_same_bits, run

from spikeloom import models as m
from spikeloom.engines.cpu import CPU, library
from spikeloom.engines.cpu.host import Host

OLD = Host("x86-64", "+sse4.1,+sse4.2")
"""Before fused multiply-add."""
MODELS = [m.CubaLIF(), m.AdEx(), m.HodgkinHuxley()]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("neuron", MODELS, ids=lambda n: type(n).__name__)
def test_narrower_vectors_give_the_same_bits(
    neuron: m.LIF, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    s = setting(steps=20, size=77, dtype=dtype, neuron=neuron)
    native = run(CPU(dtype), s)
    library._prepare.cache_clear()
    monkeypatch.setattr(library, "this_host", narrow_host)
    assert_same_bits(native, run(CPU(dtype), s))
    library._prepare.cache_clear()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="names an x86 processor")
@pytest.mark.parametrize("neuron", MODELS, ids=lambda n: type(n).__name__)
def test_without_fused_multiply_add_answers_are_close(
    neuron: m.LIF, monkeypatch: pytest.MonkeyPatch
) -> None:
    s = setting(steps=5, size=21, dtype="float64", neuron=neuron)
    native = run(CPU("float64"), s)
    library._prepare.cache_clear()
    monkeypatch.setattr(library, "this_host", lambda: OLD)
    for x, y in zip(native, run(CPU("float64"), s), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-8, atol=1e-10 * np.abs(x).max(initial=0.0))
    library._prepare.cache_clear()
