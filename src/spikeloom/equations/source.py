"""The source of a class body: where each field stands, and the docstring under it."""

from __future__ import annotations

import ast
import linecache
import textwrap
from dataclasses import dataclass

from spikeloom.equations.where import Where


@dataclass(frozen=True, slots=True)
class FieldSource:
    """One annotated line of a class body."""

    where: Where
    doc: str


def field_sources(name: str, where: Where | None) -> dict[str, FieldSource]:
    """Every annotated field of class `name`, which is being made at `where`.

    Python keeps no docstrings of fields, so they are read from the file; where there is no file
    (typed at a prompt) the answer is empty and only the nicety is lost.
    """
    if where is None:
        return {}
    lines = linecache.getlines(where.file)
    first = next(
        (i for i in range(where.line - 1, len(lines)) if lines[i].lstrip().startswith("class ")),
        None,
    )
    if first is None:
        return {}
    indent = _indent(lines[first])
    last = first + 1
    while last < len(lines) and (not lines[last].strip() or _indent(lines[last]) > indent):
        last += 1
    try:
        tree = ast.parse(textwrap.dedent("".join(lines[first:last])))
    except SyntaxError:
        return {}
    bodies = [n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name]
    if not bodies:
        return {}  # another class: this one was made by `from_text`
    body = bodies[0]
    return {
        node.target.id: FieldSource(_place(where.file, node, first, indent), _doc(after))
        for node, after in zip(body, [*body[1:], None], strict=True)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


def source_line(doc: str | None) -> str:
    """What stands after ``Source:`` in a docstring."""
    _, found, rest = (doc or "").partition("Source:")
    return " ".join(rest.split("\n\n")[0].split()) if found else ""


def _place(file: str, node: ast.AnnAssign, first: int, indent: int) -> Where:
    value = node.value or node.target
    return Where(
        file,
        first + value.lineno,
        first + (value.end_lineno or value.lineno),
        indent + value.col_offset,
        indent + (value.end_col_offset or value.col_offset),
    )


def _doc(node: ast.stmt | None) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        value = node.value.value
        return " ".join(value.split()) if isinstance(value, str) else ""
    return ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
