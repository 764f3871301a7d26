"""A model's equations, typeset in a figure: signs under each other, long lines broken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from spikeloom.equations.at_values import at_values
from spikeloom.equations.latex_rows import Row, rows
from spikeloom.show.style import INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from spikeloom.equations import Definition

SIZE = 11.5
"""Points; broken and shrunk from here."""
COARSE = 9.0
"""Letters do not become smaller than this before terms are broken inside too."""
SMALLEST = 7.0
LEADING = 1.16
"""Height of a line over the height of what is in it."""
GAP = 5.0
"""Points between two rows."""
BREAK = r" [+-] |\\ \\text\{(?:if|else)| \\wedge |(?<=,) |:"
"""Before what a term is broken inside: a sign, a choice, an and, an argument."""
MANY = 4
"""More rows than this are set in columns where they are short."""


@dataclass(frozen=True)
class Line:
    """One line, measured in points: text left of the sign, from the sign on, and a remark.

    `column` is where its sign stands.
    """

    left: str
    right: str
    note: str
    width: float
    ascent: float
    descent: float
    column: float = 0.0


@dataclass(frozen=True)
class Typeset:
    """Lines that fit a width.

    Arguments:
        lines: Rows of lines that stand beside each other, from top to bottom.
        size: Font size in points.
        height: Of all, in points.
    """

    lines: tuple[tuple[Line, ...], ...]
    size: float
    height: float

    @property
    def width(self) -> float:
        """Of the widest row, in points."""
        ends = (row[-1] for row in self.lines)
        return max(end.column + _drawn(end, self.size) for end in ends)


def typeset(
    definition: Definition, values: Mapping[str, Any], width: float, size: float = SIZE
) -> Typeset:
    """The equations at these values, in lines of at most `width` points.

    Lines are broken at plus and minus; where even one term is too wide, the letters shrink a
    little, and then terms are broken inside as well, at their choices, signs and commas.

    >>> from spikeloom.models import LIF
    >>> made = typeset(LIF.definition, LIF().values, 300)
    >>> len(made.lines), made.size
    (2, 11.5)
    """
    told = _events(rows(at_values(definition, values), cases=False))
    ruler, finer = Ruler(), False
    while True:
        lines = _lines(told, width, size, ruler)
        widest = max(line.column + _drawn(line, size) for row in lines for line in row)
        if widest <= width or (finer and size <= SMALLEST):
            height = sum(_height(row) for row in lines)
            return Typeset(tuple(lines), size, height)
        if not finer and size <= COARSE:
            told, finer = [_finer(row) for row in told], True
        else:
            size -= 0.5


def _height(row: tuple[Line, ...]) -> float:
    return (max(x.ascent for x in row) + max(x.descent for x in row)) * LEADING + GAP


def draw_equations(axes: Axes, made: Typeset, top: float = 0.0) -> None:
    """Draw lines into axes whose units are points, downwards from `top`."""
    y = top
    for row in made.lines:
        y -= max(x.ascent for x in row) * LEADING + GAP / 2
        for line in row:
            style: dict[str, Any] = {"fontsize": made.size, "color": INK, "va": "baseline"}
            if line.left:
                axes.text(line.column, y, f"${line.left}$", ha="right", **style)
            axes.text(line.column, y, f"${line.right}$", ha="left", **style)
            if line.note:
                style |= {"color": MUTED, "fontsize": made.size - 2}
                axes.text(line.column + line.width, y, line.note, ha="left", **style)
        y -= max(x.descent for x in row) * LEADING + GAP / 2


def _events(told: list[Row]) -> list[Row]:
    """The reset joins the spike in one row, as it is read: at v ≥ θ: v ← E."""
    resets = [row for row in told if row.note == "after it"]
    made: list[Row] = []
    for row in told:
        if row in resets:
            continue
        if row.left == r"\text{spike}":
            what = r",\ \ ".join(f"{r.left} {r.sign} {r.right}" for r in resets)
            then = (row.right, rf":\ \ {what}") if resets else (row.right,)
            word = r"\ \text{if}\ " if r"\text{at the" not in row.right else r"\ "
            pieces = (word + then[0], *then[1:])
            made.append(Row(row.left, "", "".join(pieces), pieces))
        else:
            made.append(row)
    return made


def _finer(row: Row) -> Row:
    """The same row with pieces as small as they go: none ends inside a fraction or a root."""
    text = re.sub(r"\\(left|right)(?![a-z])", "", "".join(row.pieces))
    cuts = [0]
    for found in re.finditer(BREAK, text):
        before = text[: found.start()]
        if before.count("{") == before.count("}") and found.start():
            cuts.append(found.start())
    pieces = tuple(text[a:b] for a, b in zip(cuts, [*cuts[1:], len(text)], strict=True))
    return replace(row, pieces=pieces)


def _lines(told: list[Row], width: float, size: float, ruler: Ruler) -> list[tuple[Line, ...]]:
    left = max(ruler.extent(row.left, size)[0] for row in told)
    made: list[tuple[Line, ...]] = []
    for row in told:
        sign = rf"\ {row.sign}\ " if row.sign else ""
        whole = ruler.line(row.left, sign + row.right, row.note, size, left)
        if left + whole.width <= width:
            made.append((whole,))
            continue
        start, head, text = row.left, sign, ""
        for piece in row.pieces:
            if text and left + ruler.extent(head + text + piece, size)[0] > width:
                made.append((ruler.line(start, head + text, "", size, left),))
                start, head, text = "", r"\quad\ \ ", ""
            text += piece
        made.append((ruler.line(start, head + text, row.note, size, left),))
    named = [row[0] for row in made if _named(row[0])]
    first = [row for row in made if not _named(row[0])]
    if len(first) > MANY:
        first = _runs(first, width)
    return first + _beside(named, width)


def _named(line: Line) -> bool:
    return re.match(r"(\\alpha|\\beta|f)_\{", line.left) is not None and line.right[:3] == r"\ ="


def _runs(rows_: list[tuple[Line, ...]], width: float) -> list[tuple[Line, ...]]:
    """Of many rows, rates that follow each other and are short stand beside each other."""
    made: list[tuple[Line, ...]] = []
    run: list[Line] = []
    for (line,) in rows_:
        rate = line.left.startswith(r"\dfrac") and line.column + line.width < width / 2 - GAP
        if not rate:
            made += [*_beside(run, width), (line,)]
            run = []
        else:
            run.append(line)
    return made + _beside(run, width)


def _beside(lines: list[Line], width: float) -> list[tuple[Line, ...]]:
    """Lines in as many columns as most of them fit; a long one stands alone."""
    if not lines:
        return []
    left = lines[0].column
    wide = sorted(left + line.width + 4 * GAP for line in lines)
    columns = max(1, min(int(width // wide[(3 * len(wide) - 1) // 4]), 4, len(lines)))
    columns -= columns % 2 if columns > 2 and len(lines) % 3 else 0  # two of a gate together
    made: list[list[Line]] = []
    for line in lines:
        long = columns > 1 and line.column + line.width > width / columns - GAP
        if long or not made or len(made[-1]) == columns or _is_long(made[-1], width / columns):
            made.append([])
        made[-1].append(replace(line, column=left + len(made[-1]) * width / columns))
    return [tuple(row) for row in made]


def _is_long(row: list[Line], room: float) -> bool:
    return len(row) == 1 and row[0].column + row[0].width > room - GAP


def _drawn(line: Line, size: float) -> float:
    """Width of a line with its remark, from its sign on."""
    return line.width + (words_width(line.note, size - 2) if line.note else 0.0)


def words_width(text: str, size: float, bold: bool = False) -> float:
    """How wide text is in points, formulas between dollars included."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    font = FontProperties(size=size, weight="bold" if bold else "normal")
    maths = text.count("$") >= 2
    return float(TextToPath().get_text_width_height_descent(text, font, maths)[0])


class Ruler:
    """Measures formulas; each is set once, for sizes scale."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, float, float]] = {}

    def line(self, left: str, right: str, note: str, size: float, column: float) -> Line:
        """A line with its measures."""
        a, b = self.extent(left, size), self.extent(right, size)
        note = f"   {note}" if note else ""
        left, right = _plain(left), _plain(right)
        return Line(left, right, note, b[0], max(a[1], b[1]), max(a[2], b[2]), column)

    def extent(self, text: str, size: float) -> tuple[float, float, float]:
        """Width, height above and depth below the baseline, in points."""
        if not text:
            return (0.0, 0.0, 0.0)
        if text not in self._known:
            from matplotlib.font_manager import FontProperties
            from matplotlib.mathtext import MathTextParser

            given = FontProperties(size=100)
            found = MathTextParser("path").parse(f"${_plain(text)}$", 72, given)
            self._known[text] = (found.width, found.height - found.depth, found.depth)
        width, above, below = (float(x) * size / 100 for x in self._known[text])
        return width, above, below


def _plain(text: str) -> str:
    """In matplotlib's dialect: upright words keep their blanks, outer fractions their size."""
    text = re.sub(
        r"\\text\{([^}]*)\}", lambda m: rf"\mathrm{{{m[1].replace(' ', chr(92) + ' ')}}}", text
    )
    depth, made = 0, []
    for part in re.split(r"(\\frac|\{|\})", text):
        depth += (part == "{") - (part == "}")
        made.append(r"\dfrac" if part == r"\frac" and depth == 0 else part)
    return "".join(made)
