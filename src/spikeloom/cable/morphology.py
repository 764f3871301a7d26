"""The shape of a cell: a tree of sections."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, pi, sin
from os import PathLike
from typing import Any

import numpy as np

from spikeloom.cable.section import Section
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.units import um
from spikeloom.errors import ParameterError, UnitError, suggest

MOST_LEVELS = 16


@dataclass(frozen=True, repr=False)
class Morphology:
    """A tree of sections; it says where, and nothing about membranes.

    Begin with `cylinder`, `soma`, `rall` or `from_swc`, and go on with `branch`.

    >>> from spikeloom.equations.units import um
    >>> cell = Morphology.soma(20 * um).branch("dendrite", 300 * um, 2 * um)
    >>> cell
    Morphology: 2 sections, 320 µm; soma 1, dendrite 1
    """

    sections: tuple[Section, ...]

    def __post_init__(self) -> None:
        names = [s.name for s in self.sections]
        if not names:
            raise ParameterError("Morphology: there are no sections.")
        if len(set(names)) != len(names):
            twice = next(n for k, n in enumerate(names) if n in names[:k])
            raise ParameterError(
                f"Morphology: two sections are called {twice!r}.", hint="give each its own name"
            )
        for k, section in enumerate(self.sections):
            if (section.parent is None) != (k == 0):
                raise ParameterError(
                    f"Morphology: section {section.name!r} is number {k} and has the parent"
                    f" {section.parent}; the first has none, every other has one."
                )
            if section.parent is not None and not 0 <= section.parent < k:
                raise ParameterError(
                    f"Morphology: section {section.name!r} comes before its parent.",
                    hint="parents first",
                )

    @classmethod
    def cylinder(
        cls, length: Quantity, diameter: Quantity, *, name: str = "cable", region: str | None = None
    ) -> Morphology:
        """One cylinder with both ends free.

        Arguments:
            length, diameter: Lengths.
            name: Of the section.
            region: Of the section; its name if None.

        >>> Morphology.cylinder(1000 * um, 2 * um, name="axon").section("axon").diameter(0.5)
        2.0
        """
        x, d = _length(f"{name}: length", length), _length(f"{name}: diameter", diameter)
        return cls((Section(name, region or name, ((0.0, 0.0, 0.0, d), (x, 0.0, 0.0, d))),))

    @classmethod
    def soma(cls, diameter: Quantity, *, name: str = "soma") -> Morphology:
        """A soma: the cylinder that is as long as it is wide has the area of the sphere.

        >>> round(Morphology.soma(20 * um).sections[0].area / (pi * 20**2), 12)
        1.0
        """
        return cls.cylinder(diameter, diameter, name=name)

    @classmethod
    def rall(cls, diameter: Quantity, lengths: list[Quantity] | tuple[Quantity, ...]) -> Morphology:
        r"""A tree in which every branch splits in two equal ones with Σ d^{3/2} conserved.

        With lengths in proportion to √d it is equivalent to one cylinder of the first diameter.

        Arguments:
            diameter: Of the trunk.
            lengths: Of the branches of each level; level k has 2^k of them, 2^{-2k/3} as wide.

        Source: Rall 1962, Ann. N. Y. Acad. Sci. 96:1071.

        >>> Morphology.rall(4 * um, [100 * um, 80 * um, 60 * um])
        Morphology: 7 sections, 500 µm; dendrite 7
        """
        if not lengths or len(lengths) > MOST_LEVELS:
            raise ParameterError(
                f"Morphology.rall: there must be 1 to {MOST_LEVELS} levels, got {len(lengths)}."
            )
        trunk = _length("Morphology.rall: diameter", diameter)
        tree = cls.cylinder(lengths[0], diameter, name="0", region="dendrite")
        last = ["0"]
        for level, length in enumerate(lengths[1:], start=1):
            width = trunk * 2 ** (-2 * level / 3)
            names = [parent + side for parent in last for side in "01"]
            for name in names:
                tree = tree.branch(name, length, width * um, on=name[:-1], region="dendrite")
            last = names
        return tree

    @classmethod
    def from_swc(cls, path: str | PathLike[str], *, soma: bool = True) -> Morphology:
        """Read the shape of a cell from an SWC file.

        Unbranched runs of points of one type become sections. A soma of one point, or of the three
        points of NeuroMorpho, becomes a cylinder with the area of its sphere; one of more points
        keeps them. What grows from the soma begins at its own first point, in the middle of it.

        Arguments:
            path: The file.
            soma: Whether it must have a soma.

        Raises:
            DataError: The file is no SWC file; the line is named.
        """
        from spikeloom.cable.swc import read_swc

        return cls(read_swc(path, soma=soma))

    def branch(
        self,
        name: str,
        length: Quantity,
        diameter: Quantity | tuple[Quantity, Quantity],
        *,
        on: str | None = None,
        at: float = 1.0,
        region: str | None = None,
        angle: float | None = None,
    ) -> Morphology:
        """The same tree with one more section.

        Arguments:
            name: Of the new section.
            length: Its length.
            diameter: One, or those of its beginning and its end.
            on: The section it grows from; the last one if None.
            at: Where on it, from 0 to 1.
            region: Of the new section; its name if None.
            angle: Direction in the plane in degrees, for drawing only; None finds a free one.

        Raises:
            ParameterError: No such section, or a name that is taken.
        """
        parent = len(self.sections) - 1 if on is None else self._index(on)
        ends = diameter if isinstance(diameter, tuple) else (diameter, diameter)
        if len(ends) != 2:
            raise ParameterError(
                f"{name}: give one diameter, or those of beginning and end; got {len(ends)}."
            )
        a, b = (_length(f"{name}: diameter", d) for d in ends)
        size = _length(f"{name}: length", length)
        first = self.sections[parent].place(at)
        direction = self._free(parent, at) if angle is None else angle * pi / 180
        last = first + size * np.array([cos(direction), sin(direction), 0.0])
        (x, y, z), (p, q, r) = map(float, first), map(float, last)
        points = ((x, y, z, a), (p, q, r, b))
        section = Section(name, region or name, points, parent, float(at))
        return replace(self, sections=(*self.sections, section))

    def section(self, name: str) -> Section:
        """A section by its name."""
        return self.sections[self._index(name)]

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions, in the order of first use."""
        return tuple(dict.fromkeys(s.region for s in self.sections))

    @property
    def length(self) -> float:
        """Length of all sections in µm."""
        return sum(s.length for s in self.sections)

    def _index(self, name: str) -> int:
        names = [s.name for s in self.sections]
        if name not in names:
            raise ParameterError(
                f"Morphology: there is no section {name!r}.", hint=suggest(str(name), names)
            )
        return names.index(name)

    def _free(self, parent: int, at: float) -> float:
        """A direction that no other branch of the parent has taken."""
        before = self.sections[parent]
        depth, above = 0, parent
        while self.sections[above].parent is not None:
            depth, above = depth + 1, self.sections[above].parent or 0
        along = before.place(1) - before.place(0)
        forward = float(np.arctan2(along[1], along[0])) if at > 0 else pi
        taken = sum(s.parent == parent and s.at == at for s in self.sections)
        spread = 0.9 * 0.62**depth
        side = (1 if taken % 2 == 0 else -1) * (taken // 2 + 0.5)
        return forward + spread * side

    def __repr__(self) -> str:
        counts = [f"{r} {sum(s.region == r for s in self.sections)}" for r in self.regions]
        many = f"{len(self.sections):,} section{'s' * (len(self.sections) != 1)}"
        return f"Morphology: {many}, {self.length:,.6g} µm; {', '.join(counts)}"


def _length(what: str, value: Any) -> float:
    if isinstance(value, Unit):
        value = Quantity(1.0, value)
    if not isinstance(value, Quantity) or not value.unit.fits(um):
        raise UnitError(f"{what} must be a length, got {value!r}.", hint="for example 100 * um")
    number = value.to(um)
    if np.ndim(number) or not np.isfinite(number) or not number > 0:
        raise ParameterError(f"{what} must be one finite length above 0, got {value}.")
    return float(number)
