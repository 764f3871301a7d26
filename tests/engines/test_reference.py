"""The reference engine passes its own conformance suite, and the suite notices planted faults."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from spikeloom.compile import Program
from spikeloom.engines.reference import Reference
from spikeloom.engines.results import Forward
from spikeloom.testing import Case, cases, check_backward, check_forward, check_simulate

CASES = [pytest.param(case, id=case.name) for case in cases()]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_reference_conforms(case: Case, dtype: Any) -> None:
    engine = Reference(dtype)
    check_forward(engine, case)
    check_backward(engine, case)
    check_simulate(engine, case)


@dataclass(frozen=True)
class Faulty:
    """The reference with one fault planted in its Program or its answer."""

    fault: str
    dtype: str = "float64"

    def forward(
        self, program: Program, coefs: Any, inputs: Any, state: Any, *args: Any, **k: Any
    ) -> Any:
        given = self._inputs(inputs)
        run = Reference().forward(self._program(program), coefs, given, state, *args, **k)
        return self._answer(run)

    def backward(self, program: Program, coefs: Any, inputs: Any, *args: Any, **k: Any) -> Any:
        got = Reference().backward(program, coefs, inputs, *args, **k)
        if self.fault == "gradient of one coefficient lost":
            return replace(got, coefs={n: g * (n != "theta") for n, g in got.coefs.items()})
        if self.fault == "gradient of a neuron lost":
            return replace(got, inputs={n: _without(x) for n, x in got.inputs.items()})
        return got

    def simulate(self, *args: Any, **k: Any) -> Any:
        run = Reference().simulate(*args, **k)
        if self.fault == "bit order" and run.bits is not None:
            return replace(run, bits=run.bits[:, ::-1])
        if self.fault == "spike one step late" and run.spike_steps is not None:
            return replace(run, spike_steps=np.minimum(run.spike_steps + 1, 69))
        return run

    def _inputs(self, inputs: Any) -> Any:
        if self.fault == "input one step late":
            return {n: np.roll(x, 1, axis=0) for n, x in inputs.items()}
        return inputs

    def _program(self, program: Program) -> Program:
        swaps = {"tie rule": ("ge", "gt"), "sign": ("add", "sub"), "reset lost": ("select", None)}
        if self.fault not in swaps:
            return program
        old, new = swaps[self.fault]
        instrs = list(program.forward.instrs)
        place = max(i for i, instr in enumerate(instrs) if instr.op == old)
        if new is None:
            outputs = tuple(
                (n, instrs[place].args[2] if i == place else i) for n, i in program.forward.outputs
            )
            return replace(program, forward=replace(program.forward, outputs=outputs))
        instrs[place] = replace(instrs[place], op=new)
        return replace(program, forward=replace(program.forward, instrs=tuple(instrs)))

    def _answer(self, run: Forward) -> Forward:
        if self.fault == "neuron dropped":
            return replace(run, out=_without(run.out))
        if self.fault == "stale state" and run.checkpoints is not None:
            return replace(run, checkpoints=np.roll(run.checkpoints, 1, axis=0))
        if self.fault == "half precision":
            return replace(run, state=run.state.astype(np.float16))
        return run


def _without(x: np.ndarray) -> np.ndarray:
    """The last neuron of the last batch row answers nothing."""
    y = x.copy()
    y[..., -1, -1] = 0
    return y


FORWARD = ("sign", "reset lost", "neuron dropped", "stale state", "half precision",
           "input one step late")  # fmt: skip
BY_NAME = {case.name: case for case in cases()}


@pytest.mark.parametrize("fault", FORWARD)
def test_forward_check_notices(fault: str) -> None:
    with pytest.raises(AssertionError, match="lif"):
        check_forward(Faulty(fault), BY_NAME["lif"])


def test_forward_check_notices_the_tie_rule() -> None:
    check_forward(Faulty("none"), BY_NAME["ties"])
    with pytest.raises(AssertionError, match="spikes differ"):
        check_forward(Faulty("tie rule"), BY_NAME["ties"])


@pytest.mark.parametrize("fault", ["gradient of one coefficient lost", "gradient of a neuron lost"])
def test_backward_check_notices(fault: str) -> None:
    with pytest.raises(AssertionError, match="gradient"):
        check_backward(Faulty(fault), BY_NAME["lif"])


@pytest.mark.parametrize("fault", ["bit order", "spike one step late"])
def test_simulate_check_notices(fault: str) -> None:
    with pytest.raises(AssertionError):
        check_simulate(Faulty(fault), BY_NAME["lif"])
