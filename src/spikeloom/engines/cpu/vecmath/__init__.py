"""Elementary functions as straight vector arithmetic: nothing is called, no table is read.

Every function takes a `Vec` and the name of its argument and gives the name of its result. Largest
errors that the tests allow, in units in the last place (float32 / float64):

========= ========= ========= ========= ========= ========= ========= =========
exp       1 / 1     expm1     2 / 2.5   log       1 / 1     log1p     2 / 2
tanh      1.5 / 1.5 sigmoid   2 / 2     sinh      2 / 2.5   cosh      1.5 / 1.5
sin       1.5 / 1.5 cos       1.5 / 1.5 atan      2 / 1.5   erf       1.5 / 1.5
exprel    2 / 2     exprel1   4 / 4     pow       2 / 2
========= ========= ========= ========= ========= ========= ========= =========

On processors without fused multiply-add they are a little larger. sin and cos of angles beyond
2^21 (float32) or 2^50 (float64) are NaN.
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
