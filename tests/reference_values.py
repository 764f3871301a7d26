"""Reference values: numbers that a model must give, checked and written into a table of the docs.

A test asks for the fixture `reference` and calls it for each number. It fails where the number is
off, and it leaves a `Row`; `make reference-table` puts the rows of all tests into the docs.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from math import ceil, log10
from pathlib import Path
from typing import Any, Protocol

import numpy as np

DOCS = Path(__file__).resolve().parents[1] / "docs"
DATA, PAGE = DOCS / "reference-values.csv", DOCS / "reference-values.md"
SHOWN = 6
"""Numbers of a sequence that the table shows."""


@dataclass(frozen=True)
class Tolerance:
    """How far a number may be off: absolutely, or relative to its own size; 0 is exactly."""

    absolute: float = 0.0
    relative: float = 0.0
    band: bool = False
    """What is expected is a pair (low, high) that the number lies in."""

    def __str__(self) -> str:
        if self.band:
            return "in the band"
        if self.relative:
            return f"rel {self.relative:.2g}"
        return f"± {self.absolute:.2g}" if self.absolute else "exact"

    def digits(self, value: float) -> str:
        """A number with one digit more than the tolerance asks for."""
        size = self.absolute or self.relative * abs(value)
        if not size or not np.isfinite(value):
            return f"{value:.10g}"
        return f"{value:.{min(max(ceil(-log10(size)) + 1, 0), 12)}f}"


T1 = Tolerance(relative=1e-9)
"""A closed form, or anything exact but for rounding."""
T2 = Tolerance(absolute=1e-3)
"""Times (ms) of an event-exact or adaptive run."""
T3 = Tolerance(absolute=0.1)
"""Times (ms) of a run with a fixed step of at most 0.01 ms; counts are `EXACT` beside it."""
EXACT = Tolerance()
BAND = Tolerance(band=True)
"""Statistics (T4): what is expected is a pair (low, high)."""


def within(size: float) -> Tolerance:
    """± size."""
    return Tolerance(absolute=size)


def relative(share: float) -> Tolerance:
    """± share of what is expected."""
    return Tolerance(relative=share)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    model: str
    quantity: str
    unit: str
    expected: str
    got: str
    tolerance: str
    source: str
    test: str

    @property
    def promise(self) -> tuple[str, ...]:
        """All but what came out, whose last digits may depend on the machine."""
        return (self.model, self.quantity, self.unit, self.expected, self.tolerance, self.source)


class Known(Protocol):
    """The fixture `reference`: compares, and notes a row for the table.

    Arguments:
        model: Name of the model class, or of what else is measured.
        quantity: What it is, with its conditions: ``"period at I = 10 µA/cm²"``.
        expected: A number or a sequence of numbers; a pair (low, high) with `BAND`.
        got: The same, from spikeloom.
        tolerance: `T1`, `T2`, `T3`, `EXACT`, `BAND`, ``within(0.02)`` or ``relative(1e-6)``.
        source: Where the number comes from: a paper, a closed form, a second method.
        unit: Of the numbers.
    """

    def __call__(
        self, model: str, quantity: str, expected: Any, got: Any, tolerance: Tolerance,
        source: str, unit: str = "",
    ) -> None: ...  # fmt: skip


def compared(
    model: str, quantity: str, expected: Any, got: Any, tolerance: Tolerance, source: str,
    unit: str, test: str,
) -> Row:  # fmt: skip
    """The row, or an AssertionError that says what is off and by how much."""
    want, have = np.asarray(expected, float), np.asarray(got, float)
    name = f"{model}, {quantity}"
    assert source, f"{name}: say where the number comes from"
    if tolerance.band:
        low, high = (float(x) for x in want)
        assert np.all((have >= low) & (have <= high)), f"{name}: {have} is not in {low} to {high}"
        shown = f"{low:g} to {high:g}"
    else:
        assert want.shape == have.shape, f"{name}: expected {_list(want)}, got {_list(have)}"
        off = float(np.max(np.abs(have - want), initial=0.0))
        allowed = tolerance.absolute + tolerance.relative * np.abs(want)
        fine = np.all(np.abs(have - want) <= allowed)
        assert fine, f"{name}: expected {_list(want)}, got {_list(have)}, off by {off:.3g}"
        shown = _list(want)
    return Row(
        model, quantity, unit, shown, _list(have, tolerance), str(tolerance), source, test
    )  # fmt: skip


def _list(values: np.ndarray, tolerance: Tolerance | None = None) -> str:
    flat = [float(x) for x in np.ravel(values)]
    texts = [f"{x:.12g}" if tolerance is None else tolerance.digits(x) for x in flat[:SHOWN]]
    more = f", … ({len(flat)} values)" if len(flat) > SHOWN else ""
    return ", ".join(texts) + more if texts else "none"


def write(rows: Iterable[Row]) -> None:
    """The table as data and as a page."""
    ordered = sorted(rows, key=lambda row: (row.model.lower(), row.test.partition("[")[0]))
    with DATA.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow([field.name for field in fields(Row)])
        out.writerows(astuple(row) for row in ordered)
    from tests.reference_page import page  # imports the library, which few sessions write

    PAGE.write_text(page(ordered), encoding="utf-8")


def read() -> list[Row]:
    """The rows that are committed."""
    if not DATA.exists():
        return []
    with DATA.open(encoding="utf-8", newline="") as file:
        return [Row(**row) for row in csv.DictReader(file)]


def differences(made: Sequence[Row], known: Sequence[Row], tests: set[str]) -> list[str]:
    """What a committed table lacks, or holds too much, given the tests that ran.

    Arguments:
        made: Rows of this session.
        known: Rows of the committed table.
        tests: Names of the tests that ran, whose rows must all be there again.
    """
    promised = {row.promise for row in known}
    kept = {row.promise for row in made}
    lacking = [
        f"missing: {row.model}, {row.quantity}" for row in made if row.promise not in promised
    ]
    stale = [
        f"no longer made: {row.model}, {row.quantity}"
        for row in known
        if row.test in tests and row.promise not in kept
    ]
    return lacking + stale
