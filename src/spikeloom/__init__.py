"""Spikeloom: a neuron is written once, as equations; every engine is derived from that text.

Everything here is imported when it is first used, so ``import spikeloom`` costs next to nothing.

>>> import spikeloom as sl
>>> sl.LIF(tau=10 * sl.ms).values["tau"]
10 * ms
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from spikeloom import bench as bench
    from spikeloom import cable as cable
    from spikeloom import chips as chips
    from spikeloom import compile as compile
    from spikeloom import data as data
    from spikeloom import engines as engines
    from spikeloom import equations as equations
    from spikeloom import errors as errors
    from spikeloom import lab as lab
    from spikeloom import models as models
    from spikeloom import network as network
    from spikeloom import nn as nn
    from spikeloom import show as show
    from spikeloom import testing as testing
    from spikeloom import train as train
    from spikeloom.cable import *
    from spikeloom.engines import *
    from spikeloom.equations import *
    from spikeloom.equations.units import *
    from spikeloom.models import *
    from spikeloom.network import *

PACKAGES = (
    *("bench", "cable", "chips", "compile", "data", "engines", "equations", "errors", "lab"),
    *("models", "network"),
    *("nn", "show", "testing", "train"),
)
FLAT = ("equations", "equations.units", "models", "engines", "network", "cable")
"""Packages whose public names are also found directly in `spikeloom`."""


def __getattr__(name: str) -> Any:
    if name in PACKAGES:
        return import_module(f"spikeloom.{name}")
    if not name.startswith("_"):
        for package in FLAT:
            found = getattr(import_module(f"spikeloom.{package}"), name, None)
            if found is not None and not isinstance(found, ModuleType):
                return found
    raise AttributeError(f"spikeloom has no {name!r}")


def __dir__() -> list[str]:
    names = {"__version__", *PACKAGES}
    for package in FLAT:
        module = import_module(f"spikeloom.{package}")
        found = {n: getattr(module, n) for n in dir(module) if n[0] != "_"}
        names |= {n for n, x in found.items() if not isinstance(x, ModuleType)}
    return sorted(names)
