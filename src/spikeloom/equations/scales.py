"""The coherent system of units of one model: the one in which its equations need no factors.

A coherent unit of dimensions d is ``10**sum(d[i] * L[i])`` SI units, where L holds one logarithm
for each base dimension. Every declared unit asks for one linear equation in L; they are taken in
order, and one that contradicts those before it gets a power of ten as factor instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from spikeloom.equations.quantity import Exponent, Unit
from spikeloom.equations.units import ms

_TIME = ms.dims


@dataclass(frozen=True)
class Scales:
    """Logarithms of the base units: exact, one for each base dimension."""

    logs: tuple[Fraction, ...]
    time: Unit

    @classmethod
    def of(cls, units: Iterable[Unit]) -> Scales:
        """The system in which as many of `units` as possible have the factor 1, in order.

        >>> from spikeloom.equations.units import MOhm, mV, nA, second
        >>> scales = Scales.of([nA, MOhm, mV])
        >>> scales.factor(mV), scales.factor(second)
        (1.0, 1000.0)
        """
        declared = list(units)
        time = time_of(declared)
        rows: list[list[Fraction]] = []  # reduced: each row holds the only entry of its pivot
        for unit in (time, *declared):
            _add(rows, [*map(Fraction, unit.dims), Fraction(unit.power)])
        logs = [Fraction(0)] * len(_TIME)
        for row in rows:
            logs[_pivot(row)] = row[-1]  # dimensions that nothing asks for keep SI
        return cls(tuple(logs), time)

    def factor(self, unit: Unit) -> float:
        """The number by which a value in `unit` is multiplied to enter this system."""
        power = unit.power - sum(
            (d * log for d, log in zip(unit.dims, self.logs, strict=True)), Fraction(0)
        )
        return _ten_to(power)


def time_of(units: Iterable[Unit]) -> Unit:
    """The unit of time of a model: the first that it declares, or ms."""
    return next((u for u in units if u.dims == _TIME), ms)


def _add(rows: list[list[Fraction]], new: list[Fraction]) -> None:
    """One step of Gauss-Jordan elimination; a dependent or contradicting equation is dropped."""
    for row in rows:
        weight = new[_pivot(row)]
        new = [a - weight * b for a, b in zip(new, row, strict=True)]
    if not any(new[:-1]):
        return
    lead = new[_pivot(new)]
    new = [a / lead for a in new]
    for row in rows:
        weight = row[_pivot(new)]
        row[:] = [a - weight * b for a, b in zip(row, new, strict=True)]
    rows.append(new)


def _pivot(row: list[Fraction]) -> int:
    return next(i for i, x in enumerate(row[:-1]) if x)


def _ten_to(power: Exponent | Fraction) -> float:
    whole = Fraction(power)
    return float(f"1e{whole}") if whole.denominator == 1 else 10.0 ** float(whole)
