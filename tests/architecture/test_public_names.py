"""Every public name explains itself: a line that says what it is, and an example that runs."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from typing import Any

import pytest

FOLDERS = (
    "spikeloom",
    "spikeloom.equations",
    "spikeloom.models",
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
    """In its own docstring, in a method's, or in that of its file, where the name is used."""
    if ">>>" in (inspect.getdoc(value) or ""):
        return True
    if inspect.isclass(value) and any(
        ">>>" in (inspect.getdoc(member) or "")
        for name, member in vars(value).items()
        if not name.startswith("_")
    ):
        return True
    text = importlib.import_module(value.__module__).__doc__ or ""
    lines = [line for line in text.split("\n") if line.strip().startswith((">>>", "..."))]
    return any(re.search(rf"\b{value.__name__}\b", line) for line in lines)


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
    known = f"{value.__module__}.{value.__qualname__}" in WITHOUT_EXAMPLE
    assert has_example(value) != known, "an example that runs as a doctest"
