"""One step of each model by hand, as a careful Numba user would write it: the peers' side.

Each maker returns ``update(*states, drive) -> (*new states, fired)``. It works on numbers under
Numba and on whole arrays under NumPy. Everything that is the same in all steps is computed before,
and every constant has the type of the states, else the compiler would fall back to float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Update = Callable[..., Any]
Number = Callable[[float], Any]


@dataclass(frozen=True)
class Kernel:
    """State names in the order of `make`'s function."""

    states: tuple[str, ...]
    build: Callable[[Mapping[str, float], float, Number, Any, Any], Update]

    def make(self, p: Mapping[str, float], dt: float, number: Number, *, numpy: bool) -> Update:
        """The step for these parameters; `number` gives constants the type of the states."""
        if numpy:
            return self.build(p, dt, number, np.exp, np.where)
        return self.build(p, dt, number, math.exp, _choose())


def _choose() -> Any:
    import numba

    @numba.njit(inline="always")
    def choose(condition: Any, yes: Any, no: Any) -> Any:
        return yes if condition else no

    return choose


def cuba(p: Mapping[str, float], dt: float, number: Number, exp: Any, choose: Any) -> Update:
    kept, left = math.exp(-dt / p["tau"]), math.exp(-dt / p["tau_syn"])
    gain = p["R"] * p["tau_syn"] / (p["tau"] - p["tau_syn"]) * (kept - left)
    kept, left, gain, rest, theta = map(number, (kept, left, gain, p["E"], p["theta"]))

    def update(v: Any, i: Any, drive: Any) -> Any:
        v = rest + (v - rest) * kept + gain * i
        fired = v >= theta
        return choose(fired, rest, v), left * i, fired

    return update


def adex(p: Mapping[str, float], dt: float, number: Number, exp: Any, choose: Any) -> Update:
    # Our model holds v at the peak inside a step; with Euler it never starts a step above it.
    speed, slow = number(dt / p["C"]), number(dt / p["tau_w"])
    scale = number(p["g"] * p["D"])
    steep, middle = number(1 / p["D"]), number(p["v_T"])
    g, rest, a, b = map(number, (p["g"], p["E"], p["a"], p["b"]))
    peak, back = number(p["peak"]), number(p["v_reset"])

    def update(v: Any, w: Any, drive: Any) -> Any:
        upstroke = scale * exp((v - middle) * steep)
        new = v + speed * (g * (rest - v) + upstroke - w + drive)
        w = w + slow * (a * (v - rest) - w)
        fired = new >= peak
        return choose(fired, back, new), choose(fired, w + b, w), fired

    return update


def izhikevich(p: Mapping[str, float], dt: float, number: Number, exp: Any, choose: Any) -> Update:
    step, slow, b = number(dt), number(dt * p["a"]), number(p["b"])
    square, linear, base = number(0.04), number(5), number(140)
    peak, c, d = number(p["peak"]), number(p["c"]), number(p["d"])

    def update(v: Any, u: Any, drive: Any) -> Any:
        new = v + step * ((square * v + linear) * v + base - u + drive)
        u = u + slow * (b * v - u)
        fired = new >= peak
        return choose(fired, c, new), choose(fired, u + d, u), fired

    return update


def hh(p: Mapping[str, float], dt: float, number: Number, exp: Any, choose: Any) -> Update:
    # Exponential Euler: each variable relaxes to its momentary target. The rates are written
    # without a guard at v = -40 and -55 mV, which random potentials do not hit.
    na, k, leak = (number(p[name]) for name in ("g_Na", "g_K", "g_L"))
    e_na, e_k, e_leak = (number(p[name]) for name in ("E_Na", "E_K", "E_L"))
    size, step, gates = number(1 / p["C"]), number(-dt), number(-dt * p["phi"])
    theta, one = number(p["theta"]), number(1)
    c01, c001, c007, c4, c0125 = map(number, (0.1, 0.01, 0.07, 4, 0.125))
    v40, v55, v65, v35 = map(number, (40, 55, 65, 35))
    t10, t20, t18, t80 = map(number, (-1 / 10, -1 / 20, -1 / 18, -1 / 80))

    def update(v: Any, m: Any, h: Any, n: Any, drive: Any) -> Any:
        a_m = c01 * (v + v40) / (one - exp((v + v40) * t10))
        a_n = c001 * (v + v55) / (one - exp((v + v55) * t10))
        a_h = c007 * exp((v + v65) * t20)
        b_m = c4 * exp((v + v65) * t18)
        b_n = c0125 * exp((v + v65) * t80)
        b_h = one / (one + exp((v + v35) * t10))
        g_na, g_k = na * m * m * m * h, k * n * n * n * n
        total = g_na + g_k + leak
        target = (g_na * e_na + g_k * e_k + leak * e_leak + drive) / total
        new = target + (v - target) * exp(step * total * size)
        s_m, s_h, s_n = a_m + b_m, a_h + b_h, a_n + b_n
        m = a_m / s_m + (m - a_m / s_m) * exp(gates * s_m)
        h = a_h / s_h + (h - a_h / s_h) * exp(gates * s_h)
        n = a_n / s_n + (n - a_n / s_n) * exp(gates * s_n)
        return new, m, h, n, (new >= theta) & (v < theta)

    return update


KERNELS = {
    "CUBA-LIF": Kernel(("v", "i"), cuba),
    "AdEx": Kernel(("v", "w"), adex),
    "Izhikevich": Kernel(("v", "u"), izhikevich),
    "HH": Kernel(("v", "m", "h", "n"), hh),
}
