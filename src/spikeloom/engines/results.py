"""What the engines give back. Every engine returns these types, so that they can be compared.

The GPU engine gives tensors of Torch in place of NumPy arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False, slots=True)
class Forward:
    """Result of running T steps of B x F columns.

    Arguments:
        out: Output of each step, (T, B, F): 1 at a spike and 0 otherwise, or the first state of a
            model without spikes.
        state: States after the last step, (S, B, F).
        checkpoints: States before every k-th step, (K, S, B, F), or None if none were asked for.
    """

    out: np.ndarray
    state: np.ndarray
    checkpoints: np.ndarray | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Backward:
    """Gradients of a loss, from those of what the forward run gave.

    Arguments:
        inputs: For each input asked for, (T, B, F).
        state: For the first states, (S, B, F).
        coefs: For each coefficient asked for, (F,), float64, summed over time and batch.
    """

    inputs: Mapping[str, np.ndarray]
    state: np.ndarray
    coefs: Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False, slots=True)
class Simulation:
    """Result of stepping a population of N neurons.

    Arguments:
        state: States after the last step, (S, N).
        spike_steps: Step of each spike, int64, in order of step and then neuron; or None.
        spike_ids: Neuron of each spike, int64; or None.
        bits: (T, ceil(N / 8)) uint8, neuron i in bit ``i % 8`` of byte ``i // 8``; or None.
        traces: For each recorded state, (ceil(T / every), N): its value after the steps
            0, every, 2 every, …
        spike_times: Time of each spike since the start, in place of its step, from an engine
            without time steps; or None.
    """

    state: np.ndarray
    spike_steps: np.ndarray | None = None
    spike_ids: np.ndarray | None = None
    bits: np.ndarray | None = None
    traces: Mapping[str, np.ndarray] = field(default_factory=dict)
    spike_times: np.ndarray | None = None
