"""Model values: checked, frozen, equal by value, and readable back from their text."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeloom import equations, models
from spikeloom.equations import learn, lognormal, normal, uniform, units
from spikeloom.equations.units import MOhm, ms, mV, nA, one, second
from spikeloom.errors import ParameterError, SpikeloomError, UnitError
from spikeloom.models import LIF, ATan, Izhikevich

NAMESPACE: dict[str, Any] = {
    **{name: getattr(units, name) for name in units.__all__},
    **{name: getattr(equations, name) for name in dir(equations) if name[0] != "_"},
    **{name: getattr(models, name) for name in dir(models) if name[0] != "_"},
}
positive = st.floats(1e-6, 1e6)


@st.composite
def time(draw: st.DrawFn) -> Any:
    kind = draw(st.integers(0, 4))
    x, y = draw(positive), draw(positive)
    match kind:
        case 0:
            return x * ms
        case 1:
            return [x, y] * second
        case 2:
            return learn(x * ms, low=min(x, y) * ms)
        case 3:
            return normal(x, y, low=0) * ms
        case _:
            return learn(lognormal(x, y) * second)


@given(time(), st.floats(-100, 100))
def test_a_value_reads_back(sent: Any, tau: Any, theta: float) -> None:
    neuron = LIF(tau=tau, theta=theta * mV)
    again = eval(repr(neuron), dict(NAMESPACE))
    assert again == neuron
    assert hash(again) == hash(neuron)
    assert sent(neuron) == neuron
    assert copy.deepcopy(neuron) == neuron == copy.copy(neuron)


@pytest.mark.parametrize("name", [n for n in dir(models) if n[0].isupper()])
def test_every_default_reads_back(name: str) -> None:
    value = getattr(models, name)()
    assert repr(value) == f"{name}()"
    assert eval(repr(value), dict(NAMESPACE)) == value
    assert value != object() and value == value.replace()


def test_equality_is_by_value() -> None:
    assert LIF(tau=20 * ms) == LIF() == LIF(tau=0.02 * second)
    assert LIF(tau=[10, 20] * ms) == LIF(tau=np.array([10.0, 20.0]) * ms)
    assert LIF(tau=10 * ms) != LIF()
    assert LIF(tau=learn(20 * ms)) != LIF()
    assert len({LIF(), LIF(tau=20 * ms), LIF(tau=[20] * ms)}) == 2


def test_values_are_read_by_name_and_frozen() -> None:
    neuron = LIF(tau=10 * ms)
    assert neuron.tau == 10 * ms
    assert dict(neuron.values)["R"] == 100 * MOhm
    assert neuron.replace(R=50 * MOhm) == LIF(tau=10 * ms, R=50 * MOhm)
    with pytest.raises(ParameterError, match=r"replace\(tau=…\)"):
        neuron.tau = 5 * ms
    with pytest.raises(ParameterError, match="frozen"):
        del neuron.tau
    with pytest.raises(AttributeError, match="did you mean 'tau'"):
        neuron.tua  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize(
    ("values", "kind", "words"),
    [
        ({"tua": 3 * ms}, ParameterError, ["'tua'", "did you mean 'tau'?"]),
        ({"tau": 3}, UnitError, ["LIF.tau is a time", "write tau=3 * ms"]),
        ({"tau": 3 * mV}, UnitError, ["must be a time (ms)", "3 mV, a voltage"]),
        ({"R": 3 * nA}, UnitError, ["resistance (MΩ)", "current"]),
        ({"tau": "fast"}, ParameterError, ["'fast' (str)", "learn(...)"]),
        ({"tau": None}, ParameterError, ["None (NoneType)"]),
        ({"tau": True}, ParameterError, ["True (bool)"]),
        ({"tau": [1, "x"]}, ParameterError, ["list"]),
        ({"tau": -3 * ms}, ParameterError, ["time constant", "above 0"]),
        ({"tau": [1, 0] * ms}, ParameterError, ["above 0"]),
        ({"tau": learn(-3 * ms)}, ParameterError, ["above 0"]),
        ({"tau": learn(3)}, UnitError, ["needs a unit"]),
        ({"tau": normal(20, 2)}, UnitError, ["needs a unit", "normal(20, 2) * ms"]),
        ({"E": math.nan * mV}, ParameterError, ["finite"]),
        ({"E": [1, math.inf] * mV}, ParameterError, ["finite"]),
    ],
)
def test_wrong_values(values: dict[str, Any], kind: type, words: list[str]) -> None:
    with pytest.raises(SpikeloomError) as caught:
        LIF(**values)
    assert type(caught.value) is kind
    assert all(word in str(caught.value) for word in words)


def test_parameters_go_by_name() -> None:
    with pytest.raises(ParameterError, match=r"LIF\(tau=20 \* ms\)"):
        LIF(20 * ms)  # type: ignore[misc]
    with pytest.raises(UnitError, match="plain number"):
        ATan(slope=2 * mV)
    assert ATan(slope=2 * one) == ATan()
    assert Izhikevich(a=0.1 / ms).a == 100 / second


def test_bounds_must_be_in_order() -> None:
    assert repr(learn(5 * ms, low=1 * ms)) == "learn(5 * ms, low=1 * ms)"
    with pytest.raises(ParameterError, match="low <= value <= high"):
        learn(5 * ms, low=6 * ms)
    with pytest.raises(ParameterError, match="low <= value <= high"):
        learn(normal(0, 1), low=3, high=2)
    with pytest.raises(UnitError, match="the bound 1 mV is a voltage"):
        learn(5 * ms, high=1 * mV)


def test_distributions() -> None:
    d = normal(20 * ms, 0.002 * second)
    assert d == normal(20, 2) * ms
    assert d.unit == ms and (d.a, d.b) == (20.0, 2.0)
    values = d.sample(7, "hidden.tau", 4000)
    assert values.mean() == pytest.approx(20, abs=0.2)
    assert values.std() == pytest.approx(2, abs=0.2)
    assert np.array_equal(values, d.sample(7, "hidden.tau", 4000))
    assert not np.array_equal(values, d.sample(7, "hidden.R", 4000))
    assert not np.array_equal(values, d.sample(8, "hidden.tau", 4000))
    assert uniform(-60, -50).sample(1, "v", (3, 4)).shape == (3, 4)
    skewed = lognormal(5, 3).sample(1, "w", 20000)
    assert skewed.mean() == pytest.approx(5, rel=0.05)
    assert skewed.std() == pytest.approx(3, rel=0.1)
    assert normal(0, 1, low=0).sample(1, "x", 1000).min() >= 0
    assert repr(uniform(1, 2) / ms) == "uniform(1, 2) / ms"
    assert d.sample(1, "tau", 0).shape == (0,)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: normal(1, -1),
        lambda: uniform(2, 1),
        lambda: lognormal(-1, 1),
        lambda: normal([1, 2], 1),
        lambda: normal(20 * ms, 2),
        lambda: normal(0, 1, low=50).sample(1, "x", 3),
        lambda: (normal(1, 5) * ms).sample(1, "tau", 100),
    ],
)
def test_impossible_distributions(wrong: Any) -> None:
    with pytest.raises(SpikeloomError):
        wrong()
