"""Trained plain networks turned into spiking ones, with what that costs.

>>> from spikeloom.train.conversion import QCFS, ThresholdBalance, WeightNorm
>>> [method.levels for method in (WeightNorm(), ThresholdBalance(), QCFS())]
[None, None, 8]
"""

from spikeloom.train.conversion.convert import Converted as Converted
from spikeloom.train.conversion.convert import convert as convert
from spikeloom.train.conversion.methods import QCFS as QCFS
from spikeloom.train.conversion.methods import Conversion as Conversion
from spikeloom.train.conversion.methods import ThresholdBalance as ThresholdBalance
from spikeloom.train.conversion.methods import WeightNorm as WeightNorm
from spikeloom.train.conversion.pool import CountingMaxPool as CountingMaxPool
from spikeloom.train.conversion.qcfs import QCFSActivation as QCFSActivation
from spikeloom.train.conversion.qcfs import quantised as quantised
from spikeloom.train.conversion.report import ConversionReport as ConversionReport
from spikeloom.train.conversion.twin_of_run import convert_run as convert_run
from spikeloom.train.conversion.twin_of_run import load_twin as load_twin

__all__ = [
    "Conversion",
    "ConversionReport",
    "Converted",
    "CountingMaxPool",
    "QCFS",
    "QCFSActivation",
    "ThresholdBalance",
    "WeightNorm",
    "convert",
    "convert_run",
    "load_twin",
    "quantised",
]
