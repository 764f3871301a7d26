"""The embedded handwritten digits: 64 pixels, 10 classes."""

from __future__ import annotations

from dataclasses import replace

from spikeloom.equations.units import Hz, MOhm, ms, mV
from spikeloom.models import LIF, ATan, LeakyIntegrator
from spikeloom.nn.encode import ConstantCurrent
from spikeloom.nn.readout import MembraneMean
from spikeloom.train.augments.affine import Affine
from spikeloom.train.recipes.architectures import Conv, FullyConnected
from spikeloom.train.recipes.recipe import Recipe

DIGITS = Recipe(
    data="digits",
    model=FullyConnected(hidden=(256,)),
    # R dt / tau = 1 mV / nA: weights of the usual size for a layer give potentials around 1.
    neuron=LIF(tau=20 * ms, R=20 * MOhm, E=0 * mV, theta=1 * mV),
    output=LeakyIntegrator(tau=20 * ms, R=20 * MOhm),
    surrogate=ATan(),
    dt=1 * ms,
    encode=ConstantCurrent(steps=10),
    readout=MembraneMean(),
    target_rate=100 * Hz,
    augment=Affine(turn=5.0, scale=0.05, shift=0.3),
    epochs=60,
    batch_size=32,
    learning_rate=2e-3,
)
"""64-256-10, ten steps of 1 ms; `spikeloom train digits --seeds 5` gave 98.0 % (twin 97.6 %)."""

DIGITS_CONV = replace(
    DIGITS,
    model=Conv(channels=(16, 32), kernels=(3, 3), pools=(1, 2)),
    # With batch norm before them, currents are around 1: one that lasts should fire a neuron.
    neuron=LIF(tau=2 * ms, R=2.5 * MOhm, E=0 * mV, theta=1 * mV),
    encode=ConstantCurrent(steps=4),
    epochs=30,
)
"""Two convolutions, four steps of 1 ms."""
