"""The numbers behind random connections, each formula once for NumPy and for native code.

A formula takes `o`, the arithmetic at hand: NumPy arrays, or values in a kernel being written. Both
do the same operations in the same order, and none of them rounds differently on another machine
(no fused multiply-add, no library function), so a graph is the same wherever it is built.
"""

from __future__ import annotations

from math import log
from typing import Any, Protocol

LOW = 0xFFFFFFFF
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10


class Arithmetic(Protocol):
    """What is not an operator: whole numbers are 64 bits without sign, the others 64-bit floats."""

    def whole(self, value: int) -> Any:
        """A whole number."""
        ...

    def number(self, value: float) -> Any:
        """A floating-point number."""
        ...

    def where(self, condition: Any, yes: Any, no: Any) -> Any:
        """One of two, for each element."""
        ...

    def as_number(self, whole: Any) -> Any:
        """A whole number below 2^63 as a float."""
        ...

    def split(self, x: Any) -> tuple[Any, Any]:
        """x > 0 as (exponent as a float, mantissa from 1 to 2)."""
        ...

    def power_of_two(self, k: Any) -> Any:
        """2^k for a whole-valued float k from -1022 to 1023."""
        ...

    def sqrt(self, x: Any) -> Any:
        """Square root, correctly rounded."""
        ...

    def rint(self, x: Any) -> Any:
        """The nearest whole-valued float, ties to even."""
        ...


def schedule(o: Arithmetic, key: tuple[Any, Any]) -> list[tuple[Any, Any]]:
    """The key of each round, from two numbers below 2^32."""
    keys, low = [key], o.whole(LOW)
    for _ in range(ROUNDS - 1):
        keys.append(tuple((k + o.whole(c)) & low for k, c in zip(keys[-1], WEYL, strict=True)))
    return keys


def philox(o: Arithmetic, keys: list[tuple[Any, Any]], block: Any, row: Any) -> tuple[Any, Any]:
    """Two random 64-bit words for each (key, row, block): Philox4x32-10.

    Arguments:
        o: The arithmetic.
        keys: What `schedule` makes of the key.
        block: Counter, below 2^64.
        row: Counter, below 2^64.

    Source: Salmon, Moraes, Dror, Shaw (2011), Parallel random numbers: as easy as 1, 2, 3.
    """
    low, half = o.whole(LOW), o.whole(32)
    a, b, c, d = block & low, block >> half, row & low, row >> half
    first, second = (o.whole(x) for x in MULTIPLIERS)
    for k, m in keys:
        x, y = a * first, c * second
        a, b, c, d = (y >> half) ^ b ^ k, y & low, (x >> half) ^ d ^ m, x & low
    return a | (b << half), c | (d << half)


def below(o: Arithmetic, word: Any, n: Any) -> Any:
    """A number from 0 to n - 1 out of a random word: the upper half of their 128-bit product.

    No number is likelier than another by more than n / 2^64.
    """
    low, half = o.whole(LOW), o.whole(32)
    al, ah, bl, bh = word & low, word >> half, n & low, n >> half
    cross = al * bh + ((al * bl) >> half)
    other = ah * bl + (cross & low)
    return ah * bh + (cross >> half) + (other >> half)


def unit_open(o: Arithmetic, word: Any) -> Any:
    """Uniform strictly between 0 and 1, of 52 bits."""
    return (o.as_number(word >> o.whole(12)) + o.number(0.5)) * o.number(2.0**-52)


def unit_closed(o: Arithmetic, word: Any) -> Any:
    """Uniform above 0 and up to 1, of 53 bits."""
    return (o.as_number(word >> o.whole(11)) + o.number(1.0)) * o.number(2.0**-53)


def logarithm(o: Arithmetic, x: Any) -> Any:
    """Natural logarithm of x > 0, to about one unit in the last place.

    log(2^e m) = e log 2 + 2 artanh((m - 1) / (m + 1)), m within a factor sqrt(2) of 1.
    """
    exponent, m = o.split(x)
    large = m > o.number(2.0**0.5)
    m = o.where(large, m * o.number(0.5), m)
    exponent = o.where(large, exponent + o.number(1.0), exponent)
    s = (m - o.number(1.0)) / (m + o.number(1.0))
    square = s * s
    series = horner(o, [2.0 / (2 * k + 1) for k in range(12)], square)
    return exponent * o.number(log(2.0)) + s * series


def exponential(o: Arithmetic, x: Any) -> Any:
    """e^x for |x| up to about 700, to about one unit in the last place."""
    k = o.rint(x * o.number(1 / log(2.0)))
    rest = (x - k * o.number(0.693147180369123816490)) - k * o.number(1.90821492927058770002e-10)
    factorial, series = 1.0, [1.0]
    for n in range(1, 14):
        factorial *= n
        series.append(1.0 / factorial)
    return horner(o, series, rest) * o.power_of_two(k)


def normal_quantile(o: Arithmetic, p: Any) -> Any:
    """The x below which a standard normal number falls with probability p, 0 < p < 1.

    Source: Wichura (1988), The percentage points of the normal distribution, PPND16.
    """
    q = p - o.number(0.5)
    middle = (q <= o.number(0.425)) & (q >= o.number(-0.425))
    r = o.number(0.180625) - q * q
    centre = q * (horner(o, A, r) / horner(o, B, r))
    upper = q > o.number(0.0)
    tail = o.where(upper, o.number(1.0) - p, p)
    t = o.sqrt(o.number(0.0) - logarithm(o, o.where(middle, o.number(0.5), tail)))
    near, far = t - o.number(1.6), t - o.number(5.0)
    beyond = t > o.number(5.0)
    x = o.where(
        beyond, horner(o, E, far) / horner(o, F, far), horner(o, C, near) / horner(o, D, near)
    )
    return o.where(middle, centre, o.where(upper, x, o.number(0.0) - x))


def horner(o: Arithmetic, coefficients: list[float], x: Any) -> Any:
    """c[0] + c[1] x + c[2] x^2 + …"""
    total = o.number(coefficients[-1])
    for c in reversed(coefficients[:-1]):
        total = total * x + o.number(c)
    return total


A = [
    3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
    1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
    3.3430575583588128105e4, 2.5090809287301226727e3,
]  # fmt: skip
B = [
    1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
    2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
    5.2264952788528545610e3,
]  # fmt: skip
C = [
    1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
    3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
    2.27238449892691845833e-2, 7.74545014278341407640e-4,
]  # fmt: skip
D = [
    1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
    1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
    1.05075007164441684324e-9,
]  # fmt: skip
E = [
    6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
    2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
    2.71155556874348757815e-5, 2.01033439929228813265e-7,
]  # fmt: skip
F = [
    1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
    7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
    2.04426310338993978564e-15,
]  # fmt: skip
