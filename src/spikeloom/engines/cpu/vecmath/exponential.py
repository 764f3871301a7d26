"""exp and what is made of e^x - 1: expm1, sigmoid, tanh, sinh, cosh, exprel and its derivative.

``x = n ln 2 + r`` with integer n and |r| <= ln(2)/2; ``e^r - 1 = r + r^2 q(r)`` with a minimax
polynomial q; the power of two is put back last. exp itself takes n in sixteenths, so that its
polynomial is short: multiply-adds are what its time goes into. Functions of e^x - 1 carry it scaled
by ``2^-k``, so that they overflow only where their own value does.
"""

from __future__ import annotations

from spikeloom.engines.cpu.vecmath.coefficients import EXP, EXP_NEAR, EXPREL1, ROOTS, ROOTS_REST
from spikeloom.engines.cpu.vector import Vec

LN2 = {
    "float32": (0.6931471824645996, -1.9046542121259336e-09),
    "float64": (0.6931471805599453, 2.3190468138462996e-17),
}
"""ln 2 in two pieces: the nearest number, and the nearest number to the rest."""
LOG2_E = 1.4426950408889634
MAGIC = {"float32": 1.5 * 2.0**23, "float64": 1.5 * 2.0**52}
"""Adding it rounds to the nearest integer, and leaves that integer in the low bits."""
EXP_RANGE = {"float32": (-104.0, 89.0), "float64": (-746.0, 710.0)}
"""Outside, e^x is 0 or infinite."""
EXPM1_LOW = {"float32": -78.0, "float64": -690.0}
"""Below, e^x counts for nothing beside 1; down to here its power of two is a normal number."""
EXPREL_HIGH = {"float32": 95.0, "float64": 717.0}
"""Above, (e^x - 1)/x is infinite."""
COSH_HIGH = {"float32": 89.6, "float64": 710.5}
"""Above, (e^x)/2 is infinite."""
EXPREL_ONE = {"float32": 2.0**-26, "float64": 2.0**-55}
"""Below in size, (e^x - 1)/x rounds to 1."""
HEADROOM = 12
"""2^-12 (e^x - 1) is finite for every x up to EXPREL_HIGH."""


def _remainder(v: Vec, x: str) -> tuple[str, str, str]:
    """n, n in the low bits of a number, and r."""
    magic = v.const(MAGIC[v.dtype])
    shifted = v.fma(x, v.const(LOG2_E), magic)
    n = v.sub(shifted, magic)
    high, low = LN2[v.dtype]
    r = v.fma(n, v.const(-high), x)
    return n, shifted, v.fma(n, v.const(-low), r)


def _reduce(v: Vec, x: str) -> tuple[str, str, str]:
    """n, n in the low bits of a number, and e^r - 1."""
    n, shifted, r = _remainder(v, x)
    p = v.fma(v.poly(EXP[v.dtype], r), v.mul(r, r), r)
    return n, shifted, p


def _integer(v: Vec, shifted: str) -> str:
    magic = v.bits_of(v.const(MAGIC[v.dtype]))
    return v.iop("sub", v.bits_of(shifted), magic)


def _power(v: Vec, n: str, less: int = 0) -> str:
    """2^(n - less) for integers n that keep it a normal number."""
    biased = v.iop("add", n, v.iconst(v.bias - less))
    return v.from_bits(v.iop("shl", biased, v.iconst(v.mantissa)))


def _times_power(v: Vec, p: str, n: str) -> str:
    """p 2^floor(n), right also where it is subnormal or overflows."""
    if v.host.wide and v.lanes * v.bits == 512:
        kind = "ps" if v.bits == 32 else "pd"
        return v.w.call(
            v.type,
            f"llvm.x86.avx512.mask.scalef.{kind}.512",
            f"{v.type} {p}, {v.type} {n}, {v.type} zeroinitializer, i{v.lanes} -1, i32 4",
            f"{v.type}, {v.type}, {v.type}, i{v.lanes}, i32",
        )
    whole = _integer(v, v.add(v.intrinsic("floor", n), v.const(MAGIC[v.dtype])))
    half = v.iop("ashr", whole, v.iconst(1))
    return v.mul(v.mul(p, _power(v, half)), _power(v, v.iop("sub", whole, half)))


def exp(v: Vec, x: str) -> str:
    """e^x: the nearest sixteenth of a power of two from a table, and a short polynomial."""
    x = v.clamp(x, *EXP_RANGE[v.dtype])
    magic = v.const(MAGIC[v.dtype] / 16)
    shifted = v.fma(x, v.const(LOG2_E), magic)
    n = v.sub(shifted, magic)
    high, low = LN2[v.dtype]
    r = v.fma(n, v.const(-low), v.fma(n, v.const(-high), x))
    p = v.fma(v.poly(EXP_NEAR[v.dtype], r), v.mul(r, r), r)
    sixteenths = v.bits_of(shifted)
    root = v.lookup("roots", ROOTS[v.dtype], sixteenths)
    rest = v.fma(root, p, v.lookup("roots.rest", ROOTS_REST[v.dtype], sixteenths))
    return _times_power(v, v.add(root, rest), n)


def _scaled(v: Vec, x: str, k: int) -> tuple[str, str]:
    """2^-k (e^x - 1) and 2^-k e^x."""
    _, shifted, p = _reduce(v, v.clamp(x, low=EXPM1_LOW[v.dtype]))
    s = _power(v, _integer(v, shifted), k)
    return v.fma(s, p, v.add(s, v.const(-(2.0**-k)))), v.fma(s, p, s)


def expm1(v: Vec, x: str) -> str:
    """e^x - 1, accurate also near 0."""
    half, _ = _scaled(v, v.clamp(x, high=EXP_RANGE[v.dtype][1]), 1)
    return v.copysign(v.add(half, half), x)


def sigmoid(v: Vec, x: str) -> str:
    """1 / (1 + e^-x)."""
    one = v.const(1.0)
    return v.div(one, v.add(one, exp(v, v.neg(x))))


def tanh(v: Vec, x: str) -> str:
    """Hyperbolic tangent: -t / (t + 2) with t = e^(-2|x|) - 1."""
    _, shifted, p = _reduce(v, v.clamp(v.mul(v.abs(x), v.const(-2.0)), low=EXPM1_LOW[v.dtype]))
    s = _power(v, _integer(v, shifted))
    t = v.fma(s, p, v.sub(s, v.const(1.0)))
    return v.copysign(v.div(t, v.add(t, v.const(2.0))), x)


def sinh(v: Vec, x: str) -> str:
    """Hyperbolic sine: (t + t / (t + 1)) / 2 with t = e^|x| - 1."""
    size = v.clamp(v.abs(x), high=COSH_HIGH[v.dtype])
    half, _ = _scaled(v, size, 2)
    half = v.add(half, half)
    t = v.add(half, half)
    rest = v.div(half, v.add(t, v.const(1.0)))
    rest = v.select(v.cmp("olt", t, v.const(2.0**60)), rest, v.const(0.0))
    return v.copysign(v.add(half, rest), x)


def cosh(v: Vec, x: str) -> str:
    """Hyperbolic cosine: (e^|x| + e^-|x|) / 2, both from one polynomial in even and odd parts."""
    n, shifted, r = _remainder(v, v.clamp(v.abs(x), high=COSH_HIGH[v.dtype]))
    z = v.mul(r, r)
    even = v.fma(z, v.poly(EXP[v.dtype][::2], z), v.const(1.0))
    odd = v.fma(v.mul(r, z), v.poly(EXP[v.dtype][1::2], z), r)
    # Beyond 2^60, what e^-|x| adds is lost in rounding.
    down = _integer(v, v.sub(v.const(MAGIC[v.dtype]), v.clamp(n, high=60.0)))
    quarter = v.mul(v.sub(even, odd), _power(v, down, 2))
    half = v.fma(v.add(even, odd), _power(v, _integer(v, shifted), 2), quarter)
    return v.add(half, half)


def exprel(v: Vec, x: str) -> str:
    """(e^x - 1) / x, and 1 at 0."""
    y = v.clamp(x, high=EXPREL_HIGH[v.dtype])
    value = v.div(_scaled(v, y, HEADROOM)[0], y)
    value = v.mul(value, v.const(2.0**HEADROOM))
    near = v.cmp("olt", v.abs(x), v.const(EXPREL_ONE[v.dtype]))
    return v.select(near, v.const(1.0), value)


def exprel1(v: Vec, x: str) -> str:
    """The derivative of exprel: (e^x - exprel(x)) / x, a polynomial for |x| < 1.5."""
    y = v.clamp(x, high=EXPREL_HIGH[v.dtype])
    t, power = _scaled(v, y, HEADROOM)
    far = v.div(v.sub(power, v.div(t, y)), y)
    far = v.mul(far, v.const(2.0**HEADROOM))
    near = v.cmp("olt", v.abs(x), v.const(1.5))
    return v.select(near, v.fma(x, v.poly(EXPREL1[v.dtype], x), v.const(0.5)), far)
