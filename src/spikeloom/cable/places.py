"""Places on a tree, as a user names them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np

from spikeloom.cable.grid import Grid
from spikeloom.cable.morphology import Morphology
from spikeloom.errors import ParameterError, suggest

Place: TypeAlias = "str | tuple[str, float]"
"""A section, meaning its middle, or a section and a fraction of its length from 0 to 1."""


def node_of(morphology: Morphology, grid: Grid, place: Any) -> int:
    """The node of the compartment that covers a place.

    Raises:
        ParameterError: It names no section, or lies outside of it.
    """
    name, fraction = (place, 0.5) if isinstance(place, str) else _pair(place)
    names = [s.name for s in morphology.sections]
    if name not in names:
        raise ParameterError(f"there is no section {name!r}.", hint=suggest(name, names))
    section = names.index(name)
    count = grid.counts[section]
    return int(grid.nodes[section][min(int(fraction * count), count - 1)])


def _pair(place: Any) -> tuple[str, float]:
    try:
        name, fraction = place
        if not isinstance(name, str) or isinstance(fraction, bool):
            raise TypeError
        fraction = float(fraction)
    except (TypeError, ValueError):
        raise ParameterError(
            f"a place is a section or (section, fraction), got {place!r}.",
            hint="for example 'soma' or ('dendrite', 0.25)",
        ) from None
    if not 0 <= fraction <= 1 or not np.isfinite(fraction):
        raise ParameterError(
            f"a place on {name!r} must be from 0 to 1, got {fraction!r}.",
            hint="divide the distance by the length of the section",
        )
    return name, fraction


def several(places: Any) -> list[Any]:
    """One place or many, as a list."""
    one = isinstance(places, str) or (
        isinstance(places, tuple) and len(places) == 2 and not isinstance(places[1], str | tuple)
    )
    if not one and not isinstance(places, Iterable):
        raise ParameterError(
            f"places are a section, (section, fraction) or a list of these, got {places!r}.",
            hint="for example ['soma', ('dendrite', 0.25)]",
        )
    return [places] if one else list(places)
