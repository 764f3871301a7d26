"""Every public name explains itself: a line that says what it is, and an example that runs."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FOLDERS = (
    "spikeloom",
    "spikeloom.equations",
    "spikeloom.models",
    "spikeloom.cable",
    "spikeloom.chips",
    "spikeloom.compile",
    "spikeloom.engines.cpu",
    "spikeloom.engines.fixed",
    "spikeloom.engines.gpu",
    "spikeloom.engines.reference",
    "spikeloom.network",
    "spikeloom.network.library",
    "spikeloom.nn",
    "spikeloom.nn.encode",
    "spikeloom.nn.loss",
    "spikeloom.nn.readout",
    "spikeloom.train",
    "spikeloom.data",
    "spikeloom.lab",
    "spikeloom.show",
    "spikeloom.testing",
)

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```python *$\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LIST = Path(__file__).with_name("without_example.txt")


def without_example() -> dict[str, str]:
    """Names that have no example, and why; each line of the list holds both."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    rows = [line.split(None, 1) for line in lines if line and not line.startswith("#")]
    return {row[0]: row[1] for row in rows}


def public(folder: str) -> dict[str, Any]:
    """What a package exports: `__all__`, and every `from … import X as X`."""
    module = importlib.import_module(folder)
    tree = ast.parse(inspect.getsource(module))
    exported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name
    }
    values = {name: getattr(module, name) for name in {*getattr(module, "__all__", ()), *exported}}
    return {n: v for n, v in values.items() if inspect.isclass(v) or inspect.isroutine(v)}


def cases() -> list[Any]:
    seen: set[int] = set()
    found = []
    for folder in FOLDERS:
        try:
            names = public(folder)
        except ImportError as error:  # one broken part must not hide the others
            found.append(pytest.param(error, id=folder))
            continue
        for name, value in sorted(names.items()):
            if id(value) not in seen and not name.startswith("_"):
                seen.add(id(value))
                found.append(pytest.param(value, id=f"{value.__module__}.{name}"))
    return found


def has_example(value: Any) -> bool:
    """In its docstring or a method's, in that of its file or of a package above, or in the docs."""
    if ">>>" in (inspect.getdoc(value) or ""):
        return True
    if inspect.isclass(value) and any(
        ">>>" in (inspect.getdoc(member) or "")
        for name, member in vars(value).items()
        if not name.startswith("_")
    ):
        return True
    parts = value.__module__.split(".")
    above = [".".join(parts[:n]) for n in range(1, len(parts) + 1)]
    texts = [importlib.import_module(name).__doc__ or "" for name in above]
    return any(uses(text, value.__name__) for text in [*texts, documentation()])


@cache
def documentation() -> str:
    """The Python of all pages, whose examples run as tests, without what it imports."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    blocks = [b for page in pages for b in _FENCE.findall(page.read_text(encoding="utf-8"))]
    parsed = [node for block in blocks for node in ast.parse(block).body]
    used = [n for n in parsed if not isinstance(n, ast.Import | ast.ImportFrom)]
    return "\n".join(f">>> {line}" for n in used for line in ast.unparse(n).split("\n"))


def uses(text: str, name: str) -> bool:
    lines = [line for line in text.split("\n") if line.strip().startswith((">>>", "..."))]
    return any(re.search(rf"\b{name}\b", line) for line in lines)


@pytest.mark.parametrize("value", cases())
def test_a_public_name_is_explained(value: Any) -> None:
    if isinstance(value, ImportError):
        raise value
    first = (inspect.getdoc(value) or "").partition("\n")[0]
    assert first, "a first line that says what it is"
    assert len(first) <= 100
    if inspect.isclass(value) and (
        issubclass(value, BaseException) or getattr(value, "_is_protocol", False)
    ):
        return  # raised or implemented by others, never made by a user
    name = f"{value.__module__}.{value.__qualname__}"
    if name in without_example():
        assert not has_example(value), f"has an example now: take it out of {LIST.name}"
    else:
        assert has_example(value), "an example that runs as a doctest"


def test_the_list_of_exceptions_names_what_exists() -> None:
    known = {
        f"{value.__module__}.{value.__qualname__}"
        for folder in FOLDERS
        for value in public(folder).values()
    }
    assert sorted(set(without_example()) - known) == []
