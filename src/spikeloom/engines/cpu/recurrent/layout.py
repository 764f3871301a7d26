"""What the three kernels of a recurrent layer are given, and where they keep things.

Samples, not columns, are what threads own: a sample's neurons drive each other and nobody else's.
Within a sample neurons are padded to whole words of 64, which hold their spikes as bits.
"""

from __future__ import annotations

from spikeloom.engines.cpu.host import Host
from spikeloom.engines.cpu.variant import Variant

WORD = 64
"""Neurons are padded to multiples of this: one word of bits, and a row of panels."""


def slots(variant: Variant) -> tuple[str, ...]:
    """Names of the 64-bit words that a kernel gets, in order.

    Numbers: ``width`` = batch * size, ``words`` = padded / 64, ``lags`` different delays.
    Arrays: ``bits`` (depth + steps, batch, words), ``offsets`` (lags) = depth - delay, ``masks``
    (lags, words): the sources with that delay.
    """
    shared = ("steps", "batch", "size", "width", "padded", "words", "depth", "lags")
    wires = ("offsets", "masks", "bits")
    if variant.kind == "simulate":  # stands for the kernel that sums the weights' gradients
        return (*shared, *wires, "grad_x", "grad_weight")
    inputs = tuple(f"{part}:{name}" for name in variant.inputs for part in ("input", "stride"))
    numbers = ("tile", "every", "checkpoints", "scalars", "columns", "weight")
    if variant.kind == "forward":
        return (*shared, *wires, *inputs, *numbers, "state_in", "state_out", "out")
    wanted = tuple(f"grad:input:{name}" for name in variant.want_inputs)
    ends = ("grad_state_in", "grad_state_out", "grad_past", "grad_coefs", "coef_row")
    return (*shared, *wires, *inputs, *numbers, "panels", "rows", "grad_out", *wanted, *ends)


def panel(host: Host, dtype: str) -> tuple[int, int]:
    """Columns of a panel of weights, and samples that go through it together.

    So many that their sums fill the vector registers: 24 of 32, or 12 of 16.
    """
    lanes = host.lanes(dtype)
    if host.wide:
        return 4 * lanes, 6
    return 2 * lanes, 6 if dtype == "float32" else 3
