"""Functions that Triton lacks, or that lose digits there, in Triton.

They work in float64 whatever the precision of the states, as they take differences of nearly equal
numbers.
"""

from __future__ import annotations

HEADER = '''\
import triton
import triton.language as tl


@triton.jit
def expm1(x):
    """(u - 1) x / log(u) with u = exp(x): the errors of u cancel (Kahan; Higham 2002, 1.14.1)."""
    x = x.to(tl.float64)
    u = tl.exp(x)
    near = (u != 1.0) & (tl.abs(x) < 1.0)
    safe = tl.where(near, u, 2.0 + 0.0 * u)
    found = tl.where(near, (safe - 1.0) * x / tl.log(safe), u - 1.0)
    return tl.where(u == 1.0, x, found)


@triton.jit
def log1p(x):
    """log(u) x / (u - 1) with u = 1 + x, for the same reason."""
    x = x.to(tl.float64)
    u = 1.0 + x
    near = (u != 1.0) & (u - u == 0.0)
    safe = tl.where(near, u, 2.0 + 0.0 * x)
    found = tl.where(near, tl.log(safe) * x / (safe - 1.0), tl.log(u))
    return tl.where(u == 1.0, x, found)


@triton.jit
def tanh(x):
    x = x.to(tl.float64)
    m = expm1(-2.0 * tl.abs(x))
    size = -m / (2.0 + m)
    return tl.where(x < 0.0, -size, size)


@triton.jit
def sigmoid(x):
    x = x.to(tl.float64)
    e = tl.exp(-tl.abs(x))
    return tl.where(x < 0.0, e / (1.0 + e), 1.0 / (1.0 + e))


@triton.jit
def sinh(x):
    x = x.to(tl.float64)
    m = expm1(tl.abs(x))
    half = tl.exp(0.5 * tl.abs(x))
    size = tl.where(m < 1e150, 0.5 * (m + m / (1.0 + m)), 0.5 * half * half)
    return tl.where(x < 0.0, -size, size)


@triton.jit
def cosh(x):
    x = x.to(tl.float64)
    half = tl.exp(0.5 * tl.abs(x))
    large = 0.5 * half * half
    return tl.where(half > 1e75, large, 0.5 * (tl.exp(x) + tl.exp(-x)))


@triton.jit
def atan(x):
    """Halved three times by atan(x) = 2 atan(x / (1 + sqrt(1 + x^2))), then the series."""
    x = x.to(tl.float64)
    large = tl.abs(x) > 1.0
    y = tl.where(large, 1.0 / tl.where(large, tl.abs(x), 1.0 + 0.0 * x), tl.abs(x))
    y = y / (1.0 + tl.sqrt(1.0 + y * y))
    y = y / (1.0 + tl.sqrt(1.0 + y * y))
    y = y / (1.0 + tl.sqrt(1.0 + y * y))
    z = -y * y
    sum = 0.0 * z
    for k in tl.static_range(13, 0, -1):
        sum = (sum + 1.0 / (2 * k - 1)) * z if k > 1 else sum + 1.0
    size = 8.0 * y * sum
    size = tl.where(large, 1.5707963267948966 - size, size)
    return tl.where(x < 0.0, -size, size)


@triton.jit
def exprel(x):
    x = x.to(tl.float64)
    zero = x == 0.0
    safe = tl.where(zero, 1.0 + 0.0 * x, x)
    return tl.where(zero, 1.0 + 0.0 * x, expm1(safe) / safe)


@triton.jit
def exprel1(x):
    """(x e^x - e^x + 1) / x^2, near 0 by its series."""
    x = x.to(tl.float64)
    near = tl.abs(x) < 0.5
    close = tl.where(near, x, 0.0 * x)
    series = 0.0 * x
    term = 1.0 + 0.0 * x
    for n in tl.static_range(18):
        series = series + term / (n + 2)
        term = term * close / (n + 1)
    safe = tl.where(near, 1.0 + 0.0 * x, x)
    return tl.where(near, series, ((safe - 1.0) * tl.exp(safe) + 1.0) / (safe * safe))


@triton.jit
def power(x, y):
    """x ** y as C has it: of a finite negative x only for whole y."""
    x = x.to(tl.float64)
    y = y.to(tl.float64)
    size = tl.exp(y * tl.log(tl.abs(x)))
    whole = tl.floor(y) == y
    odd = whole & (tl.floor(y * 0.5) * 2.0 != y)
    nan = (x - x) / (x - x)
    real = whole | (x - x != 0.0)
    found = tl.where(x < 0.0, tl.where(real, tl.where(odd, -size, size), nan), size)
    return tl.where((y == 0.0) | (x == 1.0), 1.0, found)


@triton.jit
def smaller(a, b):
    """The smaller one; NaN if one of them is."""
    return tl.where(a != a, a, tl.where(b != b, b, tl.where(a < b, a, b)))


@triton.jit
def larger(a, b):
    """The larger one; NaN if one of them is."""
    return tl.where(a != a, a, tl.where(b != b, b, tl.where(a > b, a, b)))


@triton.jit
def mix(z):
    """The finaliser of SplitMix64; see spikeloom.engines.poisson."""
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB
    return z ^ (z >> 31)


@triton.jit
def word(key, step, me):
    """64 random bits of each neuron, from the stream of a key and a step."""
    start = mix(key + (step + 1).to(tl.uint64) * 0x9E3779B97F4A7C15)
    return mix(start + (me + 1).to(tl.uint64) * 0x9E3779B97F4A7C15)


@triton.jit
def uniform(key, step, me):
    bits = (word(key, step, me) >> 12).to(tl.int64).to(tl.float64)
    return (bits + 0.5) * 2.220446049250313e-16


@triton.jit
def normal(key, step, me):
    """One of the two numbers of a pair of steps; see spikeloom.engines.randomness."""
    z = word(key, step >> 1, me)
    low = (z & 0xFFFFFFFF).to(tl.int64).to(tl.float64)
    high = (z >> 32).to(tl.int64)
    turn = (high & 0x3FFFFFFF).to(tl.float64)
    angle = ((turn + 0.5) * 9.313225746154785e-10 - 0.5) * 1.5707963267948966
    size = tl.sqrt(-tl.log((low + 0.5) * 2.3283064365386963e-10))
    even = tl.where(((high >> 31) & 1) != 0, -size, size) * (tl.cos(angle) - tl.sin(angle))
    odd = tl.where(((high >> 30) & 1) != 0, -size, size) * (tl.cos(angle) + tl.sin(angle))
    return tl.where((step & 1) != 0, odd, even)
'''
