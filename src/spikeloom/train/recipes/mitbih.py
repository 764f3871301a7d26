"""Heart beats: one lead in a window of 128 samples and two intervals, 4 classes."""

from __future__ import annotations

from dataclasses import replace

from spikeloom.nn.encode import ConstantCurrent
from spikeloom.train.augments.signal import Signal
from spikeloom.train.recipes.architectures import Conv
from spikeloom.train.recipes.mnist import MNIST_CONV

MITBIH_CONV = replace(
    MNIST_CONV,
    data="mitbih",
    model=Conv(channels=(32, 32, 64), kernels=(7, 5, 5), pools=(4, 2, 2), dropout=0.3, axes=1),
    # How early a beat came is a small difference of one number: more steps tell it more finely.
    encode=ConstantCurrent(steps=6),
    augment=Signal(gain=0.2, shift=3, noise=0.02),
    epochs=12,
    batch_size=128,
    learning_rate=2e-3,
    balance=0.5,
    average=0.99,
    validation=0.25,
    validate_by="group",
    choose_by="macro_f1",
)
"""Convolutions along the window, shown for six steps; patients of the test are others."""
