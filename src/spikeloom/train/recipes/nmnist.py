"""Digits seen by an event camera: 8 frames of 34 × 34 pixels, ON and OFF, 10 classes."""

from __future__ import annotations

from dataclasses import replace

from spikeloom.equations.units import Hz, MOhm, ms, mV
from spikeloom.models import LIF, LeakyIntegrator
from spikeloom.nn.encode import Frames
from spikeloom.train.augments.affine import Affine
from spikeloom.train.recipes.architectures import Conv
from spikeloom.train.recipes.mnist import MNIST_CONV

NMNIST_CONV = replace(
    MNIST_CONV,
    data="nmnist",
    model=Conv(channels=(16, 32, 64), kernels=(5, 3, 3), pools=(2, 2, 2), dropout=0.3),
    # A recording lasts 0.3 s, a frame an eighth of it: time here is the camera's own.
    dt=40 * ms,
    target_rate=5 * Hz,
    neuron=LIF(tau=80 * ms, R=2.5 * MOhm, E=0 * mV, theta=1 * mV),
    output=LeakyIntegrator(tau=800 * ms, R=20 * MOhm),
    encode=Frames(),
    augment=Affine(turn=15.0, scale=0.15, shift=3.0),
    epochs=40,
    batch_size=32,
    learning_rate=2e-3,
    choose_by="loss",
    average=0.99,
)
"""Each frame passes the convolutions as it comes; the twin reads the same frames."""
