"""The units of the field as data: what is measured, in which dimensions, under which names.

Dimensions are exponents of (time, voltage, current, length, amount, temperature); the number after
a name is the power of ten of the SI unit.
"""

from __future__ import annotations

from typing import TypeAlias

Row: TypeAlias = "tuple[str, tuple[int, int, int, int, int, int], dict[str, int]]"

ROWS: tuple[Row, ...] = (
    ("number", (0, 0, 0, 0, 0, 0), {"one": 0}),
    ("time", (1, 0, 0, 0, 0, 0), {"second": 0, "ms": -3, "us": -6}),
    ("rate", (-1, 0, 0, 0, 0, 0), {"Hz": 0, "kHz": 3}),
    ("voltage", (0, 1, 0, 0, 0, 0), {"volt": 0, "mV": -3, "uV": -6}),
    ("current", (0, 0, 1, 0, 0, 0), {"amp": 0, "mA": -3, "uA": -6, "nA": -9, "pA": -12}),
    ("resistance", (0, 1, -1, 0, 0, 0), {"Ohm": 0, "kOhm": 3, "MOhm": 6, "GOhm": 9}),
    ("conductance", (0, -1, 1, 0, 0, 0), {"siemens": 0, "mS": -3, "uS": -6, "nS": -9, "pS": -12}),
    ("capacitance", (1, -1, 1, 0, 0, 0), {"farad": 0, "uF": -6, "nF": -9, "pF": -12}),
    ("charge", (1, 0, 1, 0, 0, 0), {"coulomb": 0, "nC": -9, "pC": -12, "fC": -15}),
    ("length", (0, 0, 0, 1, 0, 0), {"metre": 0, "cm": -2, "mm": -3, "um": -6}),
    ("area", (0, 0, 0, 2, 0, 0), {"cm2": -4, "um2": -12}),
    ("amount", (0, 0, 0, 0, 1, 0), {"mole": 0}),
    ("concentration", (0, 0, 0, -3, 1, 0), {"mM": 0, "uM": -3}),
    ("temperature", (0, 0, 0, 0, 0, 1), {"kelvin": 0}),
    ("power", (0, 1, 1, 0, 0, 0), {"watt": 0, "mW": -3, "uW": -6}),
    ("energy", (1, 1, 1, 0, 0, 0), {"joule": 0, "nJ": -9, "pJ": -12}),
    ("rate of voltage", (-1, 1, 0, 0, 0, 0), {}),
    ("rate of current", (-1, 0, 1, 0, 0, 0), {}),
    ("current density", (0, 0, 1, -2, 0, 0), {}),
    ("conductance per area", (0, -1, 1, -2, 0, 0), {}),
    ("capacitance per area", (1, -1, 1, -2, 0, 0), {}),
)

PRETTY: dict[str, str] = {
    "second": "s", "volt": "V", "uV": "µV", "amp": "A", "uA": "µA", "us": "µs",
    "Ohm": "Ω", "kOhm": "kΩ", "MOhm": "MΩ", "GOhm": "GΩ", "siemens": "S", "uS": "µS",
    "farad": "F", "uF": "µF", "coulomb": "C", "metre": "m", "um": "µm", "cm2": "cm²",
    "um2": "µm²", "mole": "mol", "uM": "µM", "kelvin": "K", "watt": "W", "uW": "µW",
    "joule": "J", "one": "",
}  # fmt: skip
"""How a name is shown to people, where that differs from how it is typed."""

SUPERSCRIPTS = str.maketrans("0123456789-/", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᐟ")
