"""Spoken digits: spectrograms of 48 frames and 40 bands, 10 classes."""

from __future__ import annotations

from dataclasses import replace

from spikeloom.equations.units import Hz, MOhm, ms, mV, pF
from spikeloom.models import LIF, LeakyIntegrator, SubtractiveIF
from spikeloom.nn.encode import Frames
from spikeloom.nn.readout import MembraneLast, MembraneMean
from spikeloom.train.augments.spectrogram import Spectrogram
from spikeloom.train.recipes.architectures import Conv, Delay, FullyConnected, Recurrent
from spikeloom.train.recipes.mnist import MNIST, MNIST_CONV

FSDD_CONV = replace(
    MNIST_CONV,
    data="fsdd",
    model=Conv(channels=(16, 32, 64), kernels=(5, 3, 3), pools=(2, 2, 2), dropout=0.3),
    # As for N-MNIST: what does not make a spike is not lost, and scores are the mean current.
    neuron=SubtractiveIF(C=1 * pF, theta=2 * mV, v_start=1 * mV),
    output=LeakyIntegrator(tau=1000 * ms, R=250 * MOhm),
    readout=MembraneLast(),
    augment=Spectrogram(),
    epochs=40,
    batch_size=64,
    average=0.99,
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

FSDD_DELAY = replace(
    FSDD_CONV,
    model=Delay(hidden=(128, 128), steps=20, dropout=0.2),
    # A word of 0.5 s fills the 48 frames: time here is that of the speech.
    dt=10 * ms,
    target_rate=10 * Hz,
    neuron=LIF(tau=20 * ms, R=2.5 * MOhm, E=0 * mV, theta=1 * mV),
    output=LeakyIntegrator(tau=100 * ms, R=10 * MOhm),
    encode=Frames(),
    readout=MembraneMean(),
    average=None,
)
"""Frame after frame, through synapses that wait for up to 0.2 s."""

FSDD_RECURRENT = replace(FSDD_DELAY, model=Recurrent(hidden=(256,), dropout=0.2))
"""Frame after frame, through neurons that remind each other."""
