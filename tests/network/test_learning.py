"""Connections that learn: through the handle, in runs, forks and files; and every wrong use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

import spikeloom as sl
from spikeloom.equations import LearningRule, Target, Trace, target
from spikeloom.errors import (
    CheckpointError,
    EngineError,
    ModelError,
    NumericsError,
    ParameterError,
    ShapeError,
    StorageError,
    UnitError,
)

RULE = sl.PairSTDP(A_plus=0.1, A_minus=0.08, scale=100 * sl.pA)


def net(rule: LearningRule | None = RULE, **options: Any) -> tuple[sl.Network, sl.Projection]:
    """Five neurons that drive four, all to all."""
    made = sl.Network(0.1 * sl.ms, **{"dtype": "float64", **options})
    a = made.population(5, sl.LIF(), name="a", I=0.25 * sl.nA, v=sl.uniform(-65, -50) * sl.mV)
    b = made.population(4, sl.LIF(tau=sl.normal(20, 2) * sl.ms), name="b", I=0.22 * sl.nA)
    synapses = made.connect(
        a, b, sl.ExponentialCurrent(), sl.AllToAll(), weight=50 * sl.pA, delay=1 * sl.ms,
        learning=rule,
    )  # fmt: skip
    return made, synapses


def test_every_connection_has_a_handle() -> None:
    made, synapses = net()
    back = made.connect(
        made.populations[1], made.populations[0], sl.ExponentialCurrent(), sl.AllToAll(),
        weight=-10 * sl.pA, delay=sl.uniform(1, 2) * sl.ms,
    )  # fmt: skip
    assert made.projections == (synapses, back) and synapses != back
    assert len(synapses) == len(back) == 20
    assert repr(back) == "b -> a: 20 synapses"
    assert synapses.targets[:4].tolist() == [0, 1, 2, 3]
    assert back.delays.unit.fits(sl.ms) and 1 <= min(back.delays.to(sl.ms)) < 2
    assert (synapses.learning, back.learning) == (RULE, None)


def test_weights_change_and_stay_within_their_bounds() -> None:
    made, synapses = net(RULE.replace(A_plus=0.5, A_minus=0.5))
    made.run(400 * sl.ms)
    weights = np.asarray(synapses.weights.to(sl.pA))
    assert weights.min() >= 0 and weights.max() <= 100
    assert np.std(weights) > 1


def test_static_weights_can_be_replaced_and_survive_growth() -> None:
    made, synapses = net(None)
    made.run(10 * sl.ms)
    synapses.set_weights(7 * sl.pA, synapses.sources == 2)
    late = made.population(3, sl.LIF(), name="late")
    made.poisson(late, sl.ExponentialCurrent(), rate=1 * sl.Hz, weight=1 * sl.pA)
    made.run(10 * sl.ms)
    weights = np.asarray(synapses.weights.to(sl.pA))
    assert set(weights[synapses.sources == 2]) == {7} and set(weights) == {7, 50}
    assert np.asarray(made.fork().projections[0].weights.value).tolist() == weights.tolist()


@pytest.mark.parametrize("engine", ["cpu", "reference"])
def test_growth_keeps_what_was_learnt(engine: Any) -> None:
    made, synapses = net(engine=engine)
    made.run(80 * sl.ms)
    before, trace = synapses.weights, synapses.trace("x")
    new = made.population(2, sl.LIF(), name="late", I=0.3 * sl.nA)
    late = made.connect(
        made.populations[0], new, sl.ExponentialCurrent(), sl.AllToAll(), weight=20 * sl.pA,
        learning=RULE,
    )  # fmt: skip
    made.run(0 * sl.ms)
    np.testing.assert_array_equal(synapses.weights.value, before.value)
    np.testing.assert_array_equal(synapses.trace("x").value, trace.value)
    assert set(np.asarray(late.trace("x").value)) == {0.0}
    made.run(50 * sl.ms)
    assert not np.array_equal(synapses.weights.value, before.value)
    assert not np.array_equal(late.weights.to(sl.pA), np.full(10, 20.0))


@pytest.mark.parametrize("engine", ["cpu", "reference"])
def test_a_fork_learns_on_its_own(engine: Any) -> None:
    made, synapses = net(engine=engine)
    made.run(50 * sl.ms)
    twin = made.fork()
    (own,) = twin.projections
    made.run(60 * sl.ms)
    twin.run(60 * sl.ms)
    np.testing.assert_array_equal(own.weights.value, synapses.weights.value)
    own.set_weights(0 * sl.pA)
    assert np.all(np.asarray(synapses.weights.value) > 0)


def test_weights_in_a_file(tmp_path: Path) -> None:
    made, synapses = net()
    made.run(100 * sl.ms)
    path = synapses.save(tmp_path / "deep" / "w.safetensors")
    other, fresh = net()
    fresh.load(path)
    np.testing.assert_array_equal(fresh.weights.value, synapses.weights.value)
    del other
    longer = sl.Network(0.1 * sl.ms)
    a, b = longer.population(5, sl.LIF()), longer.population(5, sl.LIF())
    wrong = longer.connect(a, b, sl.ExponentialCurrent(), sl.AllToAll(), weight=1 * sl.pA)
    with pytest.raises(CheckpointError, match="other synapses"):
        wrong.load(path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(CheckpointError, match="damaged"):
        fresh.load(path)
    with pytest.raises(CheckpointError, match="cannot be read"):
        fresh.load(tmp_path / "nothing")
    with pytest.raises(CheckpointError, match="no weights"):
        fresh.load(made.checkpoint(tmp_path / "state"))
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(StorageError):
        synapses.save(blocked / "w")


@pytest.mark.parametrize("engine", ["cpu", "reference"])
def test_frozen_and_thawed(engine: Any) -> None:
    made, synapses = net(engine=engine)
    made.run(60 * sl.ms)
    synapses.freeze()
    before = synapses.weights
    made.run(60 * sl.ms)
    np.testing.assert_array_equal(synapses.weights.value, before.value)
    synapses.thaw()
    made.run(60 * sl.ms)
    assert not np.array_equal(synapses.weights.value, before.value)


def test_rewards_at_given_times_are_those_in_between() -> None:
    rule = sl.DopamineSTDP(scale=25 * sl.pA)
    one, by_hand = net(rule)
    other, planned = net(rule)
    planned.reward([1.0, 0.5, 2.0], at=[40, 80, 150] * sl.ms)
    planned.reward(0.25, at=80 * sl.ms)
    for span, rewards in ((40, [1.0]), (40, [0.5, 0.25]), (70, [2.0]), (50, [])):
        one.run(span * sl.ms)
        for value in rewards:
            by_hand.reward(value)
    other.run(55 * sl.ms)
    other.run(145 * sl.ms)
    np.testing.assert_array_equal(planned.weights.value, by_hand.weights.value)
    assert planned.trace("D").value == by_hand.trace("D").value > 0


def test_slow_rules_with_seconds_in_them() -> None:
    """The rule counts in seconds and the network in ms: a decays with 10 s."""
    made, synapses = net(sl.SynapticScaling(scale=1 * sl.pA))
    recorder = made.record(made.populations[1])
    result = made.run(100 * sl.ms)
    expected = [
        sum(0.1 * np.exp(-(100 - t) / 10_000) for t in result.spikes[recorder].train(k))
        for k in range(4)
    ]
    assert max(expected) > 0
    np.testing.assert_allclose(synapses.trace("a").to(sl.Hz), expected, rtol=1e-9)


def test_traces_that_follow_the_potential_are_states_of_the_target() -> None:
    made = sl.Network(0.1 * sl.ms, dtype="float64")
    a = made.population(2, sl.LIF(), name="a", I=0.3 * sl.nA)
    b = made.population(2, sl.LIF(), name="b", I=0.1 * sl.nA, v=-60 * sl.mV)
    rule = sl.ClopathSTDP(scale=1 * sl.pA)
    first = made.connect(a, b, sl.ExponentialCurrent(), sl.AllToAll(), weight=1 * sl.pA,
                         learning=rule)  # fmt: skip
    made.connect(b, b, sl.ExponentialCurrent(), sl.AllToAll(), weight=1 * sl.pA,
                 learning=rule.replace(scale=2 * sl.pA))  # fmt: skip
    made.connect(b, b, sl.ExponentialCurrent(), sl.AllToAll(), weight=1 * sl.pA,
                 learning=rule.replace(tau_plus=9 * sl.ms))  # fmt: skip
    states = made.build().populations[1].program.states
    # One set for equal rules, whatever their scale; another for other parameters.
    assert [s for s in states if s.startswith("clopath")] == [
        "clopathstdp_u_minus", "clopathstdp_u_plus", "clopathstdp2_u_minus", "clopathstdp2_u_plus",
    ]  # fmt: skip
    volts = made.record(b, "v")
    low = made.record(b, "clopathstdp_u_minus")
    result = made.run(30 * sl.ms)
    v, u = (np.asarray(result.states[r].values)[:, 0] for r in (volts, low))
    assert np.all(np.diff(v) > 0) and v[-1] > u[-1] > -70.6
    with pytest.raises(ParameterError, match="clopathstdp_u_minus"):
        first.trace("u_minus")


class NeedsW(LearningRule):
    """Reads the adaptation of its target."""

    z: Target = target(sl.nA, "w")

    def on_pre(self, after: Self) -> None:
        after.w = self.w + self.z / sl.nA


def connect(made: sl.Network, **options: Any) -> sl.Projection:
    a, b = made.populations[:2]
    given = {"weight": 5 * sl.pA, **options}
    return made.connect(a, b, sl.ExponentialCurrent(), sl.AllToAll(), **given)


WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"learning": sl.PairSTDP}, ParameterError, r"call it: PairSTDP\(\)"),
    ({"learning": "stdp"}, ParameterError, "must be a learning rule"),
    ({"learning": sl.PairSTDP(scale=5 * sl.nS)}, UnitError, "scale of PairSTDP"),
    ({"learning": sl.PairSTDP(A_plus=sl.normal(1, 0.1))}, ParameterError, "one number"),
    ({"learning": NeedsW()}, ModelError, "reads 'w'"),
    ({"learning": sl.Oja(every=0.25 * sl.ms)}, ParameterError, "whole number of steps"),
    ({"learning": RULE, "axonal": 0.15 * sl.ms}, ParameterError, "whole number of steps"),
    ({"axonal": 1 * sl.ms, "delay": 2 * sl.ms}, ParameterError, "synapses that learn"),
    ({"learning": RULE, "weight": float("nan") * sl.pA}, ParameterError, "finite"),
]


@pytest.mark.parametrize(("options", "kind", "words"), WRONG)
def test_wrong_connections(options: dict[str, Any], kind: type[Exception], words: str) -> None:
    made, _ = net(None)
    with pytest.raises(kind, match=words):
        connect(made, **options)
    assert len(made.projections) == 1
    made.run(1 * sl.ms)  # nothing of it is left


def test_an_axon_longer_than_the_delay() -> None:
    made, _ = net(None)
    connect(made, learning=RULE, delay=1 * sl.ms, axonal=2 * sl.ms)
    with pytest.raises(EngineError, match="axonal share"):
        made.run(1 * sl.ms)


ACTS: list[tuple[Callable[[sl.Projection], Any], type[Exception], str]] = [
    (lambda p: p.set_weights([1, 2, 3] * sl.pA), ShapeError, "one weight or 20"),
    (lambda p: p.set_weights(1 * sl.nS), UnitError, "weights must be"),
    (lambda p: p.set_weights(1), UnitError, "needs a unit"),
    (lambda p: p.set_weights(float("inf") * sl.pA), ParameterError, "finite"),
    (lambda p: p.set_weights(1 * sl.pA, [99]), ParameterError, "counted from 0 to 19"),
    (lambda p: p.set_weights(1 * sl.pA, np.ones(3, bool)), ShapeError, "a mask"),
    (lambda p: p.set_weights(1 * sl.pA, 0.5), ShapeError, "a mask or whole numbers"),
    (lambda p: p.set_weights(sl.normal(1, 0.1) * sl.pA), ParameterError, "numbers with a unit"),
    (lambda p: p.reward(1), ParameterError, "knows no reward"),
    (lambda p: p.trace("xx"), ParameterError, "did you mean 'x'"),
]


@pytest.mark.parametrize(("act", "kind", "words"), ACTS)
def test_wrong_acts(act: Callable[[sl.Projection], Any], kind: type[Exception], words: str) -> None:
    _, synapses = net()
    before = synapses.weights
    with pytest.raises(kind, match=words):
        act(synapses)
    np.testing.assert_array_equal(synapses.weights.value, before.value)


def test_wrong_rewards() -> None:
    made, synapses = net(sl.DopamineSTDP(scale=25 * sl.pA))
    made.run(10 * sl.ms)
    for value, at, kind in (
        (float("nan"), None, ParameterError),
        ("much", None, ParameterError),
        ([1, 2], None, ShapeError),
        (1 * sl.mV, None, UnitError),
        (1, 5 * sl.ms, ParameterError),
        (1, 20.05 * sl.ms, ParameterError),
        (1, 20, UnitError),
        ([1, 2], [20, 30, 40] * sl.ms, ShapeError),
    ):
        with pytest.raises(kind):
            synapses.reward(value, at)
    made.run(20 * sl.ms)
    assert synapses.trace("D").value == 0


@pytest.mark.parametrize("what", ["freeze", "thaw", "reward", "trace"])
def test_static_synapses_do_not_learn(what: str) -> None:
    _, synapses = net(None)
    arguments = {"reward": (1,), "trace": ("x",)}.get(what, ())
    with pytest.raises(ParameterError, match="synapses that learn"):
        getattr(synapses, what)(*arguments)


class Explodes(LearningRule):
    """Nothing holds it."""

    def on_pre(self, after: Self) -> None:
        after.w = self.w * 1e200


def test_weights_that_blow_up_are_found() -> None:
    made, _ = net(Explodes())
    with pytest.raises(NumericsError, match=r"b\[0\]"):
        made.run(100 * sl.ms)


class Counts(LearningRule):
    """The weight counts the spikes of the target."""

    y: Trace = sl.equations.post()

    def flow(self, d: Self) -> None:
        d.y = 0

    def on_post(self, after: Self) -> None:
        after.y = self.y + 1
        after.w = self.w + 1


def test_a_connection_onto_several_populations() -> None:
    made = sl.Network(0.1 * sl.ms, dtype="float64")
    a = made.population(2, sl.LIF(), name="a")
    b = made.population(2, sl.LIF(), name="b", I=0.3 * sl.nA)
    c = made.population(3, sl.LIF(), name="c", I=0.5 * sl.nA)
    p = made.connect(
        a[1:], b[1:] + c, sl.ExponentialCurrent(), sl.AllToAll(), weight=[1, 2, 3, 4] * sl.pA,
        learning=Counts(scale=0.5 * sl.pA),
    )  # fmt: skip
    assert np.asarray(p.weights.to(sl.pA)).tolist() == [1, 2, 3, 4]
    assert (p.sources.tolist(), p.targets.tolist()) == ([1] * 4, [1, 0, 1, 2])
    counts = made.record(b + c)
    result = made.run(100 * sl.ms)
    moved = np.asarray(p.weights.to(sl.pA)) - [1, 2, 3, 4]
    assert (moved / 0.5).tolist() == [len(result.spikes[counts].train(k)) for k in (1, 2, 3, 4)]
    p.set_weights([9] * sl.pA, [2])
    assert np.asarray(p.weights.to(sl.pA))[2] == 9
    assert np.asarray(p.trace("y").value).shape == (5,)


def test_a_state_does_not_fit_another_rule(tmp_path: Path) -> None:
    made, _ = net()
    path = made.checkpoint(tmp_path / "state")
    for rule in (RULE.replace(A_plus=0.2), RULE.replace(scale=90 * sl.pA), Counts(scale=sl.pA)):
        other, _ = net(rule)
        with pytest.raises(CheckpointError, match="connection 'a -> b' is not the same"):
            other.restore(path)


@pytest.mark.parametrize(
    ("rule", "weight", "words"),
    [
        (sl.PairSTDP(), 50, r"w = 50 for PairSTDP, which cuts it to w_max = 1 .* scale=50 \* pA"),
        (sl.VogelsSTDP(), -50, "cuts it to 0 at the first event"),
        (sl.GuetigSTDP(mu_plus=0.5), 50, "with w = 50 GuetigSTDP gives NaN"),
        (sl.PowerLawSTDP(), -1, "with w = -1 PowerLawSTDP gives NaN"),
        (sl.PairSTDP(scale=-60 * sl.pA), -50, ""),
        (sl.Oja(), 50, ""),
    ],
)
def test_a_forgotten_scale(rule: LearningRule, weight: float, words: str) -> None:
    made = sl.Network(0.1 * sl.ms)
    a, b = made.population(2, sl.LIF(), name="a"), made.population(2, sl.LIF(), name="b")
    made.connect(a, b, sl.ExponentialCurrent(), sl.AllToAll(), weight=weight * sl.pA, learning=rule)
    if not words:
        made.run(1 * sl.ms)
        return
    with pytest.warns(sl.NetworkWarning, match=words):
        made.run(1 * sl.ms)


def test_showing_a_connection_builds_nothing() -> None:
    made, synapses = net()
    assert repr(synapses).startswith("a -> b: AllToAll") and not made.built
    assert len(synapses) == 20 and made.built
    assert repr(synapses).startswith("a -> b: 20 synapses, learning by PairSTDP")
