"""One unbranched piece of a tree, and its geometry when it is cut into compartments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from spikeloom.errors import ParameterError

Array = np.ndarray[Any, np.dtype[Any]]
Point = tuple[float, float, float, float]
"""x, y, z and diameter, all in µm."""


@dataclass(frozen=True)
class Section:
    """An unbranched piece: cones from point to point.

    Arguments:
        name: Unique in its morphology.
        region: What it belongs to, such as ``dendrite``; membranes are given by region.
        points: (x, y, z, diameter) in µm, at least two.
        parent: Place of the section it grows from in the morphology; None for the first.
        at: Where on the parent, from 0 at its beginning to 1 at its end.

    >>> s = Section("axon", "axon", ((0, 0, 0, 2), (100, 0, 0, 2)))
    >>> s.length, round(s.area, 3)
    (100.0, 628.319)
    """

    name: str
    region: str
    points: tuple[Point, ...]
    parent: int | None = None
    at: float = 1.0

    def __post_init__(self) -> None:
        table = np.asarray(self.points, float)
        if table.ndim != 2 or table.shape[1] != 4 or len(table) < 2:
            raise ParameterError(
                f"section {self.name!r}: points must be at least two of (x, y, z, diameter), got"
                f" shape {table.shape}."
            )
        if not np.all(np.isfinite(table)) or not np.all(table[:, 3] > 0):
            raise ParameterError(
                f"section {self.name!r}: coordinates must be finite and diameters above 0.",
                hint=f"the smallest diameter is {table[:, 3].min():g} µm",
            )
        if not self._along[-1] > 0:
            raise ParameterError(f"section {self.name!r} has no length: its points coincide.")
        if not 0 <= self.at <= 1:
            raise ParameterError(
                f"section {self.name!r} grows from {self.at:g} of its parent.",
                hint="0 is the parent's beginning, 1 its end",
            )

    @cached_property
    def _table(self) -> Array:
        return np.asarray(self.points, float)

    @cached_property
    def _along(self) -> Array:
        """Distance of each point from the first, along the section."""
        steps = np.linalg.norm(np.diff(np.asarray(self.points, float)[:, :3], axis=0), axis=1)
        return np.concatenate([[0.0], np.cumsum(steps)])

    @property
    def length(self) -> float:
        """Length in µm."""
        return float(self._along[-1])

    @property
    def area(self) -> float:
        """Lateral area in µm²."""
        return float(self.cut(1).areas.sum())

    def diameter(self, fraction: float) -> float:
        """Diameter in µm at a fraction of the length."""
        return float(np.interp(fraction * self.length, self._along, self._table[:, 3]))

    def place(self, fraction: float) -> Array:
        """x, y, z in µm at a fraction of the length."""
        s = fraction * self.length
        return np.array([np.interp(s, self._along, self._table[:, k]) for k in range(3)])

    def cut(self, count: int) -> Cut:
        """Areas and resistances of equally long compartments.

        Arguments:
            count: Compartments N.
        """
        halves = np.linspace(0.0, self.length, 2 * count + 1)
        edges = np.unique(np.concatenate([halves, self._along]))
        diameters = np.interp(edges, self._along, self._table[:, 3])
        h, a, b = np.diff(edges), diameters[:-1], diameters[1:]
        area = np.pi * (a + b) / 2 * np.hypot((a - b) / 2, h)
        resistance = 4 * h / (np.pi * a * b)
        middle = (edges[:-1] + edges[1:]) / 2
        half = np.clip(np.searchsorted(halves, middle) - 1, 0, 2 * count - 1)
        areas, along = np.zeros(2 * count), np.zeros(2 * count)
        np.add.at(areas, half, area)
        np.add.at(along, half, resistance)
        return Cut(areas.reshape(count, 2).sum(axis=1), along[0::2], along[1::2])


@dataclass(frozen=True, eq=False)
class Cut:
    """Compartments of one section.

    Arguments:
        areas: Membrane in µm², (N,).
        before, after: From the beginning to the middle of each, and from there to its end, in 1/µm:
            times a resistivity it is a resistance, (N,).
    """

    areas: Array
    before: Array
    after: Array
