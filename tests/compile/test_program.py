"""Programs: their text, their rules, their choice of method, their refusals."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Self

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from spikeloom.compile import (
    RK4,
    Euler,
    Exact,
    ExponentialEuler,
    Program,
    bind,
    compile_neuron,
)
from spikeloom.compile.explain import explain
from spikeloom.compile.program import Instr
from spikeloom.compile.stability import check_step
from spikeloom.compile.values import numbers
from spikeloom.compile.verify import verify
from spikeloom.engines.reference import Reference
from spikeloom.equations import Input, Neuron, Param, Refractory, State, exp, inflow, state
from spikeloom.equations.units import ms, mV, one, second
from spikeloom.errors import (
    CompileError,
    NumericsError,
    ParameterError,
    SpikeloomError,
    VerificationError,
)
from spikeloom.models import (
    LIF,
    AdEx,
    ATan,
    CubaLIF,
    FitzHughNagumo,
    HodgkinHuxley,
    Izhikevich,
    LeakyIntegrator,
)


class Ring(Neuron):
    """Two linear states that drive each other: a damped rotation, for the general propagator."""

    decay: Param = 10 * ms
    turn: Param = 4 * ms
    x: State = state(one, start=1.0)
    y: State = state(one)
    I: Input = inflow(one)

    def flow(self, d: Self) -> None:
        d.x = -self.x / self.decay - self.y / self.turn
        d.y = -self.y / self.decay + (self.x + self.I) / self.turn


class Chain(Neuron):
    """Three linear states in a row, with coinciding time constants."""

    tau: Param = 5 * ms
    a: State = state(one, start=1.0)
    b: State = state(one)
    c: State = state(one)

    def flow(self, d: Self) -> None:
        d.a = -self.a / self.tau
        d.b = (self.a - self.b) / self.tau
        d.c = (self.b - self.c) / self.tau


@pytest.mark.parametrize(
    ("model", "method"),
    [
        (LIF(), "Exact()"),
        (CubaLIF(), "Exact()"),
        (LeakyIntegrator(), "Exact()"),
        (Refractory(LIF(), 2 * ms), "Exact()"),
        (HodgkinHuxley(), "ExponentialEuler()"),
        (AdEx(), "RK4()"),
        (Izhikevich(), "RK4()"),
        (FitzHughNagumo(), "RK4()"),
    ],
    ids=lambda x: str(x).split("\n")[0][:30],
)
def test_the_compiler_chooses_and_says_why(model: Neuron, method: str) -> None:
    program = compile_neuron(model)
    assert program.method == method
    assert len(program.reason.split()) > 4


def test_coupled_linear_states_are_exact() -> None:
    for dt in (0.1, 1.0, 7.0):
        program = compile_neuron(Ring())
        run = Reference().forward(
            program, bind(program, numbers(Ring()), dt).coefs, {"I": np.full((9, 1, 1), 0.5)},
            bind(program, numbers(Ring()), dt).initial(1, 1), 9,
        )  # fmt: skip
        system = np.array([[-0.1, -0.25, 0.0], [0.25, -0.1, 0.125], [0.0, 0.0, 0.0]])
        expected = expm(system * 9 * dt) @ [1.0, 0.0, 1.0]
        np.testing.assert_allclose(run.state[:, 0, 0], expected[:2], rtol=1e-12, atol=1e-14)


def test_a_chain_with_equal_time_constants_is_exact() -> None:
    program = compile_neuron(Chain())
    bound = bind(program, numbers(Chain()), 0.3)
    run = Reference().forward(program, bound.coefs, {}, bound.initial(1, 1), 20)
    t = 20 * 0.3 / 5
    expected = np.exp(-t) * np.array([1, t, t * t / 2])
    np.testing.assert_allclose(run.state[:, 0, 0], expected, rtol=1e-12)


def test_text_and_back() -> None:
    program = compile_neuron(CubaLIF(), surrogate=ATan())
    again = Program.from_json(program.to_json())
    assert again == program
    assert again.key == program.key
    assert compile_neuron(CubaLIF(), surrogate=ATan()).key == program.key
    assert compile_neuron(CubaLIF()).key != program.key
    raw = json.loads(program.to_json())
    with pytest.raises(CompileError, match="another one"):
        Program.from_json(json.dumps({**raw, "format": 99}))


def test_a_program_does_not_depend_on_values() -> None:
    a, b = compile_neuron(LIF(tau=3 * ms)), compile_neuron(LIF(tau=0.02 * second))
    assert a == b


def broken(program: Program, block: str, place: int, **change: object) -> Program:
    old = getattr(program, block)
    instrs = list(old.instrs)
    instrs[place] = replace(instrs[place], **change)
    return replace(program, **{block: replace(old, instrs=tuple(instrs))})


LIFP = compile_neuron(LIF(), surrogate=ATan())
FIRST_ADD = next(i for i, x in enumerate(LIFP.forward.instrs) if x.op == "add")
FAULTS = {
    "earlier instructions": broken(LIFP, "forward", FIRST_ADD, args=(0, FIRST_ADD + 3)),
    "unknown operation": broken(LIFP, "forward", FIRST_ADD, op="spin"),
    "expected arguments": broken(LIFP, "forward", FIRST_ADD, op="neg"),
    "must not read": broken(LIFP, "forward", 0, name="param:tau"),
    "needs a number": broken(
        LIFP, "backward", 0, op="const", name=None, value=float("nan"), args=()
    ),
    "matrices belong": broken(LIFP, "forward", FIRST_ADD, op="expm1m"),
    "outputs missing": replace(
        LIFP, forward=replace(LIFP.forward, outputs=LIFP.forward.outputs[:1])
    ),
    "is no number": replace(
        LIFP,
        forward=replace(
            LIFP.forward,
            outputs=(
                ("state:v", next(i for i, x in enumerate(LIFP.forward.instrs) if x.op == "ge")),
                LIFP.forward.outputs[1],
            ),
        ),
    ),
    "must differ": replace(LIFP, states=("v", "v")),
}


@pytest.mark.parametrize("rule", sorted(FAULTS))
def test_the_verifier_notices(rule: str) -> None:
    with pytest.raises(VerificationError, match=rule):
        verify(FAULTS[rule])


def test_every_operation_of_the_verifier_has_a_meaning() -> None:
    from spikeloom.compile.numeric import OPERATIONS
    from spikeloom.compile.verify import SIGNATURES

    assert set(SIGNATURES) - {"item"} == set(OPERATIONS)
    assert Instr("add", (0, 1)) == Instr("add", (0, 1))


def test_methods_that_do_not_suit_the_equations() -> None:
    with pytest.raises(CompileError, match=r"Exact\(\) needs rates that are linear"):
        compile_neuron(HodgkinHuxley(), Exact())
    with pytest.raises(CompileError, match=r"rate of 'v' to be linear in 'v'"):
        compile_neuron(AdEx(), ExponentialEuler())


def test_an_unstable_step_is_refused_with_one_that_is_stable() -> None:
    program = compile_neuron(LIF(), Euler())
    with pytest.raises(NumericsError, match="dt = 50 ms is too large") as caught:
        check_step(program, numbers(LIF()), 50.0)
    assert "a stable step is 25 ms" in str(caught.value)
    check_step(program, numbers(LIF()), 25.0)
    check_step(compile_neuron(LIF()), numbers(LIF()), 1000.0)
    with pytest.raises(NumericsError, match="too large"):
        check_step(compile_neuron(HodgkinHuxley(), RK4()), numbers(HodgkinHuxley()), 1.0)
    check_step(compile_neuron(FitzHughNagumo(), RK4()), numbers(FitzHughNagumo()), 0.1)


@pytest.mark.parametrize("dt", [0.0, -1.0, float("nan"), float("inf")])
def test_a_step_must_be_a_positive_time(dt: float) -> None:
    with pytest.raises(ParameterError, match="dt must be a positive time"):
        bind(compile_neuron(LIF()), numbers(LIF()), dt)


def test_missing_parameter_and_division_by_zero() -> None:
    with pytest.raises(ParameterError, match="no value for parameter 'tau'"):
        bind(compile_neuron(LIF()), {}, 1.0)
    program = compile_neuron(LIF(), surrogate=ATan())
    with pytest.raises(ParameterError, match="not finite"):
        bind(program, numbers(LIF(theta=-65 * mV), ATan()), 1.0)


class Growth(Neuron):
    """Exponential growth, which is right to grow."""

    x: State = state(one, start=1.0)
    k: Param = 1 / ms
    I: Input = inflow(one)

    def flow(self, d: Self) -> None:
        d.x = self.k * self.x * exp(self.I)


def test_growth_of_the_equations_themselves_is_no_instability() -> None:
    check_step(compile_neuron(Growth(), Euler()), numbers(Growth()), 0.1)


def test_explain_shows_prologue_step_and_adjoint() -> None:
    text = explain(LIFP)
    assert text.startswith("LIF by Exact(): all rates are linear")
    for line in ("each step:", "each step backwards", "v(0) <- E", "out <- ["):
        assert line in text


def read(**changes: object) -> Program:
    """A Program from its own text, with some of it replaced."""
    raw = json.loads(compile_neuron(LIF()).to_json())
    return Program.from_json(json.dumps(raw | changes))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "5", "null", '"x"', "[" * 100_000, '{"format": 1}', "\x00"], ids=repr
)
def test_text_that_is_no_program(text: str) -> None:
    with pytest.raises(CompileError, match="Program text"):
        Program.from_json(text)


@pytest.mark.parametrize(
    "changes",
    [
        {"states": 5},
        {"states": ["v", "v"]},
        {"states": ['v"\nret'], "spikes": True},
        {"coefs": [1]},
        {"model": 5},
        {"spikes": "yes"},
        {"forward": []},
        {"forward": {"instrs": [], "outputs": [["out", 0]]}},
        {"forward": {"instrs": [{"op": "const"}], "outputs": []}},
        {"backward": {"instrs": [{"op": 3, "args": [], "value": 1, "name": None}], "outputs": []}},
        {
            "forward": {
                "instrs": [{"op": "leaf", "args": [], "value": None, "name": []}],
                "outputs": [],
            }
        },
        {"more": 1},
    ],
    ids=str,
)
def test_a_program_that_was_tampered_with_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(SpikeloomError):
        read(**changes)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_no_change_of_the_text_passes_unread(data: st.DataObject) -> None:
    """A changed Program is a legal Program, or a message; never an error of Python's own."""
    raw = json.loads(compile_neuron(LIF()).to_json())
    place, key = raw, data.draw(st.sampled_from(sorted(raw)))
    while isinstance(place[key], dict | list) and place[key] and data.draw(st.integers(0, 3)):
        place = place[key]
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(keys))
    place[key] = data.draw(
        st.sampled_from([None, -1, 0, 10**400, 1.5, True, "x", "add", "matrix", [], {}, [1]])
    )
    try:
        verify(Program.from_json(json.dumps(raw)))
    except SpikeloomError:
        return
