"""Fits the polynomials of this folder and prints `coefficients.py`.

Each one is the minimax polynomial of its function by Remez exchange in 60-digit arithmetic:
the error, divided by the stated weight, swings between +E and -E at degree + 2 points. The
coefficients are then rounded to the working precision. Needs mpmath; run it with
``python fit.py > new.py`` in this folder.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Function = Callable[[Any], Any]
LN2_HALF = 0.3466
"""Slightly more than ln(2)/2: the argument of exp after taking out a power of two."""
LOG_Z = 0.02944
"""Slightly more than ((sqrt(2) - 1) / (sqrt(2) + 1))**2."""
ATAN_Z = 0.17158
"""Slightly more than tan(pi / 8)**2."""
SIN_Z = 0.6170
"""Slightly more than (pi / 4)**2."""

SIN_HALF_Z = 2.4675
"""Slightly more than (pi / 2)**2."""

LIFTS = {("SIN_HALF", "float32"): 6e-9}
"""Added at the end of the range, a fraction of the last bit: so that the sine there rounds to 1."""


def remez(mp: Any, f: Function, degree: int, lo: float, hi: float, scale: Function) -> list[Any]:
    """Coefficients, constant first, that make max |f - p| / scale smallest on [lo, hi]."""
    count = degree + 2
    middle, half = (mp.mpf(lo) + hi) / 2, (mp.mpf(hi) - lo) / 2
    points = [middle - half * mp.cos(mp.pi * i / (count - 1)) for i in range(count)]
    dense = 24 * count
    grid = [middle - half * mp.cos(mp.pi * i / dense) for i in range(dense + 1)]
    target, weight = [f(x) for x in grid], [scale(x) for x in grid]
    solution: list[Any] = []
    for _ in range(8):
        rows = [
            [*(x**k for k in range(degree + 1)), (-1) ** i * scale(x)] for i, x in enumerate(points)
        ]
        solution = list(mp.lu_solve(mp.matrix(rows), mp.matrix([f(x) for x in points])))
        coefs = solution[:-1]
        error = [
            (y - mp.polyval(coefs[::-1], x)) / s
            for x, y, s in zip(grid, target, weight, strict=True)
        ]
        peaks: list[int] = []
        for i, e in enumerate(error):
            if peaks and (error[peaks[-1]] > 0) == (e > 0):
                peaks[-1] = i if abs(e) > abs(error[peaks[-1]]) else peaks[-1]
            else:
                peaks.append(i)
        while len(peaks) > count:
            peaks.pop(0 if abs(error[peaks[0]]) < abs(error[peaks[-1]]) else -1)
        if len(peaks) < count:
            break
        points = [grid[i] for i in peaks]
    return solution[:-1]


def table(mp: Any) -> dict[str, tuple[Function, Function, dict[str, tuple[int, float, float]]]]:
    """name -> (function, weight, {dtype: (degree, from, to)})."""
    tiny = 1e-9

    def odd(g: Function) -> Function:
        """(g(x) - x) / x^3 as a function of x^2."""
        return lambda z: (g(mp.sqrt(z)) - mp.sqrt(z)) / mp.sqrt(z) ** 3

    def exp2(r: Any) -> Any:
        return (mp.expm1(r) - r) / r**2 if abs(r) > 1e-20 else mp.mpf(1) / 2

    def log3(z: Any) -> Any:
        return 2 * (mp.atanh(mp.sqrt(z)) - mp.sqrt(z)) / mp.sqrt(z) ** 3

    def cos4(z: Any) -> Any:
        return (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2

    def erf1(z: Any) -> Any:
        return mp.erf(mp.sqrt(z)) / mp.sqrt(z) - 1

    def minus_log_erfc(x: Any) -> Any:
        return -mp.log(mp.erfc(x))

    def exprel1(x: Any) -> Any:
        return (((x - 1) * mp.exp(x) + 1) / x**2 - 0.5) / x if abs(x) > 1e-12 else mp.mpf(1) / 3

    def both(f32: int, f64: int, lo: float, hi: float) -> dict[str, tuple[int, float, float]]:
        return {"float32": (f32, lo, hi), "float64": (f64, lo, hi)}

    return {
        "EXP": (exp2, exp2, both(4, 9, -LN2_HALF, LN2_HALF)),
        "EXP_NEAR": (exp2, exp2, both(1, 4, -LN2_HALF / 16, LN2_HALF / 16)),
        "LOG": (log3, log3, both(2, 6, tiny, LOG_Z)),
        "LOG_PAIR": (log3, log3, both(3, 6, tiny, LOG_Z)),
        "ATAN": (odd(mp.atan), odd(mp.atan), both(4, 10, tiny, ATAN_Z)),
        "SIN": (odd(mp.sin), odd(mp.sin), both(2, 5, tiny, SIN_Z)),
        "SIN_HALF": (odd(mp.sin), odd(mp.sin), both(4, 7, tiny, SIN_HALF_Z)),
        "COS": (cos4, cos4, both(2, 5, tiny, SIN_Z)),
        "ERF": (erf1, lambda _: mp.mpf(1), both(5, 11, tiny, 1.0)),
        "ERFC": (
            minus_log_erfc,
            lambda x: 1 / mp.erfc(x),
            {"float32": (7, 1.0, 4.0), "float64": (18, 1.0, 6.0)},
        ),
        "EXPREL1": (exprel1, exprel1, both(8, 16, -1.5, 1.5)),
    }


def main() -> None:
    """Print the module of coefficients."""
    import mpmath as mp
    import numpy as np

    mp.mp.dps = 60
    print(
        '"""Minimax polynomials, constant term first. Written by `fit.py`: do not edit by hand."""'
    )
    print("\nfrom __future__ import annotations\n")
    for name, (f, scale, sizes) in table(mp).items():
        print(f"{name} = {{")
        for dtype, (degree, lo, hi) in sizes.items():
            print(f'    "{dtype}": (')
            lift = LIFTS.get((name, dtype), 0.0)

            def lifted(x: Any, f: Function = f, hi: float = hi, lift: float = lift) -> Any:
                return f(x) + lift * (x / hi) ** 4

            for c in remez(mp, lifted, degree, lo, hi, scale):
                print(f"        {float(np.dtype(dtype).type(float(c)))!r},")
            print("    ),")
        print("}")
    for name, piece in (("ROOTS", 0), ("ROOTS_REST", 1)):
        print(f"{name} = {{")
        for dtype in ("float32", "float64"):
            print(f'    "{dtype}": (')
            for k in range(16):
                root = mp.mpf(2) ** (mp.mpf(k) / 16)
                near = np.dtype(dtype).type(float(root))
                value = near if piece == 0 else np.dtype(dtype).type(float(root - float(near)))
                print(f"        {float(value)!r},")
            print("    ),")
        print("}")


if __name__ == "__main__":
    main()
