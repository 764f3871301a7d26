"""Compiled learning rules: exact jumps between events, and what cannot be jumped."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np
import pytest

from spikeloom.compile import bind_rule, compile_rule, event_of
from spikeloom.compile.learning import rule_numbers, verify_rule
from spikeloom.compile.numeric import run_block
from spikeloom.equations import LearningRule, Param, Target, Trace, pre, synaptic, target
from spikeloom.equations.units import ms, mV, second, volt
from spikeloom.errors import CompileError, ParameterError, VerificationError
from spikeloom.models import PairSTDP, TsodyksMarkramThree


def after(rule: LearningRule, level: str, steps: int, dt: float = 0.1, **states: float) -> Any:
    """States of a level after some steps, as the compiled rule says."""
    program = compile_rule(rule)
    coefs, _ = bind_rule(program, rule_numbers(rule), dt)
    leaves: dict[str, Any] = {f"coef:{n}": x for n, x in coefs.items()}
    leaves |= {f"state:{n}": x for n, x in states.items()}
    return run_block(program.blocks[f"decay.{level}"], leaves | {"event:steps": steps})


@pytest.mark.parametrize("steps", [0, 1, 7, 1000, 10**7])
def test_a_trace_decays_exactly(steps: int) -> None:
    found = after(PairSTDP(), "pre", steps, x=1.7)["state:x"]
    assert found == pytest.approx(1.7 * np.exp(-steps * 0.1 / 20), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("ends", [3.0, 800.0, 800.0000001])
@pytest.mark.parametrize("steps", [1, 50, 10**4, 10**7])
def test_a_driven_trace_moves_exactly(ends: float, steps: int) -> None:
    """Against many short exact steps; also with equal time constants, and far beyond both."""
    rule = TsodyksMarkramThree(tau_in=ends * ms)
    states = dict(u=0.0, x=0.2, y=0.5)
    jump = after(rule, "pre", steps, **states)
    few = min(steps, 50)
    for part in np.diff(np.linspace(0, steps, few + 1).astype(int)):
        given = after(rule, "pre", int(part), **states)
        states = {n: float(given[f"state:{n}"]) for n in states}
    for name, value in states.items():
        assert jump[f"state:{name}"] == pytest.approx(value, rel=1e-9, abs=1e-14)


def test_what_stands_still_is_not_computed() -> None:
    class Still(LearningRule):
        c: Trace = synaptic()

        def flow(self, d: Self) -> None:
            d.c = 0

        def on_pre(self, after: Self) -> None:
            after.c = self.c + 1

    assert set(compile_rule(Still()).blocks) == {"on_pre.synapse", "sends"}


def test_flows_that_cannot_be_jumped() -> None:
    class Bent(LearningRule):
        tau: Param = 20 * ms
        x: Trace = pre()

        def flow(self, d: Self) -> None:
            d.x = -(self.x**2) / self.tau

        def on_pre(self, after: Self) -> None:
            after.x = 1.0

    class Loop(LearningRule):
        tau: Param = 20 * ms
        x: Trace = pre()
        z: Trace = pre()

        def flow(self, d: Self) -> None:
            d.x = self.z / self.tau
            d.z = -self.x / self.tau

        def on_pre(self, after: Self) -> None:
            after.x = 1.0

    with pytest.raises(CompileError, match="must move linearly"):
        compile_rule(Bent())
    with pytest.raises(CompileError, match="a loop"):
        compile_rule(Loop())


def test_time_constants_in_other_units() -> None:
    one, other = PairSTDP(tau_plus=0.02 * second), PairSTDP()
    for rule in (one, other):
        assert after(rule, "pre", 30, x=1.0)["state:x"] == pytest.approx(np.exp(-0.15), rel=1e-12)


def test_a_target_may_have_its_states_in_other_units() -> None:

    class Reads(LearningRule):
        v: Target = target(mV)

        def on_pre(self, after: Self) -> None:
            after.w = self.v / (1 * mV)

    for unit, number in ((mV, -60.0), (volt, -0.06)):
        program = compile_rule(Reads(), {"v": unit})
        coefs, _ = bind_rule(program, rule_numbers(Reads()), 0.1)
        leaves = {f"coef:{n}": x for n, x in coefs.items()}
        leaves |= {"post:v": number, "state:w": 0.0, "own:w": 0.0}
        assert run_block(program.blocks["on_pre.synapse"], leaves)["state:w"] == pytest.approx(-60)


def test_the_same_rule_has_the_same_key() -> None:
    assert compile_rule(PairSTDP()).key == compile_rule(PairSTDP(A_plus=3)).key
    assert compile_rule(PairSTDP()).key != compile_rule(TsodyksMarkramThree()).key


def test_a_wrong_program_is_refused() -> None:
    program = compile_rule(PairSTDP())
    broken = replace(program, blocks={**program.blocks, "on_pre.pre": program.blocks["decay.pre"]})
    with pytest.raises(VerificationError):
        verify_rule(broken)


def test_only_rules_are_compiled() -> None:
    with pytest.raises(ParameterError, match="a learning rule is needed"):
        compile_rule("STDP")  # type: ignore[arg-type]


def test_unknown_names_of_an_event() -> None:
    with pytest.raises(ParameterError, match="no 'on_tick'"):
        event_of(PairSTDP(), "on_tick")
    with pytest.raises(ParameterError, match="knows no 'z'"):
        event_of(PairSTDP(), "on_pre")(w=1, z=2)
