"""Wrong calls raise errors that name the thing and the way out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.engines.cpu.setting import setting

from spikeloom.compile.program import Block, Instr
from spikeloom.engines.cpu import CPU
from spikeloom.errors import EngineError, ShapeError


def forward(**changes: Any) -> None:
    s = setting()
    given = {"coefs": s.coefs, "inputs": s.inputs, "state": s.state, "steps": s.steps} | changes
    CPU().forward(s.program, **given)


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"inputs": {"I": np.zeros((2, 37, 63))}}, ShapeError, "another order"),
        ({"inputs": {"I": np.zeros((37, 2, 62))}}, ShapeError, r"\(37, 2, 63\)"),
        ({"inputs": {"J": np.zeros((37, 2, 63))}}, EngineError, "no input 'J'"),
        ({"inputs": {"I": np.zeros((37, 2, 63), complex)}}, EngineError, "complex"),
        ({"state": np.zeros((2, 2, 63))}, ShapeError, "state must have shape"),
        ({"state": np.zeros((2, 63))}, ShapeError, "batch, neurons"),
        ({"coefs": {}}, EngineError, "no value for coefficient"),
        ({"steps": -1}, EngineError, "negative"),
        ({"checkpoint_every": 0}, EngineError, "checkpoint_every"),
        ({"out": np.zeros((37, 2, 63))}, EngineError, "float32"),
        ({"out": np.zeros((37, 2, 64), "float32")}, ShapeError, "out"),
    ],
)
def test_forward(changes: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        forward(**changes)


def test_coefficients_of_another_size() -> None:
    s = setting(spread=True)
    wrong = {n: c[:-1] if np.ndim(c) else c for n, c in s.coefs.items()}
    with pytest.raises(ShapeError, match="coefficient"):
        forward(coefs=wrong)


def test_backward() -> None:
    s, engine = setting(), CPU()
    f = engine.forward(s.program, s.coefs, s.inputs, s.state, s.steps, checkpoint_every=4)
    assert f.checkpoints is not None
    with pytest.raises(ShapeError, match="pass steps="):
        engine.backward(s.program, s.coefs, {}, f.checkpoints, 4, None, None)
    with pytest.raises(ShapeError, match="checkpoints"):
        engine.backward(s.program, s.coefs, s.inputs, f.checkpoints, 5, None, None)
    with pytest.raises(EngineError, match="no coefficient 'tau'"):
        engine.backward(s.program, s.coefs, s.inputs, f.checkpoints, 4, None, None,
                        want_coefs=("tau",))  # fmt: skip


def test_simulate() -> None:
    s, engine = setting(), CPU()
    state = s.state[:, 0]
    with pytest.raises(EngineError, match="no state 'w'"):
        engine.simulate(s.program, s.coefs, state, 3, {}, record=("w",))
    with pytest.raises(EngineError, match="spikes must be"):
        engine.simulate(s.program, s.coefs, state, 3, {}, spikes="all")  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="time, neurons"):
        engine.simulate(s.program, s.coefs, state, 3, {"I": np.zeros((4, 63))})


@pytest.mark.parametrize("wrong", [{"dtype": "float16"}, {"threads": 0}])
def test_engine_options(wrong: dict[str, Any]) -> None:
    with pytest.raises(EngineError):
        CPU(**wrong)


def test_an_unknown_instruction() -> None:
    from dataclasses import replace

    s = setting()
    block = Block(
        (Instr("leaf", name="state:v"), Instr("gamma", (0,))), (("state:v", 1), ("out", 1))
    )
    program = replace(s.program, forward=block)
    with pytest.raises(EngineError, match="'gamma' is not known"):
        CPU().forward(program, s.coefs, s.inputs, s.state, s.steps)


def test_what_is_shown_is_what_is_compiled() -> None:
    s = setting()
    text = CPU().ir(s.program, "forward")
    assert "; s8 = " in text and "define void @forward" in text
    assert "-> state:v" in text
    assert "define void @backward" in CPU().ir(s.program, "backward")
    assert "define void @simulate" in CPU("float64").ir(s.program, "simulate")
