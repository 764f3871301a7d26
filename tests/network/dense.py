"""Tiny networks by dense matrices in NumPy float64: an answer found without the package.

Nothing here uses the compiler, the plan or the rules. A network is a list of neurons, each with its
own numbers; synapse (j, i) is an entry of a matrix for each delay; every step is the closed form
written down by hand. Cells are leaky integrators with threshold and refractoriness:

- ``delta``    v jumps by w
- ``current``  i jumps by w and decays; v follows the exact solution of both
- ``conduct``  g jumps by w and decays; v follows the exact solution for g held at its value
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass
class Cells:
    """Neurons of one kind; all arrays (N,). Units: ms, mV, nA, MOhm, nS, pF."""

    kind: str
    v: Array
    drive: Array
    tau: float = 20.0
    resistance: float = 100.0
    rest: float = -65.0
    threshold: float = -50.0
    reset: float = -65.0
    hold: int = 0
    tau_syn: float = 5.0
    reversal: float = 0.0
    s: Array = field(init=False)
    left: Array = field(init=False)

    def __post_init__(self) -> None:
        self.s = np.zeros_like(self.v)
        self.left = np.zeros(self.v.size, int)

    def step(self, arrived: Array, dt: float) -> Array:
        """One step; gives who fired."""
        free = self.left == 0
        fade = np.exp(-dt / self.tau)
        goal = self.rest + self.resistance * self.drive
        if self.kind == "delta":
            start = self.v + arrived
            v = goal + (start - goal) * fade
        else:
            self.s = self.s + arrived
            if self.kind == "current":
                slow, fast = self.tau, self.tau_syn
                push = self.resistance * self.s * fast / (fast - slow)
                v = goal + (self.v - goal) * fade + push * (np.exp(-dt / fast) - fade)
            else:
                leak, open_ = 1 / self.resistance, self.s / 1000  # both in uS
                total = leak + open_
                goal = (leak * self.rest + open_ * self.reversal + self.drive) / total
                v = goal + (self.v - goal) * np.exp(-dt * total / (self.tau * leak))
            self.s = self.s * np.exp(-dt / self.tau_syn)
        self.v = np.where(free, v, self.v)
        fired = free & (self.v >= self.threshold)
        self.left = np.where(fired, self.hold, np.maximum(self.left - 1, 0))
        self.v = np.where(fired, self.reset, self.v)
        return fired


def run(
    cells: list[Cells], weights: dict[tuple[int, int], Array], steps: int, dt: float
) -> list[list[tuple[int, int]]]:
    """Spikes of each group of cells as (step, neuron).

    Arguments:
        cells: Groups of neurons.
        weights: (source group, target group) → (D, N_source, N_target): the sum of the weights of
            all synapses of a pair with a delay of d steps.
        steps: How many.
        dt: Step in ms.
    """
    fired: list[list[Array]] = [[] for _ in cells]
    for now in range(steps):
        for k, group in enumerate(cells):
            arrived = np.zeros(group.v.size)
            for (source, target), matrices in weights.items():
                if target != k:
                    continue
                for delay, matrix in enumerate(matrices):
                    sent = now - 1 - delay
                    if sent >= 0:
                        arrived = arrived + fired[source][sent] @ matrix
            fired[k].append(group.step(arrived, dt))
    return [
        [(n, int(i)) for n, who in enumerate(history) for i in np.flatnonzero(who)]
        for history in fired
    ]
