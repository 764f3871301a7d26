"""Times as people type them: `0.1ms`, `20 us`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from spikeloom.errors import ConfigError

if TYPE_CHECKING:
    from spikeloom.equations import Quantity


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
