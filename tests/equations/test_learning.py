"""What a learning rule says, and every way to say it wrongly."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Self

import pytest

from spikeloom.equations import (
    Cell,
    Condition,
    Expr,
    LearningRule,
    Param,
    State,
    Target,
    Trace,
    Weight,
    normal,
    post,
    pre,
    rises,
    shared,
    state,
    synaptic,
    target,
    weight,
)  # fmt: skip
from spikeloom.equations.units import Hz, ms, mV, nS, pA
from spikeloom.errors import ModelError, ParameterError, UnitError
from spikeloom.models import LIF, ClopathSTDP, FitzHughNagumo, PairSTDP


def wrong_unit_of_a_jump() -> None:
    class Wrong(LearningRule):
        tau: Param = 20 * ms
        x: Trace = pre(Hz)

        def flow(self, d: Self) -> None:
            d.x = -self.x / self.tau

        def on_pre(self, after: Self) -> None:
            after.x = self.x + self.tau  # here


def wrong_unit_of_the_weight() -> None:
    class Wrong(LearningRule):
        w: Weight = weight(nS)
        A: Param = 0.1

        def on_pre(self, after: Self) -> None:
            after.w = self.w + self.A  # here


def unknown_trace() -> None:
    class Wrong(LearningRule):
        tau: Param = 20 * ms
        x: Trace = pre()

        def flow(self, d: Self) -> None:
            d.x = -self.x / self.tau

        def on_post(self, after: Self) -> None:
            after.w = self.w + self.xx  # here


def jump_of_a_voltage_driven_trace() -> None:
    class Wrong(LearningRule):
        tau: Param = 20 * ms
        v: Target = target(mV)
        u: Trace = post(mV)

        def flow(self, d: Self) -> None:
            d.u = (self.v - self.u) / self.tau

        def on_post(self, after: Self) -> None:
            after.u = self.u + 1 * mV  # here


def spike_of_the_source_moves_the_targets_trace() -> None:
    class Wrong(LearningRule):
        tau: Param = 20 * ms
        y: Trace = post()

        def flow(self, d: Self) -> None:
            d.y = -self.y / self.tau

        def on_pre(self, after: Self) -> None:
            after.y = self.y + 1  # here


def sources_trace_sees_the_target() -> None:
    class Wrong(LearningRule):
        tau: Param = 20 * ms
        x: Trace = pre()
        y: Trace = post()

        def flow(self, d: Self) -> None:
            d.x = -self.x / self.tau
            d.y = -self.y / self.tau

        def on_pre(self, after: Self) -> None:
            after.x = self.x + self.y  # here

        def on_post(self, after: Self) -> None:
            after.y = self.y + 1


def flows_of_two_levels_meet() -> None:
    class Wrong(LearningRule):
        tau: Param = 20 * ms
        x: Trace = pre()
        c: Trace = synaptic()

        def flow(self, d: Self) -> None:
            d.x = -self.x / self.tau
            d.c = self.x / self.tau  # here

        def on_pre(self, after: Self) -> None:
            after.w = self.c


def source_follows_a_potential() -> None:
    class Wrong(LearningRule):
        tau: Param = 20 * ms
        v: Target = target(mV)
        x: Trace = pre(mV)

        def flow(self, d: Self) -> None:
            d.x = self.v / self.tau  # here

        def on_pre(self, after: Self) -> None:
            after.w = self.w


def reward_elsewhere() -> None:
    class Wrong(LearningRule):
        def on_pre(self, after: Self) -> None:
            after.w = self.w + self.reward  # here


def sends_in_another_unit() -> None:
    class Wrong(LearningRule):
        tau: Param = 5 * ms

        def sends(self, after: Self) -> Expr:
            return self.w * self.tau  # here


def rises_in_an_event() -> None:
    class Wrong(LearningRule):
        v: Target = target(mV)

        def post_event(self) -> Condition:
            return rises(self.v, -50 * mV)  # here

        def on_post(self, after: Self) -> None:
            after.w = self.w


def event_of_one_synapse() -> None:
    class Wrong(LearningRule):
        c: Trace = synaptic()

        def flow(self, d: Self) -> None:
            d.c = 0

        def on_pre(self, after: Self) -> None:
            after.c = 1.0

        def post_event(self) -> Condition:
            return self.c > 0.5  # here


def time_step_in_a_rate() -> None:
    class Wrong(LearningRule):
        x: Trace = pre()

        def flow(self, d: Self) -> None:
            d.x = -self.x / self.dt  # here

        def on_pre(self, after: Self) -> None:
            after.x = 1.0


def name_of_the_weight() -> None:
    class Wrong(LearningRule):
        strength: Weight = weight(nS)  # here

        def on_pre(self, after: Self) -> None:
            after.w = self.w


def lag_of_a_trace_that_jumps() -> None:
    class Wrong(LearningRule):
        late: Param = 3 * ms
        tau: Param = 20 * ms
        y: Trace = post(lag="late")  # here

        def flow(self, d: Self) -> None:
            d.y = -self.y / self.tau

        def on_post(self, after: Self) -> None:
            after.y = 1.0


def unused_parameter() -> None:
    class Wrong(LearningRule):
        tau: Param = 20 * ms  # here

        def on_pre(self, after: Self) -> None:
            after.w = self.w


def a_state_is_no_trace() -> None:
    class Wrong(LearningRule):
        x: State = state(mV)  # here

        def on_pre(self, after: Self) -> None:
            after.w = self.w


def declared_otherwise() -> None:
    class Wrong(LearningRule):
        x: Trace = target(mV)  # here

        def on_pre(self, after: Self) -> None:
            after.w = self.w


AT_A_LINE: dict[Callable[[], None], tuple[type[Exception], str]] = {
    wrong_unit_of_a_jump: (UnitError, "self.x + self.tau"),
    wrong_unit_of_the_weight: (UnitError, "self.w + self.A"),
    unknown_trace: (ModelError, "self.xx"),
    jump_of_a_voltage_driven_trace: (ModelError, "self.u + 1 * mV"),
    spike_of_the_source_moves_the_targets_trace: (ModelError, "self.y + 1"),
    sources_trace_sees_the_target: (ModelError, "self.y"),
    flows_of_two_levels_meet: (ModelError, "self.x"),
    source_follows_a_potential: (ModelError, "self.v"),
    reward_elsewhere: (ModelError, "self.reward"),
    sends_in_another_unit: (UnitError, "self.w * self.tau"),
    rises_in_an_event: (ModelError, "rises(self.v, -50 * mV)"),
    event_of_one_synapse: (ModelError, "self.c"),
    time_step_in_a_rate: (ModelError, "self.dt"),
    name_of_the_weight: (ModelError, "weight(nS)"),
    lag_of_a_trace_that_jumps: (ModelError, 'post(lag="late")'),
    unused_parameter: (ModelError, "20 * ms"),
    a_state_is_no_trace: (ModelError, "state(mV)"),
    declared_otherwise: (ModelError, "target(mV)"),
}


@pytest.mark.parametrize("build", AT_A_LINE, ids=lambda b: b.__name__)
def test_the_line_is_shown(build: Callable[[], None], mistake: Any) -> None:
    error, line = mistake(build)
    kind, marked = AT_A_LINE[build]
    assert error.kind is kind
    assert error.line == line
    assert error.marked == marked


def test_a_near_name_is_suggested(error_of: Any) -> None:
    assert "did you mean 'x'?" in error_of(unknown_trace).text


def nothing_happens() -> None:
    class Wrong(LearningRule):
        tau: Param = 20 * ms


def tick_without_every() -> None:
    class Wrong(LearningRule):
        def on_tick(self, after: Self) -> None:
            after.w = self.w * 0.9


def every_without_tick() -> None:
    class Wrong(LearningRule):
        every: Param = 1 * ms

        def on_pre(self, after: Self) -> None:
            after.w = self.w


def no_flow() -> None:
    class Wrong(LearningRule):
        x: Trace = pre()

        def on_pre(self, after: Self) -> None:
            after.x = 1.0


def rate_missing() -> None:
    class Wrong(LearningRule):
        tau: Param = 20 * ms
        x: Trace = pre()
        y: Trace = post()

        def flow(self, d: Self) -> None:
            d.x = -self.x / self.tau

        def on_pre(self, after: Self) -> None:
            after.x = 1.0


def method_of_a_neuron() -> None:
    class Wrong(LearningRule):
        def on_pre(self, after: Self) -> None:
            after.w = self.w

        def fires(self) -> Condition:
            return self.w > 0


def nearly_a_method() -> None:
    class Wrong(LearningRule):
        def on_pres(self, after: Self) -> None:
            after.w = self.w


def scale_as_a_parameter() -> None:
    class Wrong(LearningRule):
        scale: Param = 1.0

        def on_pre(self, after: Self) -> None:
            after.w = self.w * self.scale


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (nothing_happens, "no event changes anything"),
        (tick_without_every, "how often"),
        (every_without_tick, "on_tick is missing"),
        (no_flow, "flow is missing"),
        (rate_missing, "no rate for the trace 'y'"),
        (method_of_a_neuron, "fires is not a method of learning rules"),
        (nearly_a_method, "did you mean 'on_pre'?"),
        (scale_as_a_parameter, "w = 1 stands for"),
    ],
)
def test_incomplete_rules(build: Callable[[], None], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        build()


class Full(LearningRule):
    """Every word of the language."""

    tau: Param = 20 * ms
    goal: Param = 3.0
    every: Param = 5 * ms
    w: Weight = weight(nS)
    v: Target = target(mV, "V")
    x: Trace = pre(start="goal")
    y: Trace = post()
    u: Trace = post(mV)
    c: Trace = synaptic()
    D: Trace = shared(Hz)

    def flow(self, d: Self) -> None:
        d.x = -self.x / self.tau
        d.y = -self.y / self.tau
        d.u = (self.v - self.u) / self.tau
        d.c = -self.c / self.tau
        d.D = -self.D / self.tau
        d.w = -self.w / self.tau

    def on_pre(self, after: Self) -> None:
        after.x = self.x + 1
        after.c = self.c + after.x * self.y

    def on_post(self, after: Self) -> None:
        after.y = self.y + 1

    def on_reward(self, after: Self) -> None:
        after.D = self.D + self.reward * Hz

    def on_tick(self, after: Self) -> None:
        after.w = self.w + self.c * self.D * self.every * (self.u / mV) * nS

    def sends(self, after: Self) -> Expr:
        return after.w * self.x

    @classmethod
    def quick(cls) -> Full:
        return cls(tau=1 * ms)


def test_what_a_rule_says_is_data() -> None:
    d = Full.definition
    assert [(t.name, t.level, t.driven) for t in d.traces] == [
        ("x", "pre", False), ("y", "post", False), ("u", "post", True), ("c", "synapse", False),
        ("D", "shared", False),
    ]  # fmt: skip
    assert (d.weight, d.targets[0].state, d.every) == (nS, "V", 5 * ms)
    assert str(d.on_pre["c"]) == "c + (x + 1)*y"
    assert d.of_level("synapse") == ("w", "c")
    assert "sends: after.w*x" in str(Full())


def test_rules_are_values(sent: Any) -> None:
    rule = PairSTDP(tau_plus=30 * ms, scale=5 * nS)
    assert eval(repr(rule)) == rule == sent(rule)
    assert hash(rule) == hash(sent(rule))
    assert rule != rule.replace(scale=6 * nS) != PairSTDP(tau_plus=30 * ms)
    assert rule.replace(A_plus=0.1).scale == 5 * nS
    assert Full.quick() == Full(tau=1 * ms)
    with pytest.raises(ParameterError, match="frozen"):
        rule.A_plus = 3


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"tau_plus": 20}, UnitError),
        ({"tau_plus": -1 * ms}, ParameterError),
        ({"A_plus": math.nan}, ParameterError),
        ({"A_plus": 1 * nS}, UnitError),
        ({"A": 1}, ParameterError),
        ({"scale": 0 * nS}, ParameterError),
        ({"scale": 5}, ParameterError),
        ({"scale": [1, 2] * nS}, ParameterError),
        ({"scale": math.inf * nS}, ParameterError),
    ],
)
def test_bad_values(values: dict[str, Any], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        PairSTDP(**values)


def test_a_rule_with_a_unit_takes_no_scale() -> None:
    with pytest.raises(ParameterError, match="takes no scale"):
        Full(scale=5 * nS)


def test_a_cell_takes_up_what_follows_its_potential() -> None:
    cell = Cell(LIF(), learn=ClopathSTDP(tau_minus=5 * ms))
    assert [s.name for s in cell.definition.states] == ["v", "learn_u_minus", "learn_u_plus"]
    assert "learn_tau_x" not in cell.values  # only what the potentials need
    assert cell.values["learn_tau_minus"] == 5 * ms
    assert cell.replace(learn_tau_minus=6 * ms).receptors["learn"] == ClopathSTDP(tau_minus=6 * ms)
    assert eval(repr(cell)) == cell
    with pytest.raises(ModelError, match="reads 'V'"):
        Cell(LIF(), learn=Full())


def test_a_target_in_other_units_is_refused() -> None:
    with pytest.raises(UnitError, match="reads 'v' as"):
        Cell(FitzHughNagumo(), learn=ClopathSTDP())


def test_distributions_are_told_where_they_belong() -> None:
    from spikeloom.compile.learning import rule_numbers

    with pytest.raises(ParameterError, match="one number for the whole connection"):
        rule_numbers(PairSTDP(A_plus=normal(1, 0.1)))


def test_scales_of_currents_and_conductances() -> None:
    assert str(PairSTDP(scale=pA)).startswith("PairSTDP  weight w in 1 pA")
