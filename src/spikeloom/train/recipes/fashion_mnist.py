"""Fashion-MNIST: clothes in 28 × 28 pixels, 10 classes."""

from __future__ import annotations

from dataclasses import replace

from spikeloom.train.augments.affine import Affine
from spikeloom.train.augments.flip import Chain, Flip
from spikeloom.train.recipes.architectures import Conv, FullyConnected
from spikeloom.train.recipes.mnist import MNIST, MNIST_CONV

FASHION_CONV = replace(
    MNIST_CONV,
    data="fashion-mnist",
    model=Conv(channels=(24, 48, 96), kernels=(5, 3, 3), pools=(2, 2, 2)),
    augment=Chain((Affine(turn=3.0, scale=0.05, shift=1.5), Flip())),
    epochs=20,
)
"""24, 48 and 96 channels, four steps of 1 ms."""

FASHION_FC = replace(
    MNIST,
    data="fashion-mnist",
    model=FullyConnected(hidden=(512,)),
    augment=Chain((Affine(turn=3.0, scale=0.05, shift=1.0), Flip())),
)
"""784-512-10, ten steps of 1 ms."""
