"""Models of whole numbers from text: what it means, there and back, and its mistakes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeloom import Cell, ExponentialCurrent, LoihiNeuron, TrueNorthNeuron, ms, simulate
from spikeloom.compile import compile_ticks
from spikeloom.engines.fixed import Fixed, FixedReference
from spikeloom.equations import Neuron, from_text
from spikeloom.errors import ModelError, SpikeloomError

COUNTER = """
    each tick: fed = v + k*a                 # a name for a part
    each tick: v = where(age > 3, fed, fed >> 1) : int12 (saturate)
    each tick: age = age + 1 : uint4 (wrap)
    each tick: seen = seen : uint8 (saturate)
    a : uint4 (impulse)
    rho : uint8 (draw)
    k : int4 (parameter)
    top : 0…9 (parameter)
    spike when: (v >= top) & (rho >= 0)
    after a spike: v -= top
    after a spike: seen += 1
    without a spike: age = 0
"""
LOIHI = """
    each tick: u = sign(u)*(abs(u)*(4095 - du) >> 12) + (a << 6) : int24 (wrap)
    each tick: v = bound(v) : int24
"""


def counter() -> type[Neuron]:
    return from_text(COUNTER, name="Counter", k=3, top=5)


def test_a_tick_in_text_is_the_tick_in_words() -> None:
    run = simulate(counter()(k=2), 8 * ms, size=2, a=[1, 3])
    v, age, expected = [0, 0], [0, 0], []
    for _ in range(8):
        for n, a in enumerate((1, 3)):
            fed = v[n] + 2 * a
            v[n] = fed if age[n] > 3 else fed >> 1
            age[n] = (age[n] + 1) % 16
            if v[n] >= 5:
                v[n] -= 5
            else:
                age[n] = 0
        expected.append(list(v))
    assert run.traces["v"].tolist() == expected
    assert run.state["seen"].tolist() == run.counts.tolist() and run.counts[1] > 0


def test_there_and_back() -> None:
    """Text, class, text: a state that no tick changes keeps its width and its overflow."""
    one = counter()
    text = str(one().equations)
    defaults: dict[str, Any] = {p.name: p.default for p in one.definition.params}
    two = from_text(text, name="Counter", **defaults)
    assert two.definition == one.definition and str(two().equations) == text
    assert "each tick: seen = seen : uint8 (saturate)" in text
    assert "seen" not in one.definition.tick
    assert one.definition.state("seen").overflow == "saturate"


@pytest.mark.parametrize("model", [LoihiNeuron, TrueNorthNeuron])
def test_the_models_of_chips_run_from_their_text(sent: Any, model: type[Neuron]) -> None:
    defaults: dict[str, Any] = {p.name: p.default for p in model.definition.params}
    again = from_text(str(model().equations), name=model.__name__, **defaults)
    assert compile_ticks(again()).key == compile_ticks(model()).key
    assert sent(again()) == again()


def test_names_of_parts_avoid_those_of_the_model() -> None:
    text = """each tick: t1 = saturate(t1 + a*a + a, int20)*(t1 + a*a + a) >> 20 : int20 (saturate)
              a : int8 (impulse)"""
    model = from_text(text, name="Named")
    again = from_text(str(model().equations), name="Named")
    assert "t2" in str(model().equations) and again.definition == model.definition


LEAVES = ["v", "w", "a", "k", "3", "-7", "0", "1", "200"]


@st.composite
def expressions(draw: Any, depth: int = 4) -> str:
    """Text that means the same in the language and in Python."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return draw(st.sampled_from(LEAVES))
    kind = draw(st.sampled_from(["two", "two", "two", "one", "shift", "choice", "fit"]))
    a = draw(expressions(depth - 1))
    if kind == "one":
        return draw(
            st.sampled_from(["-(k + {})", "~(v + {})", "abs(w - {})", "sign({} ^ k)"])
        ).format(a)
    if kind == "shift":
        return f"({a}) {draw(st.sampled_from(['<<', '>>']))} {draw(st.integers(0, 4))}"
    if kind == "fit":
        how = draw(st.sampled_from(["wrap", "saturate"]))
        return f"{how}({a}, {draw(st.sampled_from(['int8', 'uint5', 'int20']))})"
    b = draw(expressions(depth - 1))
    if kind == "choice":
        sign = draw(st.sampled_from(["<", "<=", ">", ">=", "=="]))
        return f"where((v + {a} {sign} {b}) | ~(w > k), {b}, {a})"
    sign = draw(st.sampled_from(["+", "-", "*", "&", "|", "^", "//", "%"]))
    if sign in ("//", "%"):
        return f"(v + {a}) {sign} maximum(k ^ ({b}), 1)"
    return f"(w + {a}) {sign} ({b})"


def meant(text: str, values: dict[str, int]) -> int:
    """What Python makes of it; conditions there are truth values, of which ~ is another thing."""

    def fit(x: int, low: int, high: int, wraps: bool) -> int:
        return (x - low) % (high - low + 1) + low if wraps else min(max(x, low), high)

    ends = {"int8": (-128, 127), "uint5": (0, 31), "int20": (-(2**19), 2**19 - 1)}
    words: dict[str, Any] = {
        "where": lambda c, a, b: a if c else b, "maximum": max, "minimum": min, "abs": abs,
        "sign": lambda x: (x > 0) - (x < 0), **ends,
        "wrap": lambda x, e: fit(x, *e, wraps=True),
        "saturate": lambda x, e: fit(x, *e, wraps=False), "no": lambda c: not c,
    }  # fmt: skip
    made = text.replace("~(w > k)", "no(w > k)")
    return eval(made, {"__builtins__": {}}, {**words, **values})


@settings(max_examples=60, deadline=None)
@given(text=expressions(), data=st.data())
def test_random_text_computes_what_python_computes(text: str, data: st.DataObject) -> None:
    lines = f"""each tick: v = {text} : int40 (wrap)
                each tick: w = w + a + k : int12 (wrap)
                a : uint6 (impulse)
                k : int6 (parameter)"""
    try:
        model = from_text(lines, name="Random", k=0)
    except ModelError as error:
        assert "64 bits" in error.message  # the ranges forbid it, which has tests of its own
        return
    again = from_text(str(model().equations), name="Random", k=0)
    assert again.definition == model.definition
    state = {"v": data.draw(st.integers(-(2**39), 2**39 - 1)), "w": data.draw(st.integers(-99, 99))}
    a, k = data.draw(st.integers(0, 63)), data.draw(st.integers(-32, 31))
    start = {name: np.array([x]) for name, x in state.items()}
    run = simulate(model(k=k), 1 * ms, a=a, state=start, engine=FixedReference())
    value = meant(text, {**state, "a": a, "k": k})
    assert run.state["v"].tolist() == [(value + 2**39) % 2**40 - 2**39]


def test_hits_and_draws_in_text() -> None:
    text = """each tick: v = v + hits(rho, a, p) : int20 (saturate)
              a : uint9 (impulse); rho : uint8 (draw); p : uint8 (parameter)"""
    model = from_text(text, p=63)
    for engine in (Fixed(), FixedReference()):
        run = simulate(model(), 1 * ms, a=500, size=400, seed=2, engine=engine)
        # A quarter of 200,000 draws, within 4 sd.
        assert abs(int(run.state["v"].sum()) - 50_000) <= 4 * np.sqrt(200_000 * 3 / 16)


TAIL = "\na : uint8 (impulse)\nk : int4 (parameter)"
MISTAKES = [
    ("each tick: v = v + 0.5 : int8 (wrap)", "v + 0.5", "no whole number"),
    ("each tick: v = v + a : int8", "v + a", "holds int8"),
    ("each tick: v = v / 2 : int8", "v / 2", "// divides"),
    ("each tick: v = v + b : int8 (wrap)", "b", "not known"),
    ("each tick: v = v + 9007199254740993 : int8 (wrap)", "9007199254740993", "more than 53 bits"),
    ("each tick: v = v + a : int0", "int0", "1 to 64 bits"),
    ("each tick: v = v + a : int99", "int99", "1 to 64 bits"),
    ("each tick: v = v + a : volt", "volt", "no width"),
    ("each tick: v = v + a : 0…9", "0…9", "a width in bits"),
    ("each tick: v = v + a : int9 (clip)", "int9 (clip)", "(clip) is not known"),
    ("each tick: v + a : int9", "v + a", "no assignment"),
    ("each tick: v = wrap(v, 20) : int20", "20", "wrap needs a width"),
    ("each tick: v = wrap(v) : int20", "wrap(v)", "takes 2 arguments"),
    ("each tick: v = hits(a, a, 3) : int20", "a", "declared stream"),
    ("each tick: v = v << a : int20 (wrap)", "v << a", "shift must be by 0 to 62"),
    ("each tick: v = v // a : int20", "v // a", "divisor can be 0"),
    ("each tick: v = v ^ (v > 3) : int20", "v ^ (v > 3)", "condition"),
    ("each tick: v = v.__class__ : int20", "v.__class__", "attribute access"),
    ("each tick: s = v; each tick: v = s : int20; each tick: s = a", "s = a", "given twice"),
    ("each tick: v = 3 : int20; each tick: v = 4 : int20", "v = 4", "given twice"),
    ("each tick: v = k : int20; a : int4 (parameter)", "int4 (parameter)", "no default"),
    ("each tick: v = a : int20; rho : uint40 (draw)", "uint40 (draw)", "1 to 32 bits"),
    ("each tick: v = a : int20; a + 1 : uint4", "uint4", "only a name has a width"),
    ("each tick: v = a : int20; b : 7…3 (parameter)", "7…3 (parameter)", "holds no number"),
    ("each tick: v = a : int20; dw/dt = -w/ms : 1", "a", "rates or ticks"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "marked", "word"), MISTAKES, ids=[m[0] for m in MISTAKES])
def test_mistakes(text: str, marked: str, word: str) -> None:
    with pytest.raises(SpikeloomError) as caught:
        from_text(f"{text}{'' if '(parameter)' in text else TAIL}", name="Wrong", k=3)
    message = str(caught.value)
    assert word in message, message
    line, carets = next(
        pair for pair in zip(message.splitlines(), message.splitlines()[1:], strict=False)
        if set(pair[1].strip(" |")) == {"^"}
    )  # fmt: skip
    at = carets.index("^")
    assert line[at : at + carets.count("^")].strip() == marked


@pytest.mark.parametrize(
    ("default", "word"),
    [(3.5, "is a whole number"), (8, "is not in int4"), (20 * ms, "is a whole number"),
     (True, "is a whole number"), ("3", "is a whole number")],
)  # fmt: skip
def test_defaults_that_fit_no_width(default: Any, word: str) -> None:
    with pytest.raises(ModelError, match=word):
        from_text(f"each tick: v = k : int8{TAIL}", k=default)


def test_parameters_without_a_width() -> None:
    with pytest.raises(ModelError, match="'k' has no width"):
        from_text("each tick: v = k : int8", k=3)


@given(st.text(alphabet="va=+-*()<>!&|~^%:;0123456789 \nintuwrap#/", max_size=60))
def test_any_text_is_a_tick_or_a_clear_error(text: str) -> None:
    try:
        from_text(f"each tick: v = {text}", name="Any")
    except SpikeloomError as error:
        assert error.message


def test_parts_that_double_are_refused() -> None:
    """Forty names, each twice the one before: 2^40 operations in a few lines."""
    parts = "\n".join(f"each tick: p{k + 1} = wrap(p{k} + p{k}, int20)" for k in range(40))
    with pytest.raises(ModelError, match="unfolds to more than 20,000 operations"):
        from_text(f"each tick: p0 = a\n{parts}\neach tick: v = p40 : int20\na : int8 (impulse)")


def test_a_cell_of_whole_numbers() -> None:
    """Alone it is the neuron; a synapse of real numbers has no place in it, and it says where."""
    cell = Cell(LoihiNeuron(bias=1000, du=4095))
    assert cell.definition == LoihiNeuron.definition
    with pytest.raises(ModelError, match="'exc', ExponentialCurrent, is made of real ones") as why:
        Cell(LoihiNeuron(), exc=ExponentialCurrent())
    assert why.value.hint is not None and "as u of LoihiNeuron" in why.value.hint
