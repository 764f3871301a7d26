"""Readouts: the output of a network over time -> one score for each class."""

from spikeloom.nn.readout.count import Count as Count
from spikeloom.nn.readout.direct import Direct as Direct
from spikeloom.nn.readout.first_spike import FirstSpike as FirstSpike
from spikeloom.nn.readout.membrane import MembraneLast as MembraneLast
from spikeloom.nn.readout.membrane import MembraneMax as MembraneMax
from spikeloom.nn.readout.membrane import MembraneMean as MembraneMean
from spikeloom.nn.readout.rate import Rate as Rate
from spikeloom.nn.readout.readout import Readout as Readout

__all__ = [
    "Count",
    "Direct",
    "FirstSpike",
    "MembraneLast",
    "MembraneMax",
    "MembraneMean",
    "Rate",
    "Readout",
]
