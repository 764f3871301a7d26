"""sin, cos and atan.

sin and cos take out multiples of pi with three pieces of it and fused multiply-add, which is
exact to the last bit up to ANGLE_LIMIT. Beyond, neighbouring numbers are a good part of a radian
apart and the answer is NaN rather than something arbitrary.
"""

from __future__ import annotations

import math

from spikeloom.engines.cpu.vecmath.coefficients import ATAN, COS, SIN, SIN_HALF
from spikeloom.engines.cpu.vecmath.exponential import MAGIC
from spikeloom.engines.cpu.vector import Vec

HALF_PI = {
    "float32": (1.5707963705062866, -4.371138828673793e-08, -1.7151245100058819e-15),
    "float64": (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33),
}
"""pi/2 in three pieces."""
ANGLE_LIMIT = {"float32": 2.0**21, "float64": 2.0**50}


def _circular(v: Vec, x: str, shift: float) -> str:
    """sin(x + shift pi) for a shift of 0 or 1/2: one polynomial, between two of its zeros."""
    magic = v.const(MAGIC[v.dtype])
    shifted = v.add(v.fma(x, v.const(1.0 / math.pi), v.const(-shift)), magic)
    n = v.add(v.sub(shifted, magic), v.const(shift))
    r = x
    for piece in HALF_PI[v.dtype]:
        r = v.fma(n, v.const(-2.0 * piece), r)
    z = v.mul(r, r)
    value = v.fma(v.mul(r, z), v.poly(SIN_HALF[v.dtype], z), r)
    odd = v.iop("shl", v.bits_of(shifted), v.iconst(v.bits - 1))
    if shift:  # cos(pi/2 + n pi + r) is -sin r for an even n
        value = v.neg(value)
    value = v.from_bits(v.iop("xor", v.bits_of(value), odd))
    known = v.cmp("ole", v.abs(x), v.const(ANGLE_LIMIT[v.dtype]))
    return v.select(known, value, v.const(math.nan))


def sine_and_cosine(v: Vec, r: str) -> tuple[str, str]:
    """Both for an angle of at most pi/4 to either side."""
    z = v.mul(r, r)
    sine = v.fma(v.mul(r, z), v.poly(SIN[v.dtype], z), r)
    half = v.mul(z, v.const(0.5))
    top = v.sub(v.const(1.0), half)
    lost = v.sub(v.sub(v.const(1.0), top), half)
    return sine, v.add(top, v.fma(v.mul(z, z), v.poly(COS[v.dtype], z), lost))


def sin(v: Vec, x: str) -> str:
    """Sine of x in radians."""
    return _circular(v, x, 0.0)


def cos(v: Vec, x: str) -> str:
    """Cosine of x in radians."""
    return _circular(v, x, 0.5)


def atan(v: Vec, x: str) -> str:
    """Arc tangent: turned by pi/4 or pi/2 so that |u| <= tan(pi/8), then an odd polynomial."""
    t, one = v.abs(x), v.const(1.0)
    turn = math.tan(math.pi / 8)
    middle = v.cmp("ogt", t, v.const(turn))
    far = v.cmp("ogt", t, v.const(1 / turn))

    def pick(beyond: str, between: str, near: str) -> str:
        return v.select(far, beyond, v.select(middle, between, near))

    above = pick(v.const(-1.0), v.sub(t, one), t)
    below = pick(t, v.add(t, one), one)
    u = v.div(above, below)
    z = v.mul(u, u)
    angle = v.fma(v.mul(u, z), v.poly(ATAN[v.dtype], z), u)
    high, low, _ = HALF_PI[v.dtype]
    zero = v.const(0.0)
    rest = v.add(angle, pick(v.const(low), v.const(low / 2), zero))
    return v.copysign(v.add(pick(v.const(high), v.const(high / 2), zero), rest), x)
