"""A model is one file and an engine is one folder: a toy of each, added from outside."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

TOY = '''
"""A toy: it leaks, tires and bursts like no model in the library."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, inflow, state, tanh
from spikeloom.equations.units import mV, ms, nA, MOhm


class Toy(Neuron):
    """A neuron that this repository has never seen."""

    tau: Param = 15 * ms
    R: Param = 80 * MOhm
    theta: Param = 10 * mV
    scale: Param = 5 * mV
    v: State = state(mV)
    w: State = state(mV)
    I: Input = inflow(nA)

    def flow(self, d: Self) -> None:
        d.v = (self.R * self.I - self.v - self.scale * tanh(self.w / self.scale)) / self.tau
        d.w = (self.v / 10 - self.w) / (3 * self.tau)

    def fires(self) -> Condition:
        return self.v > self.theta

    def reset(self, after: Self) -> None:
        after.v = self.v - self.theta
        after.w = self.w + self.scale / 4
'''


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    path = tmp_path / "toy_neuron.py"
    path.write_text(TOY, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("toy_neuron", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "toy_neuron", module)
    spec.loader.exec_module(module)
    return module.Toy()


def test_a_model_is_one_file(toy: Any) -> None:
    """A new file, and nothing else, gives a trained layer on every engine, with equal gradients."""
    import torch

    from spikeloom.nn import Spiking

    current = torch.from_numpy(np.random.default_rng(1).uniform(0, 0.5, (40, 2, 7)))
    results = []
    for engine in ("reference", "cpu"):
        x = current.clone().requires_grad_()
        y, state = Spiking(toy, engine=engine)(x)
        (y * torch.linspace(0, 1, 7) + state["v"] / 10).sum().backward()
        assert x.grad is not None
        results.append((y.detach(), x.grad))
    (y, grad), (other_y, other_grad) = results
    assert 0 < y.mean() < 1
    torch.testing.assert_close(other_y, y)
    torch.testing.assert_close(other_grad, grad, rtol=1e-9, atol=1e-12)


class ToyEngine:
    """Runs a forward block with a dictionary and a loop; knows the Program and nothing else."""

    def forward(self, program: Any, coefs: Any, inputs: Any, state: Any, steps: int) -> Any:
        from spikeloom.compile.numeric import run_block

        now, out = dict(zip(program.states, state, strict=True)), []
        for t in range(steps):
            leaves = {f"coef:{name}": coefs[name] for name in program.coefs}
            leaves |= {f"input:{name}": value[t] for name, value in inputs.items()}
            leaves |= {f"state:{name}": value for name, value in now.items()}
            given = run_block(program.forward, leaves)
            now = {name: given[f"state:{name}"] for name in program.states}
            out.append(given["out"])
        return np.array(out)


def test_an_engine_needs_the_program_only(toy: Any) -> None:
    from spikeloom.compile import bind, compile_neuron
    from spikeloom.compile.values import numbers
    from spikeloom.engines.reference import Reference

    program = compile_neuron(toy)
    bound = bind(program, numbers(toy), 1.0)
    inputs = {"I": np.random.default_rng(2).uniform(0, 0.5, (50, 1, 9))}
    start = bound.initial(1, 9)
    ours = ToyEngine().forward(program, bound.coefs, inputs, start, 50)
    truth = Reference().forward(program, bound.coefs, inputs, start, 50)
    assert truth.out.sum() > 0
    np.testing.assert_array_equal(ours, truth.out)


def test_an_engine_is_chosen_in_few_places(root: Path) -> None:
    """Outside its folder, an engine is named where a user's choice becomes an engine, not more."""
    package = root / "src/spikeloom"
    naming = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if package / "engines" not in path.parents
        and path.relative_to(package).parts[0] not in ("bench", "testing")
        and re.search(r"spikeloom\.engines\.(?:cpu|gpu|fixed)\b", path.read_text(encoding="utf-8"))
    }
    assert naming <= CHOOSERS | PRIMITIVES, "ask spikeloom.engines for an engine instead"


CHOOSERS = {
    *("cli/explain.py", "network/engine.py", "nn/neurons/kernel.py", "nn/neurons/on_device.py")
}
PRIMITIVES = {
    *("nn/delay/native.py", "nn/delay/shifted.py"),
    *("nn/saving/kept.py", "nn/blocks/pooling.py", "nn/chain/sparse.py", "nn/chain/convolve.py"),
}
"""Operations that no equation expresses, each with another way where the CPU engine cannot go."""
