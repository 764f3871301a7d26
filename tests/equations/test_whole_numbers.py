"""Whole numbers in the language: ranges that hold, and mistakes shown where they were made."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeloom import Condition, Draw, Input, Inputs, Neuron, Param, State, ms, nA
from spikeloom.compile.tick_numeric import OPERATIONS
from spikeloom.equations import chance, clip, draw, hits, impulse, inflow, integer, state
from spikeloom.equations.span import ONE, TWO, Span, result
from spikeloom.errors import ModelError, ParameterError, SpikeloomError

whole = st.integers(-(2**20), 2**20)


@st.composite
def spans(draw: Any) -> tuple[Span, int]:
    """A range and a number in it."""
    a, b, x = sorted([draw(whole), draw(whole), draw(whole)])
    return Span(a, x), draw(st.sampled_from([a, b, x]))


@given(a=spans(), b=spans(), op=st.sampled_from([*ONE, *TWO]))
def test_a_result_lies_in_its_range(a: Any, b: Any, op: str) -> None:
    """What Python's own integers give is inside, and a range that is refused has a reason."""
    (left, x), (right, y) = a, b
    if op in ("shl", "shr"):
        right, y = Span(min(right.low % 20, y % 20), max(right.high % 20, y % 20)), y % 20
    args = [left, right][: 1 if op in ONE else 2]
    if op == "select":
        assert result(op, args).holds(Span(x, x)) and result(op, args).holds(Span(y, y))
        return
    if op in ("floordiv", "mod") and right.low <= 0 <= right.high:
        with pytest.raises(ModelError, match="divisor can be 0"):
            result(op, args)
        return
    python: dict[str, Any] = {
        "add": x + y, "sub": x - y, "mul": x * y, "neg": -x, "abs": abs(x),
        "sign": (x > 0) - (x < 0), "min": min(x, y), "max": max(x, y), "bitand": x & y,
        "bitor": x | y, "bitxor": x ^ y, "invert": ~x,
    }  # fmt: skip
    python |= {"shl": x << y, "shr": x >> y} if op in ("shl", "shr") else {}
    python |= {"floordiv": x // y, "mod": x % y} if y and op in ("floordiv", "mod") else {}
    got = python[op]
    assert result(op, args).holds(Span(got, got))
    assert OPERATIONS[op](*(np.int64(v) for v in [x, y][: len(args)])) == got


@pytest.mark.parametrize("bits", [1, 2, 8, 9, 20, 24, 32, 53, 63, 64])
def test_widths(bits: int) -> None:
    assert Span.of(bits).bits == bits and str(Span.of(bits)) == f"int{bits}"
    assert Span.of(bits, signed=False).bits == bits


def body(tick: Any, **fields: Any) -> type[Neuron]:
    """A model of one state with this tick."""
    names = {"v": State, "a": Input} | {name: kind for name, (kind, _) in fields.items()}
    values = {"v": state(bits=20), "a": impulse(bits=8)}
    values |= {name: value for name, (_, value) in fields.items()}
    return type("Made", (Neuron,), {**values, "__annotations__": names, "tick": tick})


def assign(expression: Any) -> Any:
    def tick(self: Any, after: Any) -> None:
        after.v = expression(self)

    return tick


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (lambda self: self.v + self.a, "holds int20, but this reaches from -524416 to 524414"),
        (lambda self: clip(self.v + self.a, -5, 5) / 2, "// divides whole numbers"),
        (lambda self: clip(self.v + self.a, -5, 5) * 0.5, "0.5 is mixed with whole numbers"),
        (lambda self: self.v // self.a, "the divisor can be 0"),
        (lambda self: self.v >> self.a, "a shift must be by 0 to 62"),
        (lambda self: self.v * self.v * self.v * self.v, "more than 64 bits"),
        (lambda self: hits(self.v, 3, 7) + self.a, "draws from a declared stream"),
        (lambda self: 0.5 + 0 * self.a, "0.5 is mixed"),
        (lambda self: 0.5, "is a whole number"),
        (lambda self: 2**60 + self.a, "more than 53 bits"),
        (lambda self: self.v**2 + self.a, "multiply, or shift"),
    ],
)
def test_a_mistake_in_a_tick_has_a_caret(expression: Any, words: str) -> None:
    with pytest.raises(ModelError, match=words.replace("/", ".")) as caught:
        body(assign(expression))
    assert "^^" in str(caught.value) or "^" in str(caught.value).splitlines()[-2]


def test_what_a_class_of_whole_numbers_must_be() -> None:
    with pytest.raises(ModelError, match="'tau' has no width"):
        body(assign(lambda s: s.a), tau=(Param, 20 * ms))
    with pytest.raises(ModelError, match="declared but no equation uses"):
        body(assign(lambda s: s.a), rho=(Draw, draw(bits=8)))
    with pytest.raises(ModelError, match="annotated Input but declared otherwise"):
        body(assign(lambda s: s.a), b=(Input, impulse(bits=3, of=2)))
    with pytest.raises(ModelError, match="width or a unit, not both"):
        inflow(nA, bits=4)
    with pytest.raises(ModelError, match="no whole number in int8"):
        integer(128, bits=8)
    with pytest.raises(ModelError, match="1 to 32 bits"):
        draw(bits=33)

    with pytest.raises(ModelError, match="tick and flow are both given"):

        class Both(Neuron):
            v: State = state(bits=8)

            def flow(self, d: Self) -> None:
                d.v = 0

            def tick(self, after: Self) -> None:
                after.v = 0

    with pytest.raises(ModelError, match="is a whole number, but the model has a flow"):

        class Mixed(Neuron):
            v: State = state(bits=8)

            def flow(self, d: Self) -> None:
                d.v = 0

    with pytest.raises(ModelError, match="chance has no place in a tick"):

        class Lucky(Neuron):
            v: State = state(bits=8)

            def tick(self, after: Self) -> None:
                after.v = 0

            def fires(self) -> Condition:
                return (self.v > 1) & chance(0.5)


def test_bits_of_real_numbers_are_refused_as_before() -> None:
    with pytest.raises(SpikeloomError, match=r"is no whole number itself"):

        class Real(Neuron):
            tau: Param = 20 * ms
            v: State = state(ms)

            def flow(self, d: Self) -> None:
                d.v = (self.v << 2) / self.tau


def test_groups_of_values() -> None:
    class Several(Neuron):
        """Three weights and inputs."""

        s: Param = integer((1, 2, 3), bits=4)
        v: State = state(bits=20, overflow="wrap")
        a: Inputs = impulse(bits=8, of=3)

        def tick(self, after: Self) -> None:
            after.v = sum((s * a for s, a in zip(self.s, self.a, strict=True)), self.v)

    one = Several(s=(4, 5, 6))
    assert [q.value for q in one.s] == [4, 5, 6] and one.s1.value == 5
    assert repr(one) == "Several(s0=4, s1=5, s2=6)"
    assert one.replace(s=7) == Several(s0=7, s1=7, s2=7)
    assert hash(one) == hash(Several(s0=4, s1=5, s2=6))
    with pytest.raises(ParameterError, match="stands for 3 values, got 2"):
        Several(s=(1, 2))
    with pytest.raises(ParameterError, match="from -8 to 7; got 8"):
        Several(s1=8)
