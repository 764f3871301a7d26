"""Tests of the kernels for a GPU; `tests/conftest.py` has them interpreted where there is none."""

from __future__ import annotations

import importlib.util

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip this folder where Triton is not installed, as on macOS."""
    if importlib.util.find_spec("triton") and importlib.util.find_spec("torch"):
        return
    for item in items:
        if "tests/engines/gpu" in item.path.as_posix():
            item.add_marker(pytest.mark.skip(reason="Triton or Torch is not installed"))
