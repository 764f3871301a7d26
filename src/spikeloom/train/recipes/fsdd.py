"""Spoken digits: spectrograms of 48 frames and 40 bands, 10 classes."""

from __future__ import annotations

from dataclasses import replace

from spikeloom.train.recipes.architectures import Conv, FullyConnected
from spikeloom.train.recipes.mnist import MNIST, MNIST_CONV
from spikeloom.train.spectrogram import Spectrogram

FSDD_CONV = replace(
    MNIST_CONV,
    data="fsdd",
    model=Conv(channels=(16, 32, 64), kernels=(5, 3, 3), pools=(2, 2, 2), dropout=0.3),
    augment=Spectrogram(),
    epochs=40,
    batch_size=64,
)
"""The whole spectrogram as an image shown for four steps of 1 ms."""

FSDD_FC = replace(
    MNIST,
    data="fsdd",
    model=FullyConnected(hidden=(256,), dropout=0.3),
    augment=Spectrogram(),
    epochs=40,
    batch_size=64,
)
"""The same with one hidden layer, ten steps."""
