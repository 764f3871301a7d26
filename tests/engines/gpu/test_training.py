"""The kernels of training are held against the reference: outputs and every gradient."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.engines.cpu.setting import Setting, setting

from spikeloom.compile import compile_neuron
from spikeloom.engines.gpu import GPU
from spikeloom.engines.gpu import training as module
from spikeloom.engines.reference import Reference
from spikeloom.engines.results import Backward, Forward
from spikeloom.errors import EngineError, ShapeError
from spikeloom.models import DiffusionLIF
from spikeloom.testing import Case, cases, check_backward, check_forward

torch = pytest.importorskip("torch")
pytest.importorskip("triton")

SHORT = {
    "lif": 12, "cuba_lif": 12, "alif": 12, "izhikevich": 10, "refractory_lif": 12, "one_neuron": 8,
    "no_neuron": 3, "empty_batch": 3, "one_step": 1, "silent": 4, "all_firing": 6, "ties": 3,
    "nan_in": 5, "spread": 6, "leaky_integrator": 5,
}  # fmt: skip
"""Cases of the shared list, with as many steps as show what is special: interpreting is slow."""
LOUD = {"izhikevich": 5.0, "cuba_lif": 3.0}
CASES = [
    replace(c, steps=SHORT[c.name], batch=min(c.batch, 1), drive=c.drive * LOUD.get(c.name, 2.0))
    for c in cases()
    if c.name in SHORT
]


@dataclass(frozen=True)
class OwnCoefficients:
    """The engine with one coefficient for each neuron, whose gradients the suite asks for."""

    dtype: Any
    simulate: Any = None

    def forward(self, program: Any, coefs: Any, inputs: Any, state: Any, *a: Any, **k: Any) -> Any:
        run = GPU(self.dtype).forward(program, _own(coefs, state), inputs, state, *a, **k)
        return Forward(*(np.asarray(x) for x in (run.out, run.state, run.checkpoints)))

    def backward(self, program: Any, coefs: Any, inputs: Any, kept: Any, *a: Any, **k: Any) -> Any:
        return _numbers(GPU(self.dtype).backward(program, _own(coefs, kept), inputs, kept, *a, **k))


def _own(coefs: Any, like: Any) -> dict[str, Any]:
    return {n: np.broadcast_to(x, like.shape[-1:]).copy() for n, x in coefs.items()}


def _numbers(b: Backward) -> Backward:
    to_inputs, to_coefs = ({n: np.asarray(x) for n, x in d.items()} for d in (b.inputs, b.coefs))
    return Backward(to_inputs, np.asarray(b.state), to_coefs)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_conforms(case: Case) -> None:
    engine = OwnCoefficients("float32")
    check_forward(engine, case)
    check_backward(engine, case)


@pytest.mark.parametrize(("steps", "every"), [(7, 3), (6, 3), (2, 32), (0, 4)])
def test_segments_and_several_programs(steps: int, every: int) -> None:
    """130 columns in three programs, in float64, where no rounding can move a spike."""
    s = setting(steps, 2, 65, "float64", spread=steps == 6)
    s.inputs["I"][...] *= 4
    run = GPU("float64").forward(
        s.program, s.coefs, s.inputs, s.state, steps, checkpoint_every=every
    )
    truth = Reference().forward(
        s.program, s.coefs, s.inputs, s.state, steps, checkpoint_every=every
    )
    assert steps < 6 or 0.05 < truth.out.mean() < 0.6
    for got, wanted in ((run.out, truth.out), (run.state, truth.state)):
        np.testing.assert_allclose(got, wanted, 1e-12, 1e-13)
    np.testing.assert_allclose(run.checkpoints, truth.checkpoints, 1e-12, 1e-13)
    rng = np.random.Generator(np.random.Philox(3))
    grads = rng.normal(size=run.out.shape), rng.normal(size=run.state.shape)
    want = {"want_inputs": s.program.inputs, "want_coefs": s.program.coefs}
    got = GPU("float64").backward(
        s.program, s.coefs, s.inputs, run.checkpoints, every, *grads, **want
    )
    true = Reference().backward(
        s.program, s.coefs, s.inputs, truth.checkpoints, every, *grads, **want
    )
    np.testing.assert_allclose(got.state, true.state, 1e-11, 1e-12)
    np.testing.assert_allclose(got.inputs["I"], true.inputs["I"], 1e-11, 1e-12)
    for name, found in got.coefs.items():
        wanted = true.coefs[name] if np.ndim(s.coefs[name]) else true.coefs[name].sum()
        assert found.dtype == torch.float64 and found.shape == wanted.shape
        np.testing.assert_allclose(found, wanted, 1e-10, 1e-11, err_msg=name)


@pytest.mark.parametrize("half", ["bfloat16", "float16"])
def test_sixteen_bits_outside_and_float32_inside(half: str) -> None:
    """Spikes are those of the rounded currents in float32, bit for bit."""
    s, kind = _tensors(setting(6, 1, 9)), getattr(torch, half)
    x = s.inputs["I"].mul(4).to(kind)
    out, engine = torch.empty(x.shape, dtype=kind), GPU()
    run = engine.forward(s.program, s.coefs, {"I": x}, s.state, 6, checkpoint_every=2, out=out)
    full = engine.forward(s.program, s.coefs, {"I": x.float()}, s.state, 6, checkpoint_every=2)
    assert out.any() and torch.equal(out.float(), full.out) and run.state.dtype == torch.float32
    assert torch.equal(run.state, full.state)
    grad, want = torch.linspace(-1, 1, x.numel()).view(x.shape).to(kind), {"want_inputs": ("I",)}
    small = engine.backward(s.program, s.coefs, {"I": x}, run.checkpoints, 2, grad, None, **want)
    large = engine.backward(
        s.program, s.coefs, {"I": x.float()}, run.checkpoints, 2, grad.float(), None, **want
    )
    assert small.inputs["I"].dtype == kind and torch.equal(small.state, large.state)
    # Triton's interpreter cuts bfloat16 off where a GPU rounds.
    torch.testing.assert_close(small.inputs["I"].float(), large.inputs["I"], rtol=2**-7, atol=1e-6)


def test_one_kernel_for_all_sizes_and_numbers_of_steps() -> None:
    module._kernel.cache_clear()
    for steps, size in ((1, 3), (4, 1), (5, 63)):
        s = _tensors(setting(steps, 1, size))
        GPU().forward(s.program, s.coefs, s.inputs, s.state, steps)
    made = module._kernel.cache_info()
    assert (made.misses, made.hits) == (1, 2)


def test_a_constant_input_is_not_copied_and_no_input_is_zero() -> None:
    s = _tensors(setting(1, 2, 5))
    constant = s.inputs["I"].mul(3).expand(4, -1, -1)
    a = GPU().forward(s.program, s.coefs, {"I": constant}, s.state, 4)
    b = GPU().forward(s.program, s.coefs, {"I": constant.clone()}, s.state, 4)
    assert torch.equal(a.out, b.out) and torch.equal(a.state, b.state)
    nothing = GPU().forward(s.program, s.coefs, {"I": None}, s.state, 4)
    zero = GPU().forward(s.program, s.coefs, {"I": 0 * constant}, s.state, 4)
    assert torch.equal(nothing.state, zero.state)


def test_bad_calls() -> None:
    s = _tensors(setting(3, 1, 2))
    engine, given = GPU(), (s.program, s.coefs, s.inputs)
    with pytest.raises(EngineError, match="dtype"):
        GPU("bfloat16")  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="state must have"):
        engine.forward(*given, s.state[0], 3)
    with pytest.raises(ShapeError, match="input 'I' must have shape"):
        engine.forward(*given, s.state, 4)
    with pytest.raises(EngineError, match="'J' is no input"):
        engine.forward(s.program, s.coefs, {"J": s.inputs["I"]}, s.state, 3)
    with pytest.raises(EngineError, match="no value for coefficient"):
        engine.forward(s.program, {}, s.inputs, s.state, 3)
    with pytest.raises(EngineError, match="checkpoint_every"):
        engine.forward(*given, s.state, 3, checkpoint_every=0)
    with pytest.raises(ShapeError, match="checkpoints must be"):
        engine.backward(*given, s.state, 2, None, None)
    with pytest.raises(ShapeError, match="need 2 checkpoints, got 1"):
        engine.backward(*given, s.state[None], 2, None, None)
    with pytest.raises(EngineError, match="random"):
        noisy = compile_neuron(DiffusionLIF())
        engine.forward(noisy, {}, {}, s.state, 3)


COMPILE = """
import re
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, compile
from spikeloom.compile import compile_neuron
from spikeloom.engines.gpu import columns
from spikeloom.engines.gpu.module import kernel
from spikeloom.engines.gpu.training import LANES, WARPS
from spikeloom.models import ALIF, ATan

program = compile_neuron(ALIF(), surrogate=ATan())
shared, each, inputs = program.coefs[1:], program.coefs[:1], program.inputs
v = columns.Columns(program, program.key, "float32", shared, each, inputs, True, (True, True),
    inputs, program.coefs)
for name in ("forward", "backward"):
    types = dict.fromkeys(getattr(columns, name + "_arguments")(v), "*fp32")
    types |= {a: "i32" for a in types if a in columns.NUMBERS or a.startswith("stride")}
    types |= {a: "*fp64" for a in types if a.startswith("to_coef")}
    types |= {a: "*bf16" for a in types if a in ("out", "grad_out", "input0", "to_input0")}
    made = kernel(getattr(columns, "write_" + name)(v), name)
    source = ASTSource(fn=made, signature=types | {"BLOCK": "constexpr"},
        constexprs={"BLOCK": LANES})
    options = {"num_warps": WARPS, "enable_fp_fusion": False}
    asm = compile(source, target=GPUTarget("cuda", 90, 32), options=options).asm
    assert ".target sm_90" in asm["ptx"] and "fma.rn.f32" not in asm["ptx"] and asm["cubin"]
    assert not re.search(r"\\b(atom|red)\\.", asm["ptx"]) and ".bf16" in asm["ptx"], "sums"
print("compiled")
"""


def test_kernels_compile_for_a_gpu_that_is_not_there(tmp_path: Path) -> None:
    env = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    done = subprocess.run(
        [sys.executable, "-c", COMPILE],
        env=env | {"TRITON_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "compiled\n", done.stderr[-3000:]


def _tensors(s: Setting) -> Setting:
    inputs = {n: torch.from_numpy(x) for n, x in s.inputs.items()}
    return Setting(s.program, s.coefs, inputs, torch.from_numpy(s.state))  # type: ignore[arg-type]
