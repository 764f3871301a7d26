"""log, log1p and pow.

``x = 2^k (1 + f)`` with 1 + f between sqrt(1/2) and sqrt(2); with ``s = f / (2 + f)``,
``log(1 + f) = 2 s + s^3 L(s^2)``, arranged as in FDLIBM's ``e_log.c`` so that f stays exact.
"""

from __future__ import annotations

import math

from spikeloom.engines.cpu.vecmath.coefficients import LOG, LOG_PAIR
from spikeloom.engines.cpu.vecmath.exponential import LN2, MAGIC, exp
from spikeloom.engines.cpu.vector import Vec

SMALLEST_NORMAL = {"float32": 2.0**-126, "float64": 2.0**-1022}
LIFT = 54
"""Subnormal numbers are multiplied by 2^54 first."""
LN2_EXACT = {
    "float32": (0.693145751953125, 1.4286068203094173e-06),
    "float64": (0.693147180559663, 2.8235290563031577e-13),
}
"""ln 2 as 16 or 41 bits, so that k times it is exact, and the rest."""


def _exponent(v: Vec, x: str) -> tuple[str, str]:
    """k as an integer, and the bits of 1 + f."""
    bits = v.bits_of(x)
    root = v.bits_of(v.const(math.sqrt(0.5)))
    k = v.iop("ashr", v.iop("sub", bits, root), v.iconst(v.mantissa))
    return k, v.iop("sub", bits, v.iop("shl", k, v.iconst(v.mantissa)))


def _number(v: Vec, k: str) -> str:
    """A small integer as a number."""
    magic = v.const(MAGIC[v.dtype])
    return v.sub(v.from_bits(v.iop("add", k, v.bits_of(magic))), magic)


def _split(v: Vec, x: str) -> tuple[str, str]:
    """k and f of a positive number."""
    tiny = v.cmp("olt", x, v.const(SMALLEST_NORMAL[v.dtype]))
    k, m = _exponent(v, v.select(tiny, v.mul(x, v.const(2.0**LIFT)), x))
    k = v.sub(_number(v, k), v.select(tiny, v.const(LIFT), v.const(0.0)))
    return k, v.sub(v.from_bits(m), v.const(1.0))


def _sum(v: Vec, k: str, f: str) -> str:
    """k ln 2 + log(1 + f)."""
    s = v.div(f, v.add(f, v.const(2.0)))
    z = v.mul(s, s)
    half = v.mul(v.mul(f, f), v.const(0.5))
    tail = v.mul(s, v.fma(z, v.poly(LOG[v.dtype], z), half))
    high, low = LN2[v.dtype]
    tail = v.sub(half, v.fma(k, v.const(low), tail))
    return v.fma(k, v.const(high), v.sub(f, tail))


def _edges(v: Vec, x: str, result: str, zero: float) -> str:
    """log at infinity, where it is minus infinity (x = zero), below, and at NaN."""
    infinity = v.const(math.inf)
    result = v.select(v.cmp("oeq", x, infinity), infinity, result)
    pole = v.cmp("oeq", x, v.const(zero))
    outside = v.select(pole, v.const(-math.inf), v.const(math.nan))
    return v.select(v.cmp("ogt", x, v.const(zero)), result, outside)


def log(v: Vec, x: str) -> str:
    """Natural logarithm."""
    return _edges(v, x, _sum(v, *_split(v, x)), 0.0)


def log_of_normal(v: Vec, x: str) -> str:
    """Natural logarithm of a positive number that is neither subnormal nor infinite."""
    k, m = _exponent(v, x)
    return _sum(v, _number(v, k), v.sub(v.from_bits(m), v.const(1.0)))


def log1p(v: Vec, x: str) -> str:
    """log(1 + x), accurate also near 0: what rounding 1 + x lost goes back into f."""
    one = v.const(1.0)
    u = v.add(x, one)
    back = v.sub(u, one)
    lost = v.add(v.sub(x, back), v.sub(one, v.sub(u, back)))
    k, m = _exponent(v, u)
    down = v.iop("shl", v.iop("sub", v.iconst(v.bias), k), v.iconst(v.mantissa))
    f = v.fma(lost, v.from_bits(down), v.sub(v.from_bits(m), one))
    return v.copysign(_edges(v, x, _sum(v, _number(v, k), f), -1.0), x)


def _log_pair(v: Vec, x: str) -> tuple[str, str]:
    """log x of a positive number as a sum of two, about 2^-31 or 2^-60 accurate."""
    k, f = _split(v, x)
    g = v.add(f, v.const(2.0))
    inverse = v.div(v.const(1.0), g)
    s = v.mul(f, inverse)
    rest = v.sub(f, v.sub(g, v.const(2.0)))
    missing = v.fma(v.neg(s), rest, v.fma(v.neg(s), g, f))
    s_low = v.mul(missing, inverse)
    z = v.mul(s, s)
    series, cube = v.poly(LOG_PAIR[v.dtype], z), v.mul(s, z)
    cubic = v.mul(cube, series)
    # What rounding took from the cube and from its product, and what s_low adds to 2 atanh(s).
    lost = v.fma(s, v.fma(s, s, v.neg(z)), v.fma(s, z, v.neg(cube)))
    lost = v.fma(lost, series, v.fma(cube, series, v.neg(cubic)))
    twice, slope = v.add(s, s), v.fma(z, v.const(2.0), v.const(2.0))
    exact, small = LN2_EXACT[v.dtype]
    base = v.mul(k, v.const(exact))
    high = v.add(base, twice)
    low = v.sub(twice, v.sub(high, base))
    low = v.add(low, v.fma(k, v.const(small), v.fma(s_low, slope, v.add(lost, cubic))))
    total = v.add(high, low)
    return total, v.sub(low, v.sub(total, high))


def _pow_positive(v: Vec, x: str, y: str) -> str:
    """x^y for x >= 0 and any y but 0; NaN where one of them is."""
    high, low = _log_pair(v, x)
    h = v.mul(y, high)
    rest = v.fma(y, low, v.fma(y, high, v.neg(h)))
    rest = v.select(v.cmp("olt", v.abs(rest), v.const(1.0)), rest, v.const(0.0))
    e = exp(v, h)
    value = v.fma(e, rest, e)
    value = v.select(v.cmp("olt", v.abs(e), v.const(math.inf)), value, e)
    # 0 and infinity have no logarithm to work with: one of them to a power is one of them.
    zero, infinity = v.const(0.0), v.const(math.inf)
    up = v.both("xor", v.cmp("oeq", x, zero), v.cmp("ogt", y, zero))
    edge = v.select(v.cmp("uno", y, y), y, v.select(up, infinity, zero))
    ends = v.both("or", v.cmp("oeq", x, zero), v.cmp("oeq", x, infinity))
    return v.select(ends, edge, v.select(v.cmp("uno", x, y), v.const(math.nan), value))


def pow(v: Vec, x: str, y: str) -> str:
    """x^y with the special cases of C: x^0 = 1, 1^y = 1, NaN for x < 0 and y no integer."""
    size, one = v.abs(x), v.const(1.0)
    value = _pow_positive(v, size, y)
    value = v.select(v.cmp("oeq", size, one), one, value)
    whole = v.cmp("oeq", v.intrinsic("floor", y), y)
    half = v.mul(y, v.const(0.5))
    odd = v.both("and", whole, v.cmp("une", v.intrinsic("floor", half), half))
    value = v.select(odd, v.copysign(value, x), value)
    finite = v.cmp("ogt", x, v.const(-math.inf))
    wrong = v.both("and", v.cmp("olt", x, v.const(0.0)), v.cmp("une", v.intrinsic("floor", y), y))
    value = v.select(v.both("and", wrong, finite), v.const(math.nan), value)
    return v.select(v.cmp("oeq", y, v.const(0.0)), one, value)
