"""The backward kernel against central differences of the forward kernel, on a smooth Program."""

from __future__ import annotations

import numpy as np
import pytest
from tests.engines.cpu.setting import Setting, setting

from spikeloom import models as m
from spikeloom.engines.cpu import CPU

H = 1e-5


def loss(s: Setting, coefs: dict, inputs: dict, state: np.ndarray, weights: list) -> float:
    f = CPU("float64").forward(s.program, coefs, inputs, state, s.steps)
    return float((f.out * weights[0]).sum() + (f.state * weights[1]).sum())


@pytest.mark.parametrize("neuron", [m.LIF(), m.CubaLIF(), m.ALIF()], ids=["lif", "cuba", "alif"])
def test_every_gradient(neuron: m.LIF) -> None:
    s = setting(steps=9, batch=2, size=3, dtype="float64", neuron=neuron, smooth=True)
    engine, rng = CPU("float64"), np.random.Generator(np.random.Philox(8))
    f = engine.forward(s.program, s.coefs, s.inputs, s.state, s.steps, checkpoint_every=4)
    assert f.checkpoints is not None
    weights = [rng.normal(size=f.out.shape), rng.normal(size=f.state.shape)]
    b = engine.backward(
        s.program, s.coefs, s.inputs, f.checkpoints, 4, *weights,
        want_inputs=s.program.inputs, want_coefs=s.program.coefs,
    )  # fmt: skip

    def difference(where: str, name: str, place: tuple[int, ...]) -> float:
        ends = []
        for sign in (1, -1):
            coefs = {n: np.array(np.broadcast_to(c, (3,)), float) for n, c in s.coefs.items()}
            inputs = {n: x.copy() for n, x in s.inputs.items()}
            state = s.state.copy()
            target = {"coefs": coefs, "inputs": inputs}.get(where, {}).get(name, state)
            target[place] += sign * H
            ends.append(loss(s, coefs, inputs, state, weights))
        return (ends[0] - ends[1]) / (2 * H)

    for name in s.program.inputs:
        for place in [(0, 0, 0), (4, 1, 2), (8, 0, 1)]:
            expected = difference("inputs", name, place)
            assert b.inputs[name][place] == pytest.approx(expected, rel=1e-5, abs=1e-7)
    for k in range(len(s.program.states)):
        expected = difference("state", "", (k, 1, 1))
        assert b.state[k, 1, 1] == pytest.approx(expected, rel=1e-5, abs=1e-7)
    for name in s.program.coefs:
        expected = difference("coefs", name, (2,))
        assert b.coefs[name][2] == pytest.approx(expected, rel=1e-4, abs=1e-6), name


def test_coefficient_gradients_are_summed_in_float64() -> None:
    """Many small terms beside a large one: a float32 sum would lose them."""
    s = setting(steps=2000, batch=4, size=5)
    grad = np.full((2000, 4, 5), 1e-3, "float32")
    grad[-1] = 1e4
    answers = []
    for dtype in ("float32", "float64"):
        engine = CPU(dtype)
        f = engine.forward(s.program, s.coefs, s.inputs, s.state, s.steps, checkpoint_every=20)
        assert f.checkpoints is not None
        b = engine.backward(s.program, s.coefs, s.inputs, f.checkpoints, 20, grad, None,
                            want_coefs=("theta",))  # fmt: skip
        assert b.coefs["theta"].dtype == np.float64
        answers.append(b.coefs["theta"])
    np.testing.assert_allclose(answers[0], answers[1], rtol=2e-6)
