from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from torch import nn


@pytest.fixture(scope="session")
def stand_in() -> type[nn.Module]:
    """The neuron layer in plain torch of ``standin.py``."""
    spec = importlib.util.spec_from_file_location("standin", Path(__file__).with_name("standin.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.StandIn
