"""The page of reference values: models by family, a line for each number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from spikeloom import models
from spikeloom.equations import LearningRule, Neuron, Synapse
from spikeloom.equations.families import Family, family

if TYPE_CHECKING:
    from tests.reference_values import Row

INTRO = """# Reference values

Every number here is checked by the test-suite: what a model must give, where that is known from,
what spikeloom gave, how far it may be off, and the test that looks. The page is written by
`make reference-table` from the tests themselves; a test fails when a row is missing or says
something else.

How far a number may be off is one of four classes, or said in the row:

| Class | For | Tolerance |
|---|---|---|
| T1 | closed forms, and steps that are exact | relative 1e-9 |
| T2 | times of events, exact or by adaptive integration | ± 0.001 ms |
| T3 | times of events, steps of at most 0.01 ms | ± 0.1 ms, the number of spikes exactly |
| T4 | statistics | a band: four standard deviations, or as published |
"""
SYNAPSES, PLASTICITY, CABLES = "Synapses", "Short-term plasticity", "Cables and gap junctions"
TITLES = [*(kind.title for kind in Family), CABLES, SYNAPSES, PLASTICITY]


def page(rows: Sequence[Row]) -> str:
    """The text of the page."""
    names = sorted(dict.fromkeys(row.model for row in rows), key=str.lower)
    parts = {title: [n for n in names if part_of(n) == title] for title in TITLES}
    count = {name: sum(row.model == name for row in rows) for name in names}
    text = [INTRO, f"There are {len(rows)} values of {len(names)} models:", ""]
    for title, members in parts.items():
        links = (f"[{n}](#{_anchor(n)}) {count[n]}" for n in members)
        text += [f"- **{title}**: {', '.join(links)}"] * bool(members)
    text += ["", '<div class="reference-values" markdown>']
    for title, members in parts.items():
        text += ["", f"## {title}"] * bool(members)
        for name in members:
            text += _table(name, [row for row in rows if row.model == name])
    return "\n".join([*text, "", "</div>"]) + "\n"


def part_of(name: str) -> str:
    """Under which heading a model stands, read from its equations."""
    found = getattr(models, name, None)
    if isinstance(found, type) and issubclass(found, Neuron):
        return family(found.definition).title
    if isinstance(found, type) and issubclass(found, Synapse):
        return SYNAPSES
    if isinstance(found, type) and issubclass(found, LearningRule):
        return PLASTICITY
    return CABLES


def _table(name: str, rows: Sequence[Row]) -> list[str]:
    text = ["", f"### {name} {{ #{_anchor(name)} }}", ""]
    text.append("| Quantity | Expected | Got | Tolerance | Source | Test |")
    text.append("|---|---|---|---|---|---|")
    tests = list(dict.fromkeys(row.test.partition("[")[0] for row in rows))
    for row in rows:
        unit = f" ({row.unit})" if row.unit else ""
        place = str(tests.index(row.test.partition("[")[0]) + 1)
        cells = (
            row.quantity + unit,
            row.expected,
            row.got,
            _plain(row.tolerance),
            row.source,
            place,
        )
        text.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    names = (f"{k} `{test.removeprefix('tests/')}`" for k, test in enumerate(tests, 1))
    return [*text, "", "<br>".join(["Tests:", *names]), "{ .tests }"]


def _plain(tolerance: str) -> str:
    """A large number without its power of ten."""
    return re.sub(r"[\d.]+e\+\d+", lambda found: f"{float(found[0]):g}", tolerance)


def _anchor(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
