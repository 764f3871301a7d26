"""How many compartments a section is cut into."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.cable.morphology import Morphology
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import um
from spikeloom.errors import ParameterError, UnitError, suggest

if TYPE_CHECKING:
    from spikeloom.cable.cable import Cable

FREQUENCY = 0.1
"""In kHz: at this the length constant is taken, where the leak no longer counts."""
SHARE = 0.1
MOST = 1_000_000


def compartments(cable: Cable) -> tuple[int, ...]:
    """The number for every section."""
    given, sections = cable.compartments, cable.morphology.sections
    if given is not None and cable.longest is not None:
        raise ParameterError("Cable: give compartments or longest, not both.")
    if given is None:
        limit = None if cable.longest is None else _length(cable.longest)
        made = [
            max(1, ceil(s.length / (limit or SHARE * _constant(cable, k)) - 1e-9))
            for k, s in enumerate(sections)
        ]
    elif isinstance(given, Mapping):
        made = _named(cable.morphology, given)
    else:
        made = [_count("compartments", given)] * len(sections)
    if sum(made) > MOST:
        raise ParameterError(
            f"Cable: {sum(made):,} compartments are more than {MOST:,}.",
            hint="give a larger `longest`",
        )
    return tuple(made)


def _named(morphology: Morphology, given: Mapping[str, Any]) -> list[int]:
    known = [*(s.name for s in morphology.sections), *morphology.regions]
    for name in given:
        if name not in known:
            raise ParameterError(
                f"Cable: compartments names {name!r}, which is no section and no region.",
                hint=suggest(str(name), known),
            )
    made: list[int] = []
    for s in morphology.sections:
        value = given.get(s.name, given.get(s.region))
        if value is None:
            raise ParameterError(f"Cable: compartments says nothing about the section {s.name!r}.")
        made.append(_count(f"compartments of {s.name!r}", value))
    return made


def _constant(cable: Cable, k: int) -> float:
    """Length constant in µm at `FREQUENCY`: sqrt(d / (4 π f Ri C)), of the mean diameter."""
    section = cable.morphology.sections[k]
    mechanism = cable.mechanisms[section.region]
    if not mechanism.per_area:
        return float("inf")
    capacity = cable_capacity(cable, section.region)  # µF/cm²
    diameter = section.area / (pi * section.length)
    # d [1e-4 cm] / (f [1e3/s] Ri [Ω cm] C [1e-6 F/cm²]) = 0.1 cm² = 1e7 µm².
    return sqrt(1e7 * diameter / (4 * pi * FREQUENCY * cable.Ri[section.region] * capacity))


def cable_capacity(cable: Cable, region: str) -> float:
    """Capacitance of a region's membrane in µF/cm²; the largest where it differs."""
    from spikeloom.cable.parts import capacity

    neuron = cable.membranes[region]
    return float(np.max(capacity(cable.mechanisms[region], neuron, size=1)))


def _count(what: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ParameterError(f"Cable: {what} must be a whole number above 0, got {value!r}.")
    return int(value)


def _length(value: Any) -> float:
    if not isinstance(value, Quantity) or not value.unit.fits(um):
        raise UnitError(f"Cable: longest must be a length, got {value!r}.", hint="20 * um")
    number = value.to(um)
    if np.ndim(number) or not np.isfinite(number) or not number > 0:
        raise ParameterError(f"Cable: longest must be one length above 0, got {value}.")
    return float(number)
