"""Single operations, sums on a grid, and kernels compiled for a GPU that is not there."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from spikeloom.compile.numeric import run_block
from spikeloom.compile.program import Block, Instr, Program
from spikeloom.compile.verify import SIGNATURES
from spikeloom.engines.gpu import GpuNetwork
from spikeloom.engines.gpu.emit import write_block
from spikeloom.engines.gpu.grid import grid_of, on_grid
from spikeloom.engines.network_plan import NetworkPlan, PopulationPlan, ProjectionPlan
from spikeloom.errors import EngineError

NOTHING = Block((), ())
ODD = [0.0, -0.0, 1e-9, -1e-9, 0.3, -0.3, 0.49, 1.0, -1.0, 1.7, -2.0, 3.0, 12.5, -20.0, 40.0]
SPECIAL = [np.nan, np.inf, -np.inf, 710.0, -710.0]


def every_operation() -> tuple[Program, list[str]]:
    """A step in which each state becomes the value of one operation on x and y."""
    instrs = [Instr("leaf", name="input:x"), Instr("leaf", name="input:y")]
    instrs += [Instr("lt", (0, 1)), Instr("ge", (0, 1))]
    outputs, names = [], []
    for op, (kinds, result) in SIGNATURES.items():
        if "matrix" in (*kinds, result):
            continue
        first = {"number": iter((0, 1)), "bool": iter((2, 3))}
        instrs.append(Instr(op, tuple(next(first[kind]) for kind in kinds)))
        if result == "bool":
            instrs.append(Instr("indicator", (len(instrs) - 1,)))
        names.append(op)
        outputs.append((f"state:{op}", len(instrs) - 1))
    for power in (2.0, -3.0, 0.5):
        instrs += [Instr("const", value=power)]
        instrs += [Instr("pow", (0, len(instrs) - 1))]
        names.append(f"pow{len(names)}")
        outputs.append((f"state:{names[-1]}", len(instrs) - 1))
    forward = Block(tuple(instrs), (*outputs, ("out", 0)))
    words = ("every operation", "none", "a test", "ms")
    return (
        Program(*words, tuple(names), ("x", "y"), (), (), False, NOTHING, forward, NOTHING),
        names,
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_operation(dtype: str) -> None:
    program, names = every_operation()
    x, y = (a.ravel() for a in np.meshgrid(ODD + SPECIAL, [-1.5, 0.0, 2.0, 3.0]))
    plan = PopulationPlan(
        program, {}, x.size, np.zeros((len(names), x.size)), constants={"x": x, "y": y}
    )
    gpu = GpuNetwork(NetworkPlan((plan,), dtype=dtype))  # type: ignore[arg-type]
    gpu.run(1)
    truth = run_block(program.forward, {"input:x": x, "input:y": y}, np.dtype(dtype).type)
    relative = 4e-15 if dtype == "float64" else 2e-6
    for name, got in zip(names, gpu.state(0), strict=True):
        wanted = truth[f"state:{name}"].astype(dtype)
        # Below the least normal number GPUs and processors need not agree.
        np.testing.assert_allclose(got, wanted, relative, 1e-37, err_msg=name)


def test_an_operation_that_is_not_known() -> None:
    with pytest.raises(EngineError, match="'spread' is not known"):
        write_block(Block((Instr("spread", ()),), ()), {}, "float64")


@pytest.mark.parametrize("seed", range(5))
def test_sums_on_the_grid_have_no_order(seed: int) -> None:
    rng = np.random.Generator(np.random.Philox(seed))
    weights = rng.standard_cauchy(4000) * 10.0 ** rng.uniform(-9, 9)
    zero = np.zeros(4000, np.uint32)
    p = ProjectionPlan(0, 0, "x", np.array([0, 4000]), zero, weights, np.array(0))
    grid = grid_of([p], 1)
    rounded = on_grid(weights, grid)
    sums = {float(np.add.accumulate(rng.permutation(rounded))[-1]) for _ in range(20)}
    assert len(sums) == 1
    assert len({float(np.add.accumulate(rng.permutation(weights))[-1]) for _ in range(20)}) > 1
    assert abs(rounded - weights).max() <= grid / 2 <= 2.0**-52 * abs(weights).sum()
    single = weights.astype(np.float32).astype(np.float64)
    large = abs(single) > 2.0**-28 * abs(weights).sum()
    assert large.any() and np.array_equal(on_grid(single, grid)[large], single[large])


COMPILE = """
import sys
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, compile
import spikeloom as sl
from spikeloom.compile import compile_neuron
from spikeloom.engines.gpu.advance import NUMBERS, Variant, arguments, write
from spikeloom.engines.gpu.deliver import TEXT
from spikeloom.engines.gpu.module import kernel

def ptx(made, types, constants):
    types = types | dict.fromkeys(constants, "constexpr")
    source = ASTSource(fn=made, signature=types, constexprs=constants)
    options = {"num_warps": 1, "enable_fp_fusion": False}
    return compile(source, target=GPUTarget("cuda", 90, 32), options=options).asm["ptx"]

types = dict(log="*i64", counts="*i32", indptr="*i64", targets="*i32", weights="*fp32",
    delays="*i16", ring="*fp64", block="i32", room="i32", first="i32", senders="i32", size="i32",
    slots="i32")
text = ptx(kernel(TEXT, "deliver"), types, dict(BLOCK=128, OWN_WEIGHTS=True, OWN_DELAYS=True))
assert "red.global.gpu.relaxed.add.f64" in text
program = compile_neuron(sl.DiffusionLIF())
coefs = tuple(f"coef:{c}" for c in program.coefs)
x, = program.inputs[:1]
others = tuple(f"input:{n}" for n in program.inputs[1:])
v = Variant(program, "float32", coefs[1:] + others, coefs[:1], (x,), (), ((x, 5, True),), ("v",))
wide = ("keys", "log", "table0", "rows0", "column0")
types = {n: "*i64" if n in wide else "*fp32" for n in arguments(v)}
types |= dict.fromkeys([*NUMBERS, "width0", "every0", "row0"], "i32")
types |= {"counts": "*i32", "ring0": "*fp64"}
text = ptx(kernel(write(v), "advance"), types, {"BLOCK": 128})
assert ".target sm_90" in text and "fma.rn.f32" not in text, text
print("compiled")
"""


def test_kernels_compile_for_a_gpu_that_is_not_there(tmp_path: object) -> None:
    """Triton's compiler needs no GPU; a program is one warp, so nothing waits at a barrier."""
    pytest.importorskip("triton")
    env = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    done = subprocess.run(
        [sys.executable, "-c", COMPILE],
        env=env | {"TRITON_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "compiled\n", done.stderr
