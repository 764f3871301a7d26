"""The table of reference values: its helper can fail, and what is committed is up to date."""

from __future__ import annotations

from typing import Any

import pytest
from tests.reference_page import page
from tests.reference_values import (
    BAND,
    EXACT,
    PAGE,
    T1,
    T2,
    Row,
    compared,
    differences,
    read,
    relative,
    within,
)

from spikeloom import models
from spikeloom.equations import Neuron, Synapse


def row(expected: Any, got: Any, tolerance: Any, source: str = "a paper") -> Row:
    return compared("Model", "a number", expected, got, tolerance, source, "ms", "here")


@pytest.mark.parametrize(
    ("expected", "got", "tolerance"),
    [
        (1.0, 1.0 + 2e-9, T1),
        (5.0, 5.002, T2),
        (7, 8, EXACT),
        ([1.0, 2.0], [1.0, 2.2], within(0.1)),
        ([1.0, 2.0], [1.0], within(10)),
        ((1, 2), 2.5, BAND),
        (1.0, float("nan"), within(10)),
        (float("nan"), 1.0, within(10)),
        (1.0, float("nan"), EXACT),
        ((1, 2), float("nan"), BAND),
    ],
)
def test_a_wrong_value_fails(expected: Any, got: Any, tolerance: Any) -> None:
    with pytest.raises(AssertionError, match="Model, a number"):
        row(expected, got, tolerance)


def test_a_value_without_source_fails() -> None:
    with pytest.raises(AssertionError, match="where the number comes from"):
        row(1.0, 1.0, T1, source="")


def test_what_a_row_says() -> None:
    made = row([1.5, 2.25], [1.50004, 2.2501], T2)
    assert (made.expected, made.got, made.tolerance) == ("1.5, 2.25", "1.5000, 2.2501", "± 0.001")
    assert row((1, 2), 1.5, BAND).expected == "1 to 2"
    assert row(27.725887222, 27.72588722239, relative(1e-9)).got == "27.725887222"
    assert row(range(9), range(9), EXACT).expected == "0, 1, 2, 3, 4, 5, … (9 values)"
    assert row([], [], EXACT).got == "none"


def test_differences_are_found() -> None:
    one, two = row(1, 1, EXACT), row(2, 2, EXACT)
    assert differences([one], [one], {"here"}) == []
    assert differences([two], [one], {"here"}) == [
        "missing: Model, a number",
        "no longer made: Model, a number",
    ]
    assert differences([], [one], {"elsewhere"}) == []


def test_the_page_is_made_of_the_data() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(read()), "run `make reference-table`"


def test_the_table_is_up_to_date(reference_rows: tuple[list[Row], set[str]]) -> None:
    """Every value that this session checked stands in the table, and none that it did not."""
    made, tests = reference_rows
    assert differences(made, read(), tests) == [], "run `make reference-table`"


DISTRIBUTIONS = {
    *("HomeostaticLIF", "OUConductance", "OUCurrent", "OULIF", "ProbabilisticLIF"),
    *("StochasticSRM", "TrieschUnit"),
}
"""Held by tests of distributions and of learning instead of by numbers."""
WHOLE = {"LoihiNeuron", "TrueNorthNeuron", "PassiveMembrane", "Shunt"}
"""Held bit by bit, or as a part of something else, whose name stands in the table."""


def test_every_neuron_and_synapse_has_a_row() -> None:
    import spikeloom.models as shelf
    from spikeloom.equations import Neuron, Synapse

    known = {row.model for row in read()} | DISTRIBUTIONS | WHOLE
    kinds = [getattr(shelf, name) for name in dir(shelf)]
    names = {k.__name__ for k in kinds if isinstance(k, type) and issubclass(k, (Neuron, Synapse))}
    assert sorted(names - known) == []


def test_every_model_has_a_row() -> None:
    """A neuron or a synapse whose numbers nobody has looked at is no reference."""
    made = {name: getattr(models, name) for name in dir(models)}
    bases = (Neuron, Synapse)
    needed = {n for n, x in made.items() if isinstance(x, type) and issubclass(x, bases)}
    assert not needed - {row.model for row in read()} - {base.__name__ for base in bases}
