"""Learning against a replay of all pairs of spikes that knows no traces."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.learning.bench import ENGINES, LEARNING, Bench
from tests.engines.learning.replay import SCHEMES, all_to_all, weight

from spikeloom.equations.units import ms
from spikeloom.models import (
    GuetigSTDP,
    MultiplicativeSTDP,
    NearestSTDP,
    PairSTDP,
    PowerLawSTDP,
    PreCentredSTDP,
    ReducedSTDP,
)  # fmt: skip

ADDITIVE = [PairSTDP, NearestSTDP, PreCentredSTDP, ReducedSTDP]
PAIRS: dict[str, Any] = {
    "additive": (PairSTDP(A_plus=0.05, A_minus=0.06), lambda w: 0.05, lambda w: 0.06, 1.0),
    "multiplicative": (
        MultiplicativeSTDP(c_p=0.1, c_d=0.2), lambda w: 0.1, lambda w: 0.2 * w, np.inf
    ),
    "Gütig": (
        GuetigSTDP(lambda_=0.1, alpha=1.2, mu_plus=0.3, mu_minus=0.7),
        lambda w: 0.1 * (1 - w) ** 0.3, lambda w: 0.12 * w**0.7, 1.0,
    ),
    "power law": (PowerLawSTDP(), lambda w: 0.1 * w**0.4, lambda w: 0.011 * w, np.inf),
}  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rule", ADDITIVE)
@pytest.mark.parametrize("milliseconds", [1, 5, 10, 20, 40, -1, -5, -10, -20, -40])
def test_a_single_pair(engine: str, rule: Any, milliseconds: int) -> None:
    apart = milliseconds * 10
    start = 5 + max(0, -apart)
    bench = Bench(rule(tau_minus=34 * ms), [[start]], [[start + apart]])
    final = bench.final(start + abs(apart) + 2, engine)[0]
    change = 0.005 * np.exp(-milliseconds / 20) if apart > 0 else (
        -0.00525 * np.exp(milliseconds / 34)
    )  # fmt: skip
    assert final - 0.5 == pytest.approx(change, rel=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("which", PAIRS)
@pytest.mark.parametrize("milliseconds", [1, 20, -5, -40])
def test_a_single_pair_of_each_dependence_on_the_weight(
    engine: str, which: str, milliseconds: int
) -> None:
    rule, up, down, _ = PAIRS[which]
    start = 5 + 10 * max(0, -milliseconds)
    bench = Bench(rule, [[start]], [[start + 10 * milliseconds]], weights=0.3)
    final = bench.final(start + 402, engine)[0]
    change = up(0.3) if milliseconds > 0 else -down(0.3)
    assert final - 0.3 == pytest.approx(change * np.exp(-abs(milliseconds) / 20), rel=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rule", ADDITIVE)
def test_spikes_of_one_step_do_not_see_each_other(engine: str, rule: Any) -> None:
    assert Bench(rule(), [[7]], [[7]]).final(60, engine)[0] == 0.5
    late = Bench(rule(), [[9]], [[7]], delays=2)
    assert late.final(60, engine)[0] == 0.5  # the same, two steps of dendrite later


trains = st.lists(st.integers(1, 170), max_size=18, unique=True).map(sorted)


@st.composite
def benches(draw: st.DrawFn) -> dict[str, Any]:
    pre = draw(st.lists(trains, min_size=1, max_size=3))
    post = draw(st.lists(trains, min_size=1, max_size=3))
    refractory = draw(st.integers(0, 12))
    post = [_rested(train, refractory) for train in post]
    pairs = [(j, i) for j in range(len(pre)) for i in range(len(post))]
    many = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=8).map(sorted))
    axonal = draw(st.integers(0, 4))
    delays = draw(st.lists(st.integers(axonal, 30), min_size=len(many), max_size=len(many)))
    return dict(pre=pre, post=post, synapses=many, axonal=axonal, delays=delays)


def _rested(train: list[int], rest: int) -> list[int]:
    kept: list[int] = []
    for spike in train:
        if not kept or spike - kept[-1] > rest:
            kept.append(spike)
    return kept


def _expected(shape: dict[str, Any], scheme: Any, **more: Any) -> tuple[list[float], list[float]]:
    """Weights at the end, and what has arrived at each target in all."""
    final, got = [], [0.0] * len(shape["post"])
    for (j, i), delay in zip(shape["synapses"], shape["delays"], strict=True):
        a = shape["axonal"]
        pre = [n + a for n in shape["pre"][j] if n + a < STEPS]
        post = [m + delay - a for m in shape["post"][i] if m + delay - a < STEPS]
        w, sent = weight(pre, post, scheme, tau_plus=200, tau_minus=200, **more)
        final.append(w)
        arrived = [x for n, x in zip(pre, sent, strict=True) if n + 1 + delay - a < STEPS]
        got[i] += sum(arrived)
    return final, got


STEPS = 200


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rule", ADDITIVE)
@settings(max_examples=12, deadline=None)
@given(shape=benches())
def test_random_trains(engine: str, rule: Any, shape: dict[str, Any]) -> None:
    bench = Bench(rule(A_plus=0.05, A_minus=0.06), **shape, scale=3.0)
    run = bench.engine(engine)
    run.run(STEPS)
    final, got = _expected(
        shape, SCHEMES[rule.__name__], up=lambda w: 0.05, down=lambda w: 0.06, w=0.5
    )
    np.testing.assert_allclose(run.weights(LEARNING), final, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(run.state(2)[1], 3 * np.array(got), rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("which", [k for k in PAIRS if k != "additive"])
@settings(max_examples=8, deadline=None)
@given(shape=benches())
def test_random_trains_and_weights(engine: str, which: str, shape: dict[str, Any]) -> None:
    rule, up, down, high = PAIRS[which]
    final, _ = _expected(shape, all_to_all, up=up, down=down, w=0.5, high=high)
    found = Bench(rule, **shape).final(STEPS, engine)
    np.testing.assert_allclose(found, final, rtol=1e-7, atol=1e-12)


def test_the_replay_can_fail() -> None:
    """Another scheme, a delay more or a tie that counts is seen."""
    shape: dict[str, Any] = dict(
        pre=[[5, 30, 90]], post=[[9, 60, 80]], synapses=[(0, 0)], axonal=0, delays=[3]
    )
    found = Bench(PairSTDP(), **shape).final(STEPS)
    amounts: dict[str, Any] = dict(up=lambda w: 0.005, down=lambda w: 0.00525, w=0.5)
    assert _expected(shape, all_to_all, **amounts)[0] == pytest.approx(found, rel=1e-12)
    for other in (SCHEMES["NearestSTDP"], SCHEMES["ReducedSTDP"]):
        assert _expected(shape, other, **amounts)[0] != pytest.approx(found, rel=1e-7)
    shape["delays"] = [4]
    assert _expected(shape, all_to_all, **amounts)[0] != pytest.approx(found, rel=1e-7)
