"""SWC files: one point a line, ``number type x y z radius parent``.

Source: Cannon et al. 1998, J. Neurosci. Methods 84:49; soma conventions of neuromorpho.org.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from os import PathLike
from pathlib import Path

from spikeloom.cable.section import Point, Section
from spikeloom.errors import DataError

REGIONS = {1: "soma", 2: "axon", 3: "dendrite", 4: "apical"}
"""What the type of a point means; others become ``type5`` and so on."""
SOMA = 1
COLUMNS = "number type x y z radius parent"


@dataclass(frozen=True, slots=True)
class Sample:
    """One point of the file."""

    line: int
    number: int
    kind: int
    place: Point
    parent: int


def read_swc(path: str | PathLike[str], *, soma: bool = True) -> tuple[Section, ...]:
    """The sections of the cell in a file.

    Arguments:
        path: The file.
        soma: Whether it must have one.

    Raises:
        DataError: The file cannot be read, or is no tree; the line is named.
    """
    if not isinstance(path, str | PathLike):
        raise DataError(f"Morphology.from_swc: a path is needed, got {path!r}.")
    name = Path(path).name
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise DataError(f"{name}: it cannot be read ({error.strerror or error}).") from error
    samples = _samples(name, text)
    order = _ordered(name, samples)
    if not any(s.kind == SOMA for s in order) and soma:
        raise DataError(
            f"{name}: there is no soma: no point has the type 1.",
            hint="Morphology.from_swc(path, soma=False) reads it all the same",
        )
    return _sections(name, order)


def _samples(name: str, text: str) -> dict[int, Sample]:
    found: dict[int, Sample] = {}
    for line, row in enumerate(text.splitlines(), start=1):
        words = row.partition("#")[0].replace(",", " ").split()
        if not words:
            continue
        if len(words) < 7:
            raise DataError(
                f"{name}, line {line}: expected seven numbers ({COLUMNS}), got {len(words)}:"
                f" {row.strip()[:60]!r}."
            )
        try:
            number, kind, parent = (_whole(words[k]) for k in (0, 1, 6))
            x, y, z, radius = (float(words[k]) for k in (2, 3, 4, 5))
        except ValueError as error:
            raise DataError(
                f"{name}, line {line}: expected numbers ({COLUMNS}), got {row.strip()[:60]!r}."
            ) from error
        if not all(map(isfinite, (x, y, z, radius))):
            raise DataError(f"{name}, line {line}: a coordinate is not finite: {row.strip()!r}.")
        if not radius > 0:
            raise DataError(
                f"{name}, line {line}: the radius must be above 0, got {radius:g}.",
                hint="give the point the radius of its neighbour",
            )
        if number in found:
            raise DataError(
                f"{name}, line {line}: point {number} stands already in line {found[number].line}."
            )
        found[number] = Sample(line, number, kind, (x, y, z, 2 * radius), parent)
    if not found:
        raise DataError(f"{name}: there are no points in it.", hint=f"a line is: {COLUMNS}")
    return found


def _whole(word: str) -> int:
    number = float(word)
    if number != int(number):
        raise ValueError(word)
    return int(number)


def _ordered(name: str, samples: dict[int, Sample]) -> list[Sample]:
    """Parents before children, in the order of the file where that allows it."""
    roots = [s for s in samples.values() if s.parent < 0]
    below: dict[int, list[Sample]] = {}
    for s in samples.values():
        if s.parent < 0:
            continue
        if s.parent not in samples:
            raise DataError(
                f"{name}, line {s.line}: point {s.number} has the parent {s.parent}, which is not"
                " in the file.",
                hint="a point without a parent has the parent -1",
            )
        below.setdefault(s.parent, []).append(s)
    if len(roots) > 1:
        raise DataError(
            f"{name}, line {roots[1].line}: a second point without a parent; the first is in line"
            f" {roots[0].line}.",
            hint="a file holds one cell, and all of it is one tree",
        )
    order = list(roots)
    for s in order:
        order += below.get(s.number, [])
    if len(order) < len(samples):
        reached = {s.number for s in order}
        lost = next(s for s in samples.values() if s.number not in reached)
        seen: list[int] = []
        while lost.number not in seen:
            seen.append(lost.number)
            lost = samples[lost.parent]
        ring = [*seen[seen.index(lost.number) :], lost.number]
        raise DataError(
            f"{name}, line {lost.line}: the parents go round in a circle:"
            f" {' → '.join(map(str, ring[:8]))}.",
            hint="exactly one point, the first of the soma, has the parent -1",
        )
    return order


def _sections(name: str, order: list[Sample]) -> tuple[Section, ...]:
    children: dict[int, list[Sample]] = {}
    for s in order:
        children.setdefault(s.parent, []).append(s)
    by_number = {s.number: s for s in order}
    made: list[Section] = []
    ends: dict[int, tuple[int, float]] = {}
    """Point -> the section it lies on, and where: what grows from it attaches there."""
    counts: dict[str, int] = {}
    body = [s for s in order if s.kind == SOMA]
    root = order[0]
    if root.kind == SOMA:
        round_one = _round(body, root)
        if round_one is not None:
            made.append(Section("soma", "soma", round_one))
            counts["soma"] = 1
            ends |= {s.number: (0, 0.5) for s in body}
    for s in order:
        if s.number in ends:
            continue
        parent = by_number.get(s.parent)
        joins = parent is not None and parent.number in ends
        starts = parent is None or (joins and not _goes_on(parent, s, children, ends))
        if not starts:
            continue
        run = [s]
        while True:
            last = run[-1]
            nexts = children.get(last.number, [])
            if len(nexts) != 1 or nexts[0].kind != last.kind:
                break
            run.append(nexts[0])
        points = tuple(p.place for p in run)
        on, at = ends[parent.number] if parent is not None else (None, 1.0)
        if parent is not None and (parent.kind != SOMA or len(points) < 2):
            # The stretch from the parent's point to the first of its own, as wide as its own.
            width = parent.place[3] if parent.kind == s.kind else s.place[3]
            points = ((*parent.place[:3], width), *points)
        points = _apart(points)
        if len(points) < 2:
            points = _ball(name, run[0])
        region = REGIONS.get(s.kind, f"type{s.kind}")
        k = counts.get(region, 0)
        counts[region] = k + 1
        label = "soma" if region == "soma" and k == 0 else f"{region}[{k}]"
        made.append(Section(label, region, points, on, at))
        index = len(made) - 1
        for p in run:
            ends[p.number] = (index, _along(made[-1], p.place))
    return tuple(made)


def _goes_on(
    parent: Sample, s: Sample, children: dict[int, list[Sample]], ends: dict[int, tuple[int, float]]
) -> bool:
    """Whether a point is part of the run of its parent, which was taken already."""
    return s.number in ends and parent.kind == s.kind and len(children[parent.number]) == 1


def _round(body: list[Sample], root: Sample) -> tuple[Point, ...] | None:
    """The cylinder of a soma of one point, or of the three of NeuroMorpho; None for any other."""
    others = [s for s in body if s is not root]
    three = len(body) == 3 and all(s.parent == root.number for s in others)
    if len(body) != 1 and not three:
        return None
    x, y, z, d = root.place
    return (x, y - d / 2, z, d), (x, y + d / 2, z, d)


def _ball(name: str, s: Sample) -> tuple[Point, ...]:
    """A point that stands alone: as long as it is wide."""
    x, y, z, d = s.place
    return (x, y - d / 2, z, d), (x, y + d / 2, z, d)


def _apart(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Without points that repeat the one before."""
    kept = [points[0]]
    kept += [b for a, b in pairwise(points) if a[:3] != b[:3]]
    return tuple(kept)


def _along(section: Section, place: Point) -> float:
    """Where a point lies on its section, as a fraction of its length."""
    total = done = 0.0
    for a, b in pairwise(section.points):
        total += sum((p - q) ** 2 for p, q in zip(a[:3], b[:3], strict=True)) ** 0.5
        if b[:3] == place[:3]:
            done = total
    return done / total
