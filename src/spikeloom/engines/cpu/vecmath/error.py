"""erf: x + x P(x^2) up to 1; beyond, 1 - exp(-Q(|x|)) with Q fitted to -log erfc."""

from __future__ import annotations

from spikeloom.engines.cpu.vecmath.coefficients import ERF, ERFC
from spikeloom.engines.cpu.vecmath.exponential import exp
from spikeloom.engines.cpu.vector import Vec

ONE = {"float32": 4.0, "float64": 6.0}
"""From here on erf rounds to 1."""


def erf(v: Vec, x: str) -> str:
    """Error function."""
    t = v.abs(x)
    near = v.fma(t, v.poly(ERF[v.dtype], v.mul(t, t)), t)
    y = v.clamp(t, high=ONE[v.dtype])
    far = v.sub(v.const(1.0), exp(v, v.neg(v.poly(ERFC[v.dtype], y))))
    return v.copysign(v.select(v.cmp("olt", t, v.const(1.0)), near, far), x)
