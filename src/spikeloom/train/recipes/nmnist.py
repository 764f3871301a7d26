"""Digits seen by an event camera: 8 frames of 34 × 34 pixels, ON and OFF, 10 classes."""

from __future__ import annotations

from dataclasses import replace

from spikeloom.equations.units import Hz, MOhm, ms, mV, pF
from spikeloom.models import LeakyIntegrator, SubtractiveIF
from spikeloom.nn.encode import ConstantCurrent, Frames
from spikeloom.nn.readout import MembraneLast
from spikeloom.train.augments.affine import Affine
from spikeloom.train.recipes.architectures import Conv
from spikeloom.train.recipes.mnist import MNIST_CONV

NMNIST_CONV = replace(
    MNIST_CONV,
    data="nmnist",
    model=Conv(channels=(16, 32, 64), kernels=(5, 3, 3), pools=(2, 2, 2), dropout=0.3),
    # Nothing leaks and a spike takes one threshold: what does not make a spike is not lost. A
    # neuron starts half way, so that spikes are counted to the nearest and not downwards.
    neuron=SubtractiveIF(C=1 * pF, theta=2 * mV, v_start=1 * mV),
    # The scores are what all steps brought together: their mean current, over a second.
    output=LeakyIntegrator(tau=1000 * ms, R=167 * MOhm),
    encode=ConstantCurrent(steps=6),
    readout=MembraneLast(),
    augment=Affine(turn=15.0, scale=0.15, shift=3.0),
    epochs=50,
    batch_size=32,
    learning_rate=2e-3,
    choose_by="loss",
    average=0.99,
)
"""All frames side by side, as sixteen channels of one image shown for six steps of 1 ms."""

NMNIST_FRAMES = replace(
    NMNIST_CONV,
    # A recording lasts 0.3 s, a frame an eighth of it: time here is the camera's own.
    dt=40 * ms,
    target_rate=5 * Hz,
    neuron=SubtractiveIF(C=40 * pF, theta=1 * mV, v_start=0.5 * mV),
    output=LeakyIntegrator(tau=4000 * ms, R=12.5 * MOhm),
    encode=Frames(),
    epochs=40,
)
"""Each frame passes the convolutions as it comes; the twin reads the same frames."""
