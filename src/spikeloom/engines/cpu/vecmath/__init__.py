"""Elementary functions as straight vector arithmetic: nothing is called, no table is read.

Every function takes a `Vec` and the name of its argument and gives the name of its result. The
largest errors found by the tests, in units in the last place (ulp):

| function | float32 | float64 | | function | float32 | float64 |
|---|---|---|---|---|---|---|
"""

from __future__ import annotations

from collections.abc import Callable

from spikeloom.engines.cpu.vecmath import circular, error, exponential, logarithm

FUNCTIONS: dict[str, Callable[..., str]] = {
    "exp": exponential.exp,
    "expm1": exponential.expm1,
    "sigmoid": exponential.sigmoid,
    "tanh": exponential.tanh,
    "sinh": exponential.sinh,
    "cosh": exponential.cosh,
    "exprel": exponential.exprel,
    "exprel1": exponential.exprel1,
    "log": logarithm.log,
    "log1p": logarithm.log1p,
    "pow": logarithm.pow,
    "sin": circular.sin,
    "cos": circular.cos,
    "atan": circular.atan,
    "erf": error.erf,
}
"""Name of an instruction -> its emitter."""
