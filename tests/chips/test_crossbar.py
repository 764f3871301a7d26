"""A crossbar core: the integer product of events and bits, by type, to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeloom import TrueNorthNeuron
from spikeloom.chips import Core
from spikeloom.engines.fixed import FixedReference
from spikeloom.errors import ParameterError, ShapeError


def test_v_grows_by_events_times_bits_by_type() -> None:
    """V += sum over types g of s_g (A^T W)_g, for 256 x 256 and weights of each neuron."""
    rng = np.random.default_rng(2)
    bits, types = rng.integers(0, 2, (256, 256)), rng.integers(0, 4, 256)
    events = rng.integers(0, 2, (5, 256))
    s = rng.integers(-256, 256, (4, 256))
    neuron = TrueNorthNeuron(s=tuple(s), alpha=2**18 - 1, beta=2**18 - 1, gamma=2)
    run = Core(neuron, bits, types).run(events)
    v = np.zeros(256, int)
    for t in range(5):
        for axon in range(256):
            if events[t, axon]:
                v += bits[axon] * s[types[axon]]
        v = np.clip(v, -(2**19), 2**19 - 1)
        assert np.array_equal(run.traces["v"][t], v)


def test_both_engines_and_two_runs_in_a_row_agree() -> None:
    rng = np.random.default_rng(3)
    neuron = TrueNorthNeuron(s=(90, -40, 7, 0), b=(1, 1, 0, 0), lam=-3, eps=1, alpha=20, TM=3,
                             gamma=1, beta=30)  # fmt: skip
    core = Core(neuron, rng.random((64, 100)) < 0.3, rng.integers(0, 4, 64))
    events = rng.random((30, 64)) < 0.2
    whole = core.run(events, seed=9)
    slow = core.run(events, seed=9, engine=FixedReference())
    assert 0 < len(whole.spike_ids) < 3000
    assert np.array_equal(whole.spike_times, slow.spike_times)
    one = core.run(events[:11], seed=9)
    two = core.run(events[11:], seed=9, state=one.state, first=11)
    assert np.array_equal(two.state["v"], whole.state["v"])


@pytest.mark.parametrize(
    ("bits", "types", "events", "kind", "words"),
    [
        (np.ones((257, 3)), [0] * 257, None, ShapeError, "at most 256"),
        (np.ones(3), [0] * 3, None, ShapeError, "axons, neurons"),
        (np.ones((3, 2)), [0, 1], None, ShapeError, "one number for each of 3 axons"),
        (np.full((3, 2), 2), [0, 1, 2], None, ParameterError, "0 and 1"),
        (np.ones((3, 2)), [0, 1, 4], None, ParameterError, "types of axons"),
        (np.ones((3, 2)), [0, 1, 2], np.ones((5, 2)), ShapeError, "ticks, 3"),
        (np.ones((3, 2)), [0, 1, 2], np.full((5, 3), 2), ParameterError, "one event"),
    ],
)
def test_what_is_refused(bits: Any, types: Any, events: Any, kind: Any, words: str) -> None:
    with pytest.raises(kind, match=words):
        core = Core(TrueNorthNeuron(), bits, types)
        core.run(events)
