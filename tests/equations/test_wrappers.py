"""Refractory neurons and surrogates: values like any other."""

from __future__ import annotations

from typing import Any

import pytest

from spikeloom.equations import Condition, Expr, Param, Refractory, State, Surrogate, sigmoid, state
from spikeloom.equations.units import ms, mV, nA, second
from spikeloom.errors import ModelError, ParameterError, UnitError
from spikeloom.models import ALIF, LIF, ATan, LeakyIntegrator


def test_refractory_is_a_value(sent: Any) -> None:
    cell = Refractory(LIF(tau=10 * ms), 2 * ms)
    assert repr(cell) == "Refractory(LIF(tau=10 * ms), 2 * ms)"
    assert cell == Refractory(LIF(tau=10 * ms), 0.002 * second) != Refractory(LIF(), 2 * ms)
    assert hash(cell) == hash(Refractory(LIF(tau=10 * ms), 0.002 * second))
    assert sent(cell) == cell
    assert cell.replace(period=3 * ms, tau=5 * ms) == Refractory(LIF(tau=5 * ms), 3 * ms)
    assert Refractory(ALIF(), 2 * ms, hold=("v", "b")).hold == ("v", "b")
    with pytest.raises(ParameterError, match="frozen"):
        cell.period = 3 * ms


def test_refractory_definition() -> None:
    d = Refractory(LIF(), [1, 2] * ms).definition
    assert d.params[-1].name == d.period == "period"
    assert d.hold == ("v",)
    assert d.flow == LIF.definition.flow
    assert dict(Refractory(LIF(), 2 * ms).values)["period"] == 2 * ms
    assert "v held for period" in str(d.equations)


@pytest.mark.parametrize(
    ("wrong", "kind", "word"),
    [
        (lambda: Refractory(LIF(), 2 * ms, hold=("u",)), ModelError, "known names: v"),
        (lambda: Refractory(LIF(), 2 * ms, hold=()), ModelError, "at least one"),
        (lambda: Refractory(LIF(), 2), UnitError, "period=2 * ms"),
        (lambda: Refractory(LIF(), -2 * ms), ParameterError, "above 0"),
        (lambda: Refractory(LeakyIntegrator(), 2 * ms), ModelError, "never fires"),
        (lambda: Refractory(Refractory(LIF(), 1 * ms), 2 * ms), ModelError, "already"),  # type: ignore[arg-type]
        (lambda: Refractory(LIF, 2 * ms), ParameterError, "LIF()"),  # type: ignore[arg-type]
        (lambda: Refractory(3, 2 * ms), ParameterError, "int"),  # type: ignore[arg-type]
    ],
)
def test_wrong_refractory(wrong: Any, kind: type[Exception], word: str) -> None:
    with pytest.raises(kind) as caught:
        wrong()
    assert type(caught.value) is kind
    assert word in str(caught.value)


def test_surrogate_text() -> None:
    assert str(ATan.definition.soft).startswith("atan(1.57")
    assert "slope 2" in str(ATan())


def no_soft() -> None:
    class Wrong(Surrogate):  # here
        slope: Param = 2.0


def soft_without_u() -> None:
    class Wrong(Surrogate):  # here
        slope: Param = 2.0

        def soft(self, u: Expr) -> Any:
            return sigmoid(self.slope)


def soft_with_unit() -> None:
    class Wrong(Surrogate):
        def soft(self, u: Expr) -> Any:
            return u * mV  # here


def soft_is_a_condition() -> None:
    class Wrong(Surrogate):  # here
        def soft(self, u: Expr) -> Condition:
            return u > 0


def surrogate_with_state() -> None:
    class Wrong(Surrogate):
        v: State = state(nA)  # here

        def soft(self, u: Expr) -> Expr:
            return u


@pytest.mark.parametrize(
    ("build", "kind", "word"),
    [
        (no_soft, ModelError, "soft is missing"),
        (soft_without_u, ModelError, "does not depend on u"),
        (soft_with_unit, UnitError, "plain number"),
        (soft_is_a_condition, ModelError, "u > 0"),
        (surrogate_with_state, ModelError, "neither states nor inputs"),
    ],
)
def test_wrong_surrogate(mistake: Any, build: Any, kind: type, word: str) -> None:
    error, line = mistake(build)
    assert (error.kind, error.line) == (kind, line)
    assert word in error.text
