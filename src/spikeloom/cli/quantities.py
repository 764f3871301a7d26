"""Times and other quantities as people type them: `0.1ms`, `20 us`, `0.5 mS/cm2`."""

from __future__ import annotations

import re
from math import isfinite
from typing import TYPE_CHECKING

from spikeloom.errors import ConfigError, suggest

if TYPE_CHECKING:
    from spikeloom.equations import Quantity


TYPED = {"s": "second", "V": "volt", "A": "amp", "S": "siemens", "F": "farad", "m": "metre",
         "µs": "us", "µV": "uV", "µA": "uA", "µF": "uF", "µS": "uS", "µm": "um",
         "Ω": "Ohm", "kΩ": "kOhm", "MΩ": "MOhm", "GΩ": "GOhm"}  # fmt: skip
"""Units under names that people type and Python cannot."""


def read_time(text: str) -> Quantity:
    """A time with its unit.

    Raises:
        ConfigError: Not a number with a unit of time, or not above zero.

    >>> read_time("0.1ms")
    0.1 * ms
    """
    from spikeloom.equations import units

    match = re.fullmatch(r"\s*([0-9.]+(?:e[+-]?[0-9]+)?)\s*(s|ms|us)\s*", text, re.IGNORECASE)
    try:
        value = float(match[1]) if match else 0.0
    except ValueError:
        value = 0.0
    if match is None or not 0 < value < float("inf"):
        raise ConfigError(
            f"{text!r} is not a time above zero.",
            hint="write a number and a unit: 0.1ms, 1ms, 50us",
        )
    return value * getattr(units, match[2].lower())


def read_quantity(text: str, label: str = "") -> Quantity:
    """A number with any unit, as people type it: ``10ms``, ``-65 mV``, ``0.5 mS/cm2``, ``0.02/ms``.

    Arguments:
        text: What was typed.
        label: What it is for, for messages.

    Raises:
        ConfigError: It is no number, or the unit is not known; near names are suggested.

    >>> [read_quantity(t) for t in ("10ms", "-65 mV", "120 mS/cm2", "0.02/ms", "3")]
    [10 * ms, -65 * mV, 120 * mS / cm2, 0.02 / ms, 3 * one]
    """
    from spikeloom.equations import Quantity, Unit
    from spikeloom.equations.text_expr import UNITS
    from spikeloom.equations.units import one

    match = re.fullmatch(r"\s*([-+−]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*\*?\s*(.*?)\s*", text)
    head = f"{label}: " if label else ""
    if match is None:
        raise ConfigError(
            f"{head}{text!r} is not a number with a unit.", hint="for example 10ms, -65mV, 0.3nA"
        )
    unit: Unit = one
    known = {**UNITS, **{typed: UNITS[name] for typed, name in TYPED.items()}}
    for sign, name, power in re.findall(r"([*/·]?)\s*([^\W\d]\w*|\S)\s*\^?(-?\d+)?", match[2]):
        if name in known:
            found = known[name]
        elif name == "1":
            found = one
        else:
            raise ConfigError(f"{head}the unit {name!r} is not known.", hint=suggest(name, known))
        factor = found ** int(power) if power else found
        unit = unit / factor if sign == "/" else unit * factor
    number = float(match[1].replace("−", "-"))
    if not isfinite(number):
        raise ConfigError(f"{head}{text!r} is not a finite number.")
    return Quantity(number, unit)
