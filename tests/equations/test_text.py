"""Models from text: the same as from Python, and safe whatever the text holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeloom import models
from spikeloom.equations import Neuron, from_text
from spikeloom.equations.units import MOhm, ms, mV, nS, pA
from spikeloom.errors import ModelError, SpikeloomError, UnitError

EVERY = [getattr(models, name) for name in dir(models)]
NEURONS = [m for m in EVERY if isinstance(m, type) and issubclass(m, Neuron)]
LEAKY = "dv/dt = -v/tau : volt"


@pytest.mark.parametrize("model", NEURONS, ids=lambda m: m.__name__)
def test_every_model_reads_back_from_its_own_text(sent: Any, model: type[Neuron]) -> None:
    definition = model.definition
    defaults: dict[str, Any] = {p.name: p.default for p in definition.params}
    again = from_text(str(model().equations), name=model.__name__, **defaults)
    assert again.definition == definition
    assert again() == model() and hash(again()) == hash(model())
    copied = sent(again())
    assert copied == again()


def test_in_the_notation_of_brian() -> None:
    cell = from_text(
        """
        dv/dt = (E - v + R*(I_s + I)
                 )/tau : volt            # a comment
        dg/dt = -g/tau_g : nS
        I_s = g*(E_s - v) : amp
        I : pA
        x : nS (impulse)
        tau : second
        """,
        name="Coba",
        threshold="v > theta and v < 100*mV",
        reset="v = E; g *= 0.5",
        receive="g += x",
        start="v = E",
        tau=20 * ms, tau_g=5 * ms, R=100 * MOhm, E=-65 * mV, E_s=0 * mV, theta=-50 * mV,
    )  # fmt: skip
    d = cell.definition
    assert str(d.flow["v"]) == "(E - v + R*(g*(E_s - v) + I))/tau"
    assert str(d.receive["g"]) == "g + x"
    assert str(d.reset["g"]) == "g*0.5"
    assert str(d.fires) == "(v > theta) & (v < 100*mV)"
    assert str(d.state("v").start) == "E"
    assert [(i.name, i.unit, i.kind) for i in d.inputs] == [
        ("I", pA, "inflow"), ("x", nS, "impulse"),
    ]  # fmt: skip
    assert repr(cell(tau=10 * ms)) == "Coba(tau=10 * ms)"


MISTAKES = [
    ("dv/dt = v.__class__/ms : 1", "v.__class__", "attribute access"),
    ("dv/dt = ().__class__.__mro__/ms : 1", "().__class__.__mro__", "attribute access"),
    ("dv/dt = __import__('os').system('x') : 1", "__import__('os').system", "functions"),
    ("dv/dt = __import__('os')/ms : 1", "__import__", "no function"),
    ("dv/dt = eval('1')/ms : 1", "eval", "no function"),
    ("dv/dt = open(v)/ms : 1", "open", "no function"),
    ("dv/dt = [1 for x in v] : 1", "[1 for x in v]", "a comprehension"),
    ("dv/dt = sum(x for x in v) : 1", "sum", "no function"),
    ("dv/dt = (lambda: 1)() : 1", "lambda: 1", "functions of the language"),
    ("dv/dt = (v := 1)/ms : 1", "v := 1", "an assignment"),
    ("dv/dt = v[0]/ms : 1", "v[0]", "indexing"),
    ("dv/dt = f'{v}'/ms : 1", "f'{v}'", "a string"),
    ("dv/dt = 'a'/ms : 1", "'a'", "no number"),
    ("dv/dt = True/ms : 1", "True", "no number"),
    ("dv/dt = 1j*v/ms : 1", "1j", "no number"),
    ("dv/dt = v if v > 1 else 2 : 1", "v if v > 1 else 2", "where(condition, a, b)"),
    ("dv/dt = v^2/ms : 1", "v^2/ms", "**"),
    ("dv/dt = v // ms : 1", "v // ms", "operator"),
    ("dv/dt = v @ v : 1", "v @ v", "operator"),
    ("dv/dt = 0 < v < 1 : 1", "0 < v < 1", "(a < x) & (x < b)"),
    ("dv/dt = where(v == 1, 1, 2)/ms : 1", "v == 1", "only < <= > >="),
    ("dv/dt = exp(v, 1)/ms : 1", "exp(v, 1)", "takes 1 argument"),
    ("dv/dt = exp(x=v)/ms : 1", "exp(x=v)", "no keywords"),
    ("dv/dt = exp(*v)/ms : 1", "*v", "a star"),
    ("dvoltage/dt = -voltag/ms : 1", "voltag", "did you mean 'voltage'?"),
    ("dv/dt = -v/ms + xi*xi : 1", "xi*xi", "linear"),
    ("dv/dt = 9**9**9**9*v/ms : 1", "9**9**9", "cannot be computed"),
    ("dv/dt = 1e999*v/ms : 1", "1e999", "too large"),
    ("dv/dt = 1/0*v/ms : 1", "1/0", "cannot be computed"),
    ("dv/dt = (-8)**0.5*v/ms : 1", "(-8)**0.5", "real number"),
    ("dv/dt = v : furlong", "furlong", "not known"),
    ("dv/dt = v : 3*volt", "3*volt", "no unit"),
    ("dv/dt = v/ms", "dv/dt = v/ms", "unit is missing"),
    ("hello", "hello", "unit is missing"),
    ("dv/dt = (v + : 1", "", "no expression"),
    ("dv/dt =  : 1", "", "expression is missing"),
    ("dv/dt = v > 1 : 1", "v > 1", "a number is expected"),
    ("v + 1 = 2 : 1", "v + 1 = 2", "neither a rate"),
    ("dv/dt = -v/ms : 1\nafter a spike: v == 2", "v == 2", "assignment"),
    ("dv/dt = -v/ms : 1 (unless refractory)", "", "Refractory(neuron, 2 * ms)"),
]


@pytest.mark.parametrize(("text", "marked", "word"), MISTAKES, ids=[m[0] for m in MISTAKES])
def test_wrong_or_hostile_text(error_of: Any, text: str, marked: str, word: str) -> None:
    error = error_of(lambda: from_text(text, name="Wrong"))
    assert error.kind is ModelError
    assert error.file == "<equations of Wrong>"
    assert error.line == 1 + text.count("\n")
    assert word in error.text
    if marked:
        assert error.marked == marked


@pytest.mark.parametrize(
    "text",
    [
        "dv/dt = " + "(" * 500 + "v" + ")" * 500 + "/ms : 1",
        "dv/dt = " + "-" * 3000 + "v/ms : 1",
        "dv/dt = " + "+".join(["v"] * 1000) + " : 1",
        "dv/dt = " + "v" * 5000 + " : 1",
        "dv/dt = 1" + "0" * 1000 + "*v/ms : 1",
        "dv/dt = \x00 : 1",
        "x" * 200_000,
        "a = b : 1\nb = a : 1\ndv/dt = a/ms : 1",
        "dv/dt = v/ms : mV**999999999",
        "",
    ],
    ids=range(10),
)
def test_text_that_is_too_much(text: str) -> None:
    with pytest.raises(SpikeloomError) as caught:
        from_text(text)
    assert max(len(line) for line in str(caught.value).splitlines()) < 300


def test_units_in_text(error_of: Any) -> None:
    error = error_of(lambda: from_text("dv/dt = (v + 3*mV)/ms : 1", name="Wrong"))
    assert (error.kind, error.marked) == (UnitError, "v + 3*mV")
    error = error_of(lambda: from_text("dτ/dt = -τ/ms + 3*mV/ms : 1", name="Wrong"))
    assert (error.kind, error.marked) == (UnitError, "-τ/ms + 3*mV/ms")
    error = error_of(lambda: from_text("dv/dt = -v : volt", name="Wrong"))
    assert (error.kind, error.marked) == (UnitError, "-v")
    error = error_of(lambda: from_text("s = 3*mV : amp\ndv/dt = s/ms : volt", name="Wrong"))
    assert (error.kind, error.line) == (ModelError, 1)


def test_events_in_text(error_of: Any) -> None:
    error = error_of(
        lambda: from_text(LEAKY, name="Wrong", threshold="v > 1*mV", reset="u = 0", tau=5 * ms)
    )
    assert "there is no state 'u'" in error.text
    error = error_of(lambda: from_text(LEAKY, name="Wrong", threshold="v", tau=5 * ms))
    assert (error.file, error.marked) == ("<threshold of Wrong>", "v")
    error = error_of(lambda: from_text(f"{LEAKY}\n{LEAKY}", tau=5 * ms))
    assert "given twice" in error.text


@given(st.text(alphabet="dvt/=+-*()[]{}<>!&|~^%@.,:;'\"\\ \n0123456789exp_λ#", max_size=60))
def test_any_text_is_a_model_or_a_clear_error(text: str) -> None:
    try:
        from_text(f"dv/dt = {text}")
    except SpikeloomError as error:
        assert str(error)


@pytest.mark.parametrize(
    "options",
    [
        {"text": None},
        {"text": b"dv/dt = v/ms : 1"},
        {"name": 5},
        {"name": "a b"},
        {"name": "class"},
        {"threshold": 5},
        {"reset": ["v = 0"]},
    ],
    ids=str,
)
def test_what_is_no_text(options: dict[str, Any]) -> None:
    given: dict[str, Any] = {"text": "dv/dt = -v/(10*ms) : mV"} | options
    with pytest.raises(ModelError, match="from_text"):
        from_text(**given)
