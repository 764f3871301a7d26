"""Losses and regularisers: values that say what training makes small."""

from spikeloom.nn.loss.cross_entropy import CrossEntropy as CrossEntropy
from spikeloom.nn.loss.loss import Loss as Loss
from spikeloom.nn.loss.mean_square import MeanSquare as MeanSquare
from spikeloom.nn.loss.rate_band import RateBand as RateBand
from spikeloom.nn.loss.rate_band import Regulariser as Regulariser

__all__ = ["CrossEntropy", "Loss", "MeanSquare", "RateBand", "Regulariser"]
