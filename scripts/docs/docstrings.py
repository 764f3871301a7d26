"""Read our docstrings as Markdown: examples and tables become code blocks, sections stand alone.

And read `from … import X as X` as what it means to a type checker: X is public here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

from griffe import Extension, Module, Object

_EXAMPLE = re.compile(r"^Examples?:$")
_SECTION = re.compile(r"^(?:Arguments|Returns|Raises|Yields|Attributes):$")
_ASIDE = re.compile(r"^(Source|Maths|Shape|Note): ?")
_BORDER = re.compile(r"^=+(?: +=+)+$")


def as_markdown(text: str) -> str:
    """One docstring, ready for a Markdown parser that knows Google's sections."""
    out: list[str] = []
    for block in _blocks(text):
        first = block[0]
        verbatim = [line for line in block if line.strip()]
        if _EXAMPLE.match(first):
            verbatim = dedent("\n".join(verbatim[1:])).split("\n")
            first = verbatim[0]
        if first.startswith(">>> "):
            out += ["", "```pycon", *verbatim, "```", ""]
        elif _BORDER.match(first):
            out += [
                "",
                "```text",
                *(line for line in verbatim if not _BORDER.match(line)),
                "```",
                "",
            ]
        elif _ASIDE.match(first):
            out += ["", _ASIDE.sub(r"*\1:* ", first), *block[1:]]
        elif _SECTION.match(first):
            out += ["", *block]
        else:
            out += block
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out)).strip("\n")


def _blocks(text: str) -> Iterator[list[str]]:
    """The docstring cut before every section, example and table, and after every empty line."""
    block: list[str] = []
    in_table = False
    for line in text.split("\n"):
        starts = any(p.match(line) for p in (_SECTION, _ASIDE, _EXAMPLE))
        starts |= line.startswith(">>> ") and not (block and block[0].startswith(">>> "))
        starts |= bool(_BORDER.match(line)) and not in_table
        if block and starts:
            yield block
            block = []
        in_table = bool(_BORDER.match(line)) or (in_table and bool(line.strip()))
        if line.strip() or not block:
            block.append(line)
        if not line.strip():
            yield [*block, ""]
            block = []
    if block:
        yield block


class Docstrings(Extension):
    """Applied to every docstring as it is collected, and to the exports of every package."""

    def on_module_members(self, *, node: Any, mod: Module, **_: Any) -> None:
        """List what a package re-exports, where it has no `__all__` of its own."""
        if not isinstance(node, ast.Module) or mod.exports is not None or not mod.is_init_module:
            return
        mod.exports = [
            alias.name
            for statement in ast.walk(node)
            if isinstance(statement, ast.ImportFrom)
            for alias in statement.names
            if alias.asname == alias.name
        ]

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rewrite the docstring of `obj`, if it has one."""
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(obj.docstring.value)
