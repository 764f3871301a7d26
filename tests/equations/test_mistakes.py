"""Everything that a modeller can get wrong is found when the class is made, at its own line."""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np
import pytest

from spikeloom.equations import (
    Condition,
    Input,
    Neuron,
    Param,
    State,
    exp,
    impulse,
    inflow,
    minimum,
    normal,
    rises,
    state,
    where,
)  # fmt: skip
from spikeloom.equations.units import MOhm, ms, mV, nA, pF
from spikeloom.errors import ModelError, UnitError

# ruff: noqa: F821 (names that do not exist are what is tested)


def unit_mismatch() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        E: Param = -65 * mV
        v: State = state(mV)
        I: Input = inflow(nA)

        def flow(self, d: Self) -> None:
            d.v = (self.E - self.v + self.I) / self.tau  # here


def argument_with_unit() -> None:
    class Wrong(Neuron):
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = exp(self.v) * mV / ms  # here


def comparison_of_units() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = -self.v / self.tau

        def fires(self) -> Condition:
            return self.v >= self.tau  # here


def unknown_name() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = -self.v / self.tua  # here


def forgotten_self() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = -self.v / tau  # here


def rate_without_time() -> None:
    class Wrong(Neuron):
        E: Param = -65 * mV
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = self.E - self.v  # here


def missing_rate() -> None:
    class Wrong(Neuron):  # here
        tau: Param = 20 * ms
        v: State = state(mV)
        w: State = state(nA)

        def flow(self, d: Self) -> None:
            d.v = -self.v / self.tau


def unknown_state_in_flow() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        volt: State = state(mV)

        def flow(self, d: Self) -> None:
            d.vollt = -self.volt / self.tau  # here


def reset_of_unknown_state() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        weight: State = state(mV)

        def flow(self, d: Self) -> None:
            d.weight = -self.weight / self.tau

        def fires(self) -> Condition:
            return self.weight > 0

        def reset(self, after: Self) -> None:
            after.weigth = 0 * mV  # here


def reset_of_param() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = -self.v / self.tau

        def fires(self) -> Condition:
            return self.v > 0

        def reset(self, after: Self) -> None:
            after.tau = 1 * ms  # here


def receive_of_unknown_state() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        g: State = state(mV)
        x: Input = impulse(mV)

        def flow(self, d: Self) -> None:
            d.g = -self.g / self.tau

        def receive(self, after: Self) -> None:
            after.h = self.x  # here


def python_if() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = -self.v / self.tau if self.v > 0 * mV else 0  # here


def python_and() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = where(0 < self.v < 5 * mV, 0, -self.v / self.tau)  # here


def python_min() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = min(self.v, 0 * mV) / self.tau  # here


def python_math() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = math.exp(self.v / mV) * mV / self.tau  # here


def numpy_function() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = np.tanh(self.v / mV) * mV / self.tau  # here


def assigned_param() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            self.tau = 3 * ms  # here
            d.v = -self.v / self.tau


def flow_missing() -> None:
    class Wrong(Neuron):  # here
        tau: Param = 20 * ms
        v: State = state(mV)


def flow_misspelled() -> None:
    class Wrong(Neuron):  # here
        tau: Param = 20 * ms
        v: State = state(mV)

        def flows(self, d: Self) -> None:
            d.v = -self.v / self.tau


def fires_missing() -> None:
    class Wrong(Neuron):  # here
        tau: Param = 20 * ms
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = -self.v / self.tau

        def reset(self, after: Self) -> None:
            after.v = 0 * mV


def receive_missing() -> None:
    class Wrong(Neuron):  # here
        tau: Param = 20 * ms
        v: State = state(mV)
        x: Input = impulse(mV)

        def flow(self, d: Self) -> None:
            d.v = -self.v / self.tau


def start_of_wrong_unit() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV, start=5 * nA)  # here

        def flow(self, d: Self) -> None:
            d.v = -self.v / self.tau


def start_at_unknown_param() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        E_rest: Param = -65 * mV
        v: State = state(mV, start="E_rset")  # here

        def flow(self, d: Self) -> None:
            d.v = (self.E_rest - self.v) / self.tau


def start_that_needs_itself() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)

        def initial(self, at: Self) -> None:
            at.v = self.v + 1 * mV  # here

        def flow(self, d: Self) -> None:
            d.v = -self.v / self.tau


def initial_of_wrong_unit() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)

        def initial(self, at: Self) -> None:
            at.v = self.tau  # here

        def flow(self, d: Self) -> None:
            d.v = -self.v / self.tau


def fires_without_condition() -> None:
    class Wrong(Neuron):  # here
        tau: Param = 20 * ms
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = -self.v / self.tau

        def fires(self) -> Any:
            return self.v


def fires_on_equality() -> None:
    class Wrong(Neuron):  # here
        tau: Param = 20 * ms
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = -self.v / self.tau

        def fires(self) -> Any:
            return self.v == 0 * mV


def impulse_in_flow() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)
        x: Input = impulse(mV)

        def flow(self, d: Self) -> None:
            d.v = (self.x - self.v) / self.tau  # here

        def receive(self, after: Self) -> None:
            after.v = self.v + self.x


def unused_input() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)
        I: Input = inflow(nA)  # here

        def flow(self, d: Self) -> None:
            d.v = -self.v / self.tau


def rises_in_flow() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = where(rises(self.v, 0 * mV), 0, -self.v / self.tau)  # here


def param_without_default() -> None:
    class Wrong(Neuron):
        tau: Param  # here
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = -self.v / self.tau


def random_default() -> None:
    class Wrong(Neuron):
        tau: Param = normal(20, 2) * ms  # here
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = -self.v / self.tau


def negative_time_constant() -> None:
    class Wrong(Neuron):
        tau: Param = -20 * ms  # here
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = -self.v / self.tau


def forgotten_annotation() -> None:
    class Wrong(Neuron):  # here
        tau = 20 * ms
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = -self.v / self.tau


def state_without_unit() -> None:
    class Wrong(Neuron):
        v: State = state(5)  # here  # type: ignore[arg-type]


def array_in_flow() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = self.v * [1.0, 2.0] / self.tau  # here  # type: ignore[operator]


def unknown_error() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = {}["x"] - self.v / self.tau  # here


def wrong_signature() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)

        def flow(self) -> None:  # here
            return None


def condition_as_number() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = minimum(self.v > 0, 1) * mV / self.tau  # here


def exponent_with_state() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        n: Param = 2.0
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = -(self.v**self.n) / self.tau  # here


def wide_letters() -> None:
    class Wrong(Neuron):
        τ: Param = 20 * ms
        v: State = state(mV)
        I: Input = inflow(nA)

        def flow(self, d: Self) -> None:
            d.v = (self.τ / self.τ * self.v + self.I) / self.τ  # here


CASES = [
    (unit_mismatch, UnitError, "self.E - self.v + self.I", "by a resistance"),
    (argument_with_unit, UnitError, "self.v", "divide it by a voltage"),
    (comparison_of_units, UnitError, "self.v >= self.tau", "ms (time)"),
    (unknown_name, ModelError, "self.tua", "did you mean 'tau'?"),
    (forgotten_self, ModelError, "tau", "write self.tau"),
    (rate_without_time, UnitError, "self.E - self.v", "divide by a time constant"),
    (missing_rate, ModelError, None, "'w'"),
    (unknown_state_in_flow, ModelError, "d.vollt", "did you mean 'volt'?"),
    (reset_of_unknown_state, ModelError, "after.weigth", "did you mean 'weight'?"),
    (reset_of_param, ModelError, "after.tau", "tau is a Param"),
    (receive_of_unknown_state, ModelError, "after.h", "known names: g"),
    (python_if, ModelError, None, "where(condition, a, b)"),
    (python_and, ModelError, None, "(a < x) & (x < b)"),
    (python_min, ModelError, "min(self.v, 0 * mV)", "where(condition, a, b)"),
    (python_math, ModelError, "math.exp(self.v / mV)", "functions of spikeloom"),
    (numpy_function, ModelError, "np.tanh(self.v / mV)", "spikeloom's tanh"),
    (assigned_param, ModelError, "self.tau", "d.NAME"),
    (flow_missing, ModelError, None, "flow is missing"),
    (flow_misspelled, ModelError, None, "did you mean 'flow'?"),
    (fires_missing, ModelError, None, "fires is missing"),
    (receive_missing, ModelError, None, "receive is missing"),
    (start_of_wrong_unit, UnitError, "state(mV, start=5 * nA)", "5*nA"),
    (start_at_unknown_param, ModelError, 'state(mV, start="E_rset")', "did you mean 'E_rest'?"),
    (start_that_needs_itself, ModelError, "self.v", "depends on itself"),
    (initial_of_wrong_unit, UnitError, "self.tau", "at.v must be a voltage"),
    (fires_without_condition, ModelError, None, "must return a condition"),
    (fires_on_equality, ModelError, None, "it returned False"),
    (impulse_in_flow, ModelError, "self.x", "receive(self, after)"),
    (unused_input, ModelError, "inflow(nA)", "no equation uses it"),
    (rises_in_flow, ModelError, "rises(self.v, 0 * mV)", "only fires"),
    (param_without_default, ModelError, "tau", "tau: Param = 20 * ms"),
    (random_default, ModelError, "normal(20, 2) * ms", "Wrong(tau=…)"),
    (negative_time_constant, ModelError, "-20 * ms", "above 0"),
    (forgotten_annotation, ModelError, None, "tau: Param"),
    (state_without_unit, ModelError, "state(5)", "state(mV)"),
    (array_in_flow, ModelError, "self.v * [1.0, 2.0]", "list"),
    (unknown_error, ModelError, '{}["x"]', "KeyError"),
    (wrong_signature, ModelError, None, "def flow(self, d)"),
    (condition_as_number, ModelError, "minimum(self.v > 0, 1)", "where(condition, 1.0, 0.0)"),
    (exponent_with_state, UnitError, "self.v**self.n", "fixed number"),
    (wide_letters, UnitError, "self.τ / self.τ * self.v + self.I", "by a resistance"),
]


@pytest.mark.parametrize(
    ("build", "kind", "marked", "word"), CASES, ids=[case[0].__name__ for case in CASES]
)
def test_mistake_is_shown_where_it_was_made(
    mistake: Any, build: Any, kind: type, marked: str | None, word: str
) -> None:
    error, line = mistake(build)
    assert error.kind is kind
    assert error.file == __file__
    assert error.line == line
    assert error.headline.startswith("Wrong") or "takes a unit" in error.headline
    assert word in error.text
    if marked is not None:
        assert error.marked == marked


def test_finished_models_cannot_be_subclassed(mistake: Any) -> None:
    class Cell(Neuron):
        C: Param = 1 * pF
        v: State = state(mV)
        I: Input = inflow(nA)

        def flow(self, d: Self) -> None:
            d.v = self.I / self.C

    def build() -> None:
        class Wrong(Cell):  # here
            R: Param = 1 * MOhm

    error, line = mistake(build)
    assert (error.kind, error.line) == (ModelError, line)
    assert "Cell().replace" in error.text and "Refractory(Cell(), 2 * ms)" in error.text
