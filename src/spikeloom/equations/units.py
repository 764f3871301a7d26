"""The units by name: ``from spikeloom.equations.units import ms, mV, nA``.

>>> 20 * ms == 0.02 * second
True
>>> (100 * MOhm) * (0.2 * nA)
20 * mV
"""

from __future__ import annotations

from spikeloom.equations.quantity import NAMED, Quantity, Unit, one

second = NAMED["second"]
ms = NAMED["ms"]
us = NAMED["us"]
Hz = NAMED["Hz"]
kHz = NAMED["kHz"]
volt = NAMED["volt"]
mV = NAMED["mV"]
uV = NAMED["uV"]
amp = NAMED["amp"]
mA = NAMED["mA"]
uA = NAMED["uA"]
nA = NAMED["nA"]
pA = NAMED["pA"]
Ohm = NAMED["Ohm"]
kOhm = NAMED["kOhm"]
MOhm = NAMED["MOhm"]
GOhm = NAMED["GOhm"]
siemens = NAMED["siemens"]
mS = NAMED["mS"]
uS = NAMED["uS"]
nS = NAMED["nS"]
pS = NAMED["pS"]
farad = NAMED["farad"]
uF = NAMED["uF"]
nF = NAMED["nF"]
pF = NAMED["pF"]
coulomb = NAMED["coulomb"]
nC = NAMED["nC"]
pC = NAMED["pC"]
fC = NAMED["fC"]
metre = NAMED["metre"]
cm = NAMED["cm"]
mm = NAMED["mm"]
um = NAMED["um"]
cm2 = NAMED["cm2"]
um2 = NAMED["um2"]
mole = NAMED["mole"]
mM = NAMED["mM"]
uM = NAMED["uM"]
kelvin = NAMED["kelvin"]
watt = NAMED["watt"]
mW = NAMED["mW"]
uW = NAMED["uW"]
joule = NAMED["joule"]
nJ = NAMED["nJ"]
pJ = NAMED["pJ"]

__all__ = [
    "Quantity",
    "Unit",
    "one",
    "second",
    "ms",
    "us",
    "Hz",
    "kHz",
    "volt",
    "mV",
    "uV",
    "amp",
    "mA",
    "uA",
    "nA",
    "pA",
    "Ohm",
    "kOhm",
    "MOhm",
    "GOhm",
    "siemens",
    "mS",
    "uS",
    "nS",
    "pS",
    "farad",
    "uF",
    "nF",
    "pF",
    "coulomb",
    "nC",
    "pC",
    "fC",
    "metre",
    "cm",
    "mm",
    "um",
    "cm2",
    "um2",
    "mole",
    "mM",
    "uM",
    "kelvin",
    "watt",
    "mW",
    "uW",
    "joule",
    "nJ",
    "pJ",
]
