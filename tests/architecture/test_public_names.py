"""Every public name explains itself: a line that says what it is, and an example that runs."""

from __future__ import annotations

import ast
import importlib
import inspect
from typing import Any

import pytest

FOLDERS = (
    "spikeloom",
    "spikeloom.equations",
    "spikeloom.models.neurons",
    "spikeloom.models.surrogates",
    "spikeloom.compile",
    "spikeloom.engines.cpu",
    "spikeloom.engines.reference",
    "spikeloom.nn",
    "spikeloom.nn.encode",
    "spikeloom.nn.loss",
    "spikeloom.nn.readout",
    "spikeloom.train",
    "spikeloom.data",
    "spikeloom.io",
    "spikeloom.show",
    "spikeloom.testing",
)

# A name that needs no example of its own, and why.
WITHOUT_EXAMPLE: dict[str, str] = {}


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
        for name, value in sorted(public(folder).items()):
            if id(value) not in seen and not name.startswith("_"):
                seen.add(id(value))
                found.append(pytest.param(value, id=f"{value.__module__}.{name}"))
    return found


@pytest.mark.parametrize("value", cases())
def test_a_public_name_is_explained(value: Any) -> None:
    text = inspect.getdoc(value) or ""
    first = text.partition("\n")[0]
    assert first, "a first line that says what it is"
    assert len(first) <= 100
    if isinstance(value, type) and issubclass(value, BaseException):
        return
    known = f"{value.__module__}.{value.__qualname__}" in WITHOUT_EXAMPLE
    assert (">>>" in text) != known, "an example that runs as a doctest"
