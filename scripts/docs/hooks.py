"""What the site builder does beyond its plugins: maths without scripts, a list of decisions."""

from __future__ import annotations

import html
import io
import os
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert

sys.path.insert(0, str(Path(__file__).parent))  # hooks are loaded by path, not as a package
from catalogue import catalogue
from gallery import gallery

_INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
_BLOCK = re.compile(r'<div class="arithmatex">\s*\\\[(.*?)\\\]\s*</div>', re.DOTALL)
_LIST = "<!-- list of decisions -->"
_HELP = "<!-- help of every command -->"
_MODELS = "<!-- every model -->"
_GALLERY = "<!-- every picture -->"


def on_config(config: Any) -> Any:
    """Put every decision into the navigation."""
    for entry in config.nav:
        if "Decisions" in entry:
            entry["Decisions"] = ["decisions/index.md"] + [
                {_title(path): f"decisions/{path.name}"} for path in _decisions(config)
            ]
    return config


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Fill in what is written elsewhere: decisions, help of the commands, models."""
    del page, files
    if _LIST in markdown:
        lines = [f"- [{_title(path)}]({path.name})" for path in _decisions(config)]
        markdown = markdown.replace(_LIST, "\n".join(lines))
    if _HELP in markdown:
        markdown = markdown.replace(_HELP, _command_help())
    if _MODELS in markdown:
        markdown = markdown.replace(_MODELS, catalogue())
    if _GALLERY in markdown:
        markdown = markdown.replace(_GALLERY, gallery(Path(config.docs_dir)))
    return markdown


def on_page_content(content: str, page: Any, config: Any, files: Any) -> str:
    """Turn LaTeX into MathML, which browsers draw by themselves."""
    del page, config, files
    content = _INLINE.sub(lambda m: convert(html.unescape(m[1])), content)
    return _BLOCK.sub(lambda m: convert(html.unescape(m[1]), display="block"), content)


def _decisions(config: Any) -> list[Path]:
    return sorted(Path(config.docs_dir, "decisions").glob("[0-9]*.md"))


def _title(path: Path) -> str:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    return first.removeprefix("#").strip()


def _command_help() -> str:
    """The help texts, as the commands themselves print them."""
    import typer.main

    from spikeloom.cli import app

    parts: list[str] = []

    def visit(command: Any, path: str, depth: int) -> None:
        text = _printed(command, path)
        parts.append(f"{'#' * (depth + 1)} `{path}`\n\n```text\n{text}\n```\n")
        for name, sub in sorted(getattr(command, "commands", {}).items()):
            visit(sub, f"{path} {name}", depth + 1)

    visit(typer.main.get_command(app), "spikeloom", 1)
    return "\n".join(parts)


def _printed(command: Any, path: str) -> str:
    """Help is drawn straight to the terminal, so stand in for one of 92 columns."""
    os.environ |= {"COLUMNS": "92", "TERMINAL_WIDTH": "92", "NO_COLOR": "1"}
    out = io.StringIO()
    with redirect_stdout(out):
        given = command.get_help(command.context_class(command, info_name=path))
    lines = [line.rstrip() for line in (out.getvalue() or given or "").split("\n")]
    return "\n".join(lines).strip("\n")
