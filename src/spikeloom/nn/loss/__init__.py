"""Losses and regularisers: values that say what training makes small."""

from spikeloom.nn.loss.cross_entropy import CrossEntropy as CrossEntropy
from spikeloom.nn.loss.early_spike import EarlySpike as EarlySpike
from spikeloom.nn.loss.loss import Loss as Loss
from spikeloom.nn.loss.mean_square import MeanSquare as MeanSquare
from spikeloom.nn.loss.rate_band import RateBand as RateBand
from spikeloom.nn.loss.rate_band import Regulariser as Regulariser
from spikeloom.nn.loss.synchrony import Synchrony as Synchrony
from spikeloom.nn.loss.tet import TET as TET
from spikeloom.nn.loss.van_rossum import VanRossum as VanRossum

__all__ = [
    "TET",
    "CrossEntropy",
    "EarlySpike",
    "Loss",
    "MeanSquare",
    "RateBand",
    "Regulariser",
    "Synchrony",
    "VanRossum",
]
