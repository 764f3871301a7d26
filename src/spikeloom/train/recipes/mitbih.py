"""Heart beats: a window of 128 samples beside the heart's usual one, two intervals, 4 classes."""

from __future__ import annotations

from dataclasses import replace

from spikeloom.equations.units import MOhm, ms, mV, pF
from spikeloom.models import LeakyIntegrator, SubtractiveIF
from spikeloom.nn.encode import ConstantCurrent
from spikeloom.nn.readout import MembraneLast
from spikeloom.train.augments.signal import Signal
from spikeloom.train.recipes.architectures import Conv
from spikeloom.train.recipes.mnist import MNIST_CONV

MITBIH_CONV = replace(
    MNIST_CONV,
    data="mitbih",
    model=Conv(
        channels=(32, 32, 64),
        kernels=(7, 5, 5),
        pools=(4, 2, 2),
        dropout=0.3,
        axes=1,
        # How early a beat came is a small difference of one number: eight neurons tell it finely.
        fields=(2, 8),
    ),
    neuron=SubtractiveIF(C=1 * pF, theta=2 * mV, v_start=1 * mV),
    output=LeakyIntegrator(tau=1000 * ms, R=167 * MOhm),
    encode=ConstantCurrent(steps=6),
    readout=MembraneLast(),
    augment=Signal(gain=0.2, shift=3, noise=0.02, measured=2),
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
