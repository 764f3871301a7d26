"""Operations on single numbers mean what the table of the reference engine says."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from spikeloom.compile.numeric import OPERATIONS
from spikeloom.compile.program import Block, Instr
from spikeloom.compile.scalar import SCALAR, scalar_function
from spikeloom.compile.verify import BOOL, SIGNATURES
from spikeloom.errors import CompileError

POINTS = [-800.0, -40.0, -1.5, -1.0, -0.3, -1e-9, 0.0, 1e-9, 0.2, 1.0, 2.5, 30.0, 800.0]
EXTREMES = [math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("op", sorted(SCALAR))
def test_an_operation_on_numbers_is_that_of_the_table(op: str) -> None:
    kinds = SIGNATURES[op][0]
    pools: list[list[Any]] = [[False, True] if k == BOOL else POINTS + EXTREMES for k in kinds]
    for args in np.array(np.meshgrid(*pools, indexing="ij"), object).reshape(len(kinds), -1).T:
        with np.errstate(all="ignore"):
            expected = float(OPERATIONS[op](*[np.asarray(a) for a in args]))
        got = float(SCALAR[op](*args))
        if math.isnan(expected):
            # The order of NaN in a minimum is the one thing in which they may differ.
            assert math.isnan(got) or op in ("min", "max", "exprel"), (op, args)
        elif op == "exprel" and not np.isfinite(expected):
            continue
        else:
            assert got == pytest.approx(expected, rel=1e-14, abs=1e-300), (op, args)


def test_every_operation_of_a_step_is_there() -> None:
    missing = set(SIGNATURES) - set(SCALAR)
    assert missing == {"expm1m", "spread", "item"}


def test_an_operation_on_matrices_is_refused() -> None:
    block = Block((Instr("leaf", name="x"), Instr("item", (0,), 0.0)), (("y", 1),))
    with pytest.raises(CompileError, match="item"):
        scalar_function(block, {"x": 1.0}, [])
