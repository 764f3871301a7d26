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
