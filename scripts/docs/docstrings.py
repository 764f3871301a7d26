"""Read our docstrings as Markdown: bare examples become code blocks, sections stand alone."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

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
    """Applied to every docstring as it is collected."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rewrite the docstring of `obj`, if it has one."""
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(obj.docstring.value)
