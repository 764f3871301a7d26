"""What a model is asked for that layers above this one answer.

``model.explain()`` reads better than ``explain(model)``, yet the equations must not know who
explains them. So a model knows the public name alone, and the package finds it when it is called,
as it finds every public name: no layer is imported from below.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def public(path: str) -> Callable[..., Any]:
    """A function by its public name below `spikeloom`, such as ``"lab.check_dt"``."""
    found: Any = import_module("spikeloom")
    for name in path.split("."):
        found = getattr(found, name)
    return found
