"""The native event engine against the reference: spikes, states, and every gradient."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.engines.events.cases import Alpha, Jumping, arrivals, system

from spikeloom import ms, mV
from spikeloom.engines.cpu import events as native
from spikeloom.engines.events import reference
from spikeloom.errors import NumericsError, ShapeError
from spikeloom.models import ALIF, LIF, CubaLIF, LeakyIntegrator, TwoCompartment

CASES = {
    "cuba": (CubaLIF(), 0.4),
    "cuba, equal time constants": (CubaLIF(tau_syn=20 * ms), 0.1),
    "lif": (LIF(), 0.15),
    "alif": (ALIF(), 0.15),
    "alpha": (Alpha(), 5.0),
    "alpha, all time constants equal": (Alpha(tau=5 * ms), 5.0),
    "alpha, nearly equal": (Alpha(rise=5.000001 * ms), 5.0),
    "two compartments": (TwoCompartment(), 300.0),
    "jumping": (Jumping(), 0.6),
    "silent": (LeakyIntegrator(), 1.0),
}
PARTS = ("times", "weights", "A", "r", "R", "b", "z")


def close(a: Any, b: Any) -> bool:
    return bool(np.allclose(a, b, rtol=1e-9, atol=1e-9 * (1 + np.abs(a).max(initial=0))))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("limit", [1, 3, 100_000])
def test_both_engines_give_the_same_spikes_and_gradients(case: str, limit: int) -> None:
    neuron, scale = CASES[case]
    rng = np.random.default_rng(len(case))
    one = system(neuron)
    events = arrivals(rng, (10, 0, 13), 4)
    weights = scale * rng.normal(1.0, 1.0, (3, 4))
    slow = reference.forward(one, events, weights, 60.0, limit)
    fast = native.forward(one, events, weights, 60.0, limit, room=2)
    assert np.array_equal(slow.count, fast.count)
    assert case == "silent" or slow.count.sum() > 0
    real = np.arange(slow.times.shape[2]) < slow.count[..., None]
    assert np.array_equal(slow.place[real], fast.place[real])
    assert close(slow.times[real], fast.times[real])
    assert close(slow.states[real], fast.states[real])
    alive = slow.count < limit
    assert close(slow.end[alive], fast.end[alive])
    given = (
        rng.normal(size=slow.times.shape),
        rng.normal(size=slow.states.shape),
        rng.normal(size=slow.end.shape) * alive[..., None],
    )
    a, b = (
        engine.backward(
            one, events, weights, 60.0, slow, *given, limit=limit, matrices=True, slope=1e-6
        )
        for engine in (reference, native)
    )
    assert a.clipped == b.clipped
    for part in PARTS:
        assert close(getattr(a, part), getattr(b, part)), part


def test_neurons_that_differ_keep_their_own_matrices() -> None:
    neuron = CubaLIF(tau=[10.0, 20.0, 35.0] * ms, theta=[-52.0, -50.0, -55.0] * mV)
    many, rng = system(neuron), np.random.default_rng(1)
    events, weights = arrivals(rng, (12, 5), 4), rng.normal(0.4, 0.3, (3, 4))
    whole = native.forward(many, events, weights, 60.0)
    given = [rng.normal(size=x.shape) for x in (whole.times, whole.states, whole.end)]
    grads = native.backward(many, events, weights, 60.0, whole, *given, matrices=True)
    for k in range(3):
        own = replace(many, **{n: getattr(many, n)[k : k + 1] for n in ("A", "r", "R", "b", "z")})
        alone = native.forward(own, events, weights[k : k + 1], 60.0)
        assert np.array_equal(alone.count[:, 0], whole.count[:, k])
        for s in range(2):
            n = int(alone.count[s, 0])
            assert close(alone.times[s, 0, :n], whole.times[s, k, :n])
        slow = reference.forward(own, events, weights[k : k + 1], 60.0)
        n = slow.times.shape[2]
        mine = [x[:, k : k + 1] for x in given]
        back = reference.backward(
            own, events, weights[k : k + 1], 60.0, slow,
            mine[0][..., :n], mine[1][..., :n, :], mine[2], matrices=True,
        )  # fmt: skip
        assert close(back.A[0], grads.A[k])  # type: ignore[index]
        assert close(back.weights[0], grads.weights[k])


@pytest.mark.parametrize("neurons", [0, 1, 5])
@pytest.mark.parametrize("counts", [(), (0,), (3, 0)])
def test_nothing_is_no_special_case(neurons: int, counts: tuple[int, ...]) -> None:
    rng = np.random.default_rng(2)
    one, events = system(CubaLIF()), arrivals(rng, counts, 2)
    weights = rng.normal(0.5, 0.1, (neurons, 2))
    made = native.forward(one, events, weights, 50.0)
    assert made.count.shape == (len(counts), neurons)
    zero = [np.zeros_like(x) for x in (made.times, made.states, made.end)]
    back = native.backward(one, events, weights, 50.0, made, *zero, matrices=True)
    assert not back.weights.any() and not back.times.any()


def test_a_planted_fault_is_seen() -> None:
    rng = np.random.default_rng(3)
    one, events, weights = system(CubaLIF()), arrivals(rng, (12,), 4), rng.normal(0.4, 0.3, (3, 4))
    good = reference.forward(one, events, weights, 60.0)
    given = [rng.normal(size=x.shape) for x in (good.times, good.states, good.end)]
    right = reference.backward(one, events, weights, 60.0, good, *given)
    spoilt = replace(good, states=good.states * 1.001)
    wrong = native.backward(one, events, weights, 60.0, spoilt, *given)
    assert not close(right.weights, wrong.weights)


@pytest.mark.parametrize("engine", [reference, native])
def test_events_outside_the_run_or_the_weights_are_refused(engine: Any) -> None:
    rng = np.random.default_rng(5)
    one, events = system(LIF()), arrivals(rng, (6,), 3)
    with pytest.raises(NumericsError, match="after the end"):
        engine.forward(one, events, np.zeros((2, 3)), 1.0)
    with pytest.raises(ShapeError, match="sources"):
        engine.forward(one, replace(events, source=events.source + 7), np.zeros((2, 3)), 50.0)
    with pytest.raises(NumericsError, match="length"):
        engine.forward(one, events, np.zeros((2, 3)), float("nan"))
    with pytest.raises(NumericsError, match="must not fall"):
        replace(events, times=events.times[::-1].copy())


def test_current_of_no_weight_reaches_no_one() -> None:
    rng = np.random.default_rng(4)
    one, events = system(LIF()), arrivals(rng, (6,), 1)
    made = native.forward(one, events, np.zeros((2, 1)), 50.0)
    assert not made.count.any()
    assert np.allclose(made.end[..., 0], -65.0)
