"""Synapses in few bytes: nothing is lost, whatever the form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.network.nets import Shape, random_plan
from tests.engines.network.test_native import SHAPES, same_bits, same_spikes

from spikeloom.engines.cpu.network import NativeNetwork, packed_projection
from spikeloom.engines.cpu.network import packed as packed_module
from spikeloom.engines.cpu.network.packed import fixed_step, pack
from spikeloom.engines.cpu.network.projection import unpack
from spikeloom.engines.network_plan import NetworkPlan, ProjectionPlan
from spikeloom.engines.reference.network import ReferenceNetwork

STEPS = 60


def on_grid(p: Any, grid: float) -> ProjectionPlan:
    """The same with weights that are multiples of something."""
    return replace(p, weights=np.asarray(np.rint(p.weights / grid) * grid, np.float32))


def packed(plan: NetworkPlan, threads: int) -> NetworkPlan:
    """The same plan with packed projections."""
    some = (
        packed_projection(p.whole, plan.populations, plan.dtype, threads) for p in plan.projections
    )
    return replace(plan, projections=tuple(some))


def by_delay(p: ProjectionPlan) -> list[tuple[Any, ...]]:
    """All synapses: row, target, delay, weight."""
    rows = np.repeat(np.arange(len(p.indptr) - 1), np.diff(p.indptr))
    count = p.targets.size
    values = (np.broadcast_to(x, (count,)) for x in (p.delays, p.weights))
    table = [rows, p.targets, *values]
    order = np.lexsort((table[2], table[1], rows))  # stable: ties stay in their order
    return [tuple(column[order].tolist()) for column in table]


@given(SHAPES, st.sampled_from([1, 2, 5]), st.booleans(), st.sampled_from([0.0, 0.125]))
@settings(max_examples=40)
def test_nothing_is_lost(shape: Shape, threads: int, single: bool, grid: float) -> None:
    plan = random_plan(shape, "float32" if single else "float64")
    for p in plan.projections:
        given_ = on_grid(p, grid) if grid else p
        given_ = replace(given_, weights=np.asarray(given_.weights, plan.dtype))
        made = packed_projection(given_, plan.populations, plan.dtype, threads)
        assert (made.count, made.longest, made.shortest) == (p.count, p.longest, p.shortest)
        assert np.array_equal(made.indptr, p.indptr)
        assert by_delay(made.whole) == by_delay(given_)


@given(SHAPES, st.sampled_from([1, 2, 3]), st.sampled_from([1, 2, 4]))
@settings(max_examples=25)
def test_packed_plans_run_like_the_reference(shape: Shape, threads: int, cut: int) -> None:
    plan = random_plan(shape, "float64")
    small = packed(plan, cut)
    got, expected = NativeNetwork(small, threads), ReferenceNetwork(small)
    assert same_spikes(got.run(STEPS), expected.run(STEPS))
    whole = NativeNetwork(plan, 1)
    whole.run(STEPS)
    assert same_bits(got.state_dict(), whole.state_dict())


@pytest.mark.parametrize("delays", [5, -2])
@pytest.mark.parametrize("grid", [0.0, 2.0**-10])
def test_weights_of_24_bits_change_no_bit(delays: int, grid: float) -> None:
    plan = random_plan(Shape(4, (180, 90), delays=delays, density=0.3), "float32")
    if grid:
        plan = replace(plan, projections=tuple(on_grid(p.whole, grid) for p in plan.projections))
    forms = {NativeNetwork(plan, 1).synapses[0].packed.rows.weights}
    assert forms == {"fixed" if grid else "own"}
    expected = NativeNetwork(plan, 1)
    expected.run(STEPS)
    truth = ReferenceNetwork(plan)
    truth.run(STEPS)
    for threads in (1, 2, 3):
        got = NativeNetwork(packed(plan, threads), threads)
        got.run(STEPS)
        assert same_bits(got.state_dict(), expected.state_dict())
    # Both begin with the same weights: the reference differs by the rounding of its sums alone.
    assert np.allclose(expected.state(0), truth.state(0), rtol=1e-3, atol=1e-3)


def test_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = random_plan(Shape(2, (300,), density=0.3, delays=9))
    p = plan.projections[0].whole
    late = replace(p, delays=p.delays + np.uint16(300))
    later = replace(p, delays=p.delays.astype(np.uint16) * np.uint16(6000))
    for given_, form in ((p, ("heads", 8)), (late, ("heads", 16)), (later, ("places", 16))):
        made = pack(given_, 300, "float64", 1)
        assert (made.rows.delays, made.rows.heads) == form
        assert by_delay(
            replace(p, **dict(zip(("targets", "weights", "delays"), unpack(made), strict=True)))
        ) == by_delay(given_)
    # Targets beyond 16 bits: many narrow parts for long rows, wide numbers for short ones.
    monkeypatch.setattr(packed_module, "NARROW", 128)
    expected = NativeNetwork(plan, 1)
    expected.run(STEPS)
    for long_row, delays, parts in ((1, "heads", 6), (10**6, "places", 2)):
        monkeypatch.setattr(packed_module, "LONG_ROW", long_row)
        made = pack(p, 300, "float64", 2)
        assert (made.rows.delays, made.rows.parts) == (delays, parts)
        got = NativeNetwork(plan, 2)
        got.run(STEPS)
        assert same_bits(got.state_dict(), expected.state_dict())


def test_a_weight_between_the_steps_is_found_late() -> None:
    weights = np.ones(20_000, np.float32)
    weights[-1] = 1e-7
    assert fixed_step(weights) is not None  # the sample did not see it
    indptr = np.array([0, 20_000])
    targets = np.sort(np.arange(20_000) % 100).astype(np.uint32)
    for delays in (np.array(3), (np.arange(20_000) % 7).astype(np.uint16)):
        p = ProjectionPlan(0, 0, "x", indptr, targets, weights, delays)
        made = pack(p, 100, "float32", 1)
        assert made.rows.weights == "own"
        assert sorted(unpack(made)[1].tolist()) == sorted(weights.tolist())


def test_bytes_of_a_synapse() -> None:
    """Rows as in the microcircuit: 500 synapses, normal weights and delays, two threads."""
    rng = np.random.Generator(np.random.Philox(1))
    rows, size, each = 200, 20_000, 500
    targets = np.sort(rng.integers(0, size, (rows, each)), axis=1).astype(np.uint32).ravel()
    step = 2.0**-16
    p = ProjectionPlan(
        *(0, 0, "x", np.arange(rows + 1) * each, targets),
        (np.rint(rng.normal(87.8, 8.78, targets.size) / step) * step).astype(np.float32),
        np.clip(np.rint(rng.normal(15, 7.5, targets.size)), 1, None).astype(np.uint16),
    )
    assert pack(p, size, "float32", 2).nbytes / targets.size < 5.6
    alone = replace(p, weights=np.array(1.0), delays=np.array(15))
    assert pack(alone, size, "float32", 2).nbytes / targets.size < 2.1
