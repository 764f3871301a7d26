"""Neurons that drive each other inside a layer: what joins them, and what a run gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.errors import EngineError, ShapeError, suggest

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False, slots=True)
class Recurrence:
    r"""The wiring of a layer with itself: a spike of j reaches i after a number of steps.

    $$I_i[n] = x_i[n] + \sum_j s_j[n - d_j]\, W_{ji}$$

    Arguments:
        weight: W, (F, F): the row of a source holds its weights to all targets.
        into: Name of the input that the recurrent current is added to.
        delays: Steps from a spike to its effect, at least 1, for each source (F,).

    >>> Recurrence(np.zeros((2, 2)), "I", np.array([1, 3])).depth
    3
    """

    weight: Array
    into: str
    delays: Array

    @property
    def depth(self) -> int:
        """Steps of the past that still matter: the longest delay."""
        return int(self.delays.max(initial=1))

    def check(self, who: str, inputs: tuple[str, ...], spikes: bool, features: int) -> None:
        """Raise unless it fits a Program with so many neurons.

        Arguments:
            who: Name of the engine, for messages.
            inputs: Inputs of the Program.
            spikes: Whether the Program has spikes.
            features: F.
        """
        if self.into not in inputs:
            raise EngineError(
                f"{who}: the program has no input {self.into!r}.", hint=suggest(self.into, inputs)
            )
        if not spikes:
            raise EngineError(f"{who}: a model that never fires cannot drive itself by spikes.")
        if self.weight.shape != (features, features):
            raise ShapeError(
                f"{who}: recurrent weights must be (neurons, neurons) = {(features, features)}, "
                f"got {self.weight.shape}."
            )
        whole = self.delays.dtype.kind in "iu" and self.delays.shape == (features,)
        if not whole or self.delays.min(initial=1) < 1:
            raise EngineError(
                f"{who}: recurrent delays must be whole steps >= 1, one for each of {features} "
                f"neurons, got {self.delays!r}."
            )


@dataclass(frozen=True, eq=False, slots=True)
class RecurrentForward:
    """Result of T steps of B samples of F joined neurons.

    Arguments:
        out: Spikes (T, B, F), 0 or 1.
        state: States after the last step, (S, B, F).
        checkpoints: States before every k-th step, (K, S, B, F), or None.
        bits: The spikes of the past and of every step, in the engine's own form; for `backward`.
    """

    out: Array
    state: Array
    checkpoints: Array | None
    bits: Array


@dataclass(frozen=True, eq=False, slots=True)
class RecurrentBackward:
    """Gradients of a loss.

    Arguments:
        inputs: For each input asked for, (T, B, F).
        state: For the first states, (S, B, F).
        past: For the spikes before the first step, (D, B, F).
        coefs: For each coefficient asked for, (F,), float64, summed over time and batch.
        weight: For the recurrent weights (F, F), or None if not asked for.
    """

    inputs: Mapping[str, Array]
    state: Array
    past: Array
    coefs: Mapping[str, Array]
    weight: Array | None
