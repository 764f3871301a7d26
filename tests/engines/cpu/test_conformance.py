"""The CPU engine passes the conformance suite: outputs and every gradient, in both precisions."""

from __future__ import annotations

from typing import Literal

import pytest

from spikeloom.engines.cpu import CPU
from spikeloom.testing import Case, cases, check_backward, check_forward, check_simulate

CASES = [pytest.param(case, id=case.name) for case in cases()]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cpu_conforms(case: Case, dtype: Literal["float32", "float64"]) -> None:
    engine = CPU(dtype, threads=2)
    check_forward(engine, case)
    check_backward(engine, case)
    check_simulate(engine, case)
