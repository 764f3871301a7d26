"""Docstrings become Markdown for the reference pages."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

TOOL = Path(__file__).resolve().parents[2] / "scripts" / "docs" / "docstrings.py"


@pytest.fixture(scope="module")
def tool() -> Any:
    pytest.importorskip("griffe")
    spec = importlib.util.spec_from_file_location("docstrings", TOOL)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_example_becomes_a_block(tool: Any) -> None:
    assert tool.as_markdown("What.\n\n>>> 1 + 1\n2") == "What.\n\n```pycon\n>>> 1 + 1\n2\n```"


def test_an_example_under_a_heading_becomes_the_same(tool: Any) -> None:
    indented = "What.\n\nExample:\n    >>> 1 + 1\n    2"
    assert tool.as_markdown(indented) == "What.\n\n```pycon\n>>> 1 + 1\n2\n```"


def test_a_section_stands_alone(tool: Any) -> None:
    text = "What.\n\nArguments:\n    a: One.\nReturns:\n    Two."
    assert tool.as_markdown(text).split("\n\n") == [
        "What.",
        "Arguments:\n    a: One.",
        "Returns:\n    Two.",
    ]


def test_a_table_keeps_its_columns(tool: Any) -> None:
    text = "====  ====\na     b\n====  ====\n1     2\n====  ====\n\nEnd."
    assert tool.as_markdown(text) == "```text\na     b\n1     2\n```\n\nEnd."


def test_plain_text_is_left_alone(tool: Any) -> None:
    text = "What.\n\nA paragraph\nof two lines.\n\n- a list"
    assert tool.as_markdown(text) == text
