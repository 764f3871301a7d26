"""Read our docstrings as Markdown: bare examples become code blocks, sections stand alone.

And read `from … import X as X` as what it means to a type checker: X is public here.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from griffe import Extension, Module, Object

_SECTION = re.compile(r"^(?:Arguments|Returns|Raises|Yields|Attributes|Examples?):$")
_SOURCE = re.compile(r"^(Source|Maths|Shape|Note): ?")


def as_markdown(text: str) -> str:
    """One docstring, with `>>>` blocks fenced and a blank line before every section."""
    out: list[str] = []
    fenced = in_example = False
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped.startswith("```"):
            fenced = not fenced
        if not fenced and not in_example and stripped.startswith(">>> "):
            indent = line[: len(line) - len(line.lstrip())]
            out += ["", f"{indent}```pycon"]
            in_example = True
        elif in_example and not stripped:
            out.append("```")
            in_example = False
        elif not fenced and not in_example and _SECTION.match(line) and out and out[-1]:
            out.append("")
        if not in_example and _SOURCE.match(line):
            if out and out[-1]:
                out.append("")
            line = _SOURCE.sub(r"*\1:* ", line)
        out.append(line)
    if in_example:
        out.append("```")
    return "\n".join(out)


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
