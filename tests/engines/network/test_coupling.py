"""Gap junctions: the native engine against the reference, and what must stay as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.network.nets import Shape, random_plan
from tests.engines.network.test_native import same_bits, same_spikes

from spikeloom.engines.coupling import CouplingPlan, Potential
from spikeloom.engines.cpu.network import NativeNetwork
from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.engines.network_run import Trace
from spikeloom.engines.reference.network import ReferenceNetwork
from spikeloom.errors import EngineError, NumericsError, ShapeError


def half(
    rng: np.random.Generator, source: tuple[int, int], target: tuple[int, int], scale: float = 1.0
) -> CouplingPlan:
    """Random junctions of one direction; sides are (population, neurons)."""
    rows, ends = np.nonzero(rng.random((target[1], source[1])) < 0.1)
    indptr = np.searchsorted(rows, np.arange(target[1] + 1)).astype(np.int64)
    conductance = rng.uniform(0, 5e-5, len(ends))
    return CouplingPlan(
        Potential(source[0], "v"),
        Potential(target[0], "v"),
        "I",
        indptr,
        ends.astype(np.uint32),
        conductance,
        scale,
    )


def coupled_plan(seed: int, size: int, dtype: Any = "float64") -> NetworkPlan:
    """Junctions within a population and between two, beside synapses and Poisson input."""
    plan = random_plan(Shape(seed, (size, 30, 77), spread=True), dtype)
    rng = np.random.Generator(np.random.Philox(seed + 1))
    a, b = (0, size), (2, 77)
    return replace(plan, couplings=(half(rng, a, a), half(rng, a, b), half(rng, b, a, 0.5)))


@given(st.integers(0, 2**20), st.integers(1, 200), st.sampled_from([1, 2, 3]))
@settings(max_examples=15)
def test_spike_for_spike_like_the_reference(seed: int, size: int, threads: int) -> None:
    plan = coupled_plan(seed, size)
    native, reference = NativeNetwork(plan, threads), ReferenceNetwork(plan)
    assert same_spikes(native.run(60), reference.run(60))
    ours, theirs = native.state_dict(), reference.state_dict()
    for name, array in theirs.items():
        np.testing.assert_allclose(ours[name], array, rtol=1e-9, atol=1e-9, err_msg=name)


@given(
    st.integers(0, 2**20),
    st.lists(st.integers(0, 30), min_size=1, max_size=5),
    st.integers(1, 4),
    st.sampled_from(["float32", "float64"]),
)
@settings(max_examples=15)
def test_same_bits_in_pieces_and_threads(
    seed: int, pieces: list[int], threads: int, dtype: Any
) -> None:
    plan = coupled_plan(seed, 120, dtype)
    wishes = [Trace(0, "v", every=7), Trace(2, "e")]
    whole = NativeNetwork(plan, 1)
    expected = whole.run(sum(pieces), None, wishes)
    parts = NativeNetwork(plan, threads)
    runs = [parts.run(n, None, wishes) for n in pieces]
    assert same_bits(parts.state_dict(), whole.state_dict())
    for place, (at, who) in enumerate(expected.spikes):
        assert np.array_equal(np.concatenate([r.spikes[place][0] for r in runs]), at)
        assert np.array_equal(np.concatenate([r.spikes[place][1] for r in runs]), who)


def test_a_planted_fault_is_seen() -> None:
    plan = coupled_plan(3, 100)
    first, *rest = plan.couplings
    conductance = first.conductance.copy()
    conductance[5] *= 1.5
    broken = replace(plan, couplings=(replace(first, conductance=conductance), *rest))
    got, expected = NativeNetwork(broken, 1), ReferenceNetwork(plan)
    got.run(60)
    expected.run(60)
    assert not np.allclose(got.state(0), expected.state(0), rtol=1e-9)


def test_what_does_not_fit_is_refused() -> None:
    plan = coupled_plan(3, 20)
    good = plan.couplings[0]
    for changes, error in (
        ({"input": "J"}, EngineError),
        ({"input": "exc"}, EngineError),
        ({"source": Potential(0, "u")}, EngineError),
        ({"target": Potential(7, "v")}, EngineError),
        ({"indptr": good.indptr[:-1]}, ShapeError),
        ({"indptr": good.indptr[::-1]}, EngineError),
        ({"sources": good.sources + np.uint32(20)}, EngineError),
        ({"conductance": -good.conductance}, NumericsError),
        ({"conductance": good.conductance * np.nan}, NumericsError),
    ):
        with pytest.raises(error):
            replace(plan, couplings=(replace(good, **changes),))
    for engine in (NativeNetwork, ReferenceNetwork):
        with pytest.raises(EngineError, match="process to process"):
            engine(plan, exchange=lambda logs: logs)
