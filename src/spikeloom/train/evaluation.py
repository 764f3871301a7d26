"""What `evaluate` found."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.nn.energy import EnergyConstants, Work
from spikeloom.train.jobs.f1 import class_f1, macro_f1


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """Figures of a network on one data set.

    Arguments:
        samples: Number of samples.
        accuracy: Share that is right.
        loss: Mean cross-entropy of the scores.
        confusion: Counts (classes, classes): row is the true class, column the chosen one.
        confidence: Mean softmax score of the chosen class.
        latency_steps: Mean number of steps after which the choice never changed again.
        rate_hz: Mean firing rate of each spiking layer, Hz; empty for a plain network.
        neurons: Number of neurons of each of these layers.
        work: Mean work for one sample.
        labels: Chosen class of every sample, in order.

    >>> from torch import eye, nn, tensor
    >>> from spikeloom.nn.readout import Direct
    >>> from spikeloom.train import evaluate
    >>> found = evaluate(nn.Identity(), (eye(2), tensor([0, 0])), readout=Direct())
    >>> found
    Evaluation: 2 samples, accuracy 50.0 %, loss 0.813
    >>> found.confusion.tolist()
    [[1, 1], [0, 0]]
    """

    samples: int
    accuracy: float
    loss: float
    confusion: np.ndarray
    confidence: float
    latency_steps: float
    rate_hz: Mapping[str, float]
    neurons: Mapping[str, int]
    work: Work
    labels: np.ndarray

    @property
    def class_f1(self) -> np.ndarray:
        """F1 of each class; NaN for one that neither occurs nor was chosen."""
        return class_f1(self.confusion)

    @property
    def macro_f1(self) -> float:
        """Mean of the F1 of the classes: each counts alike, however rare."""
        return macro_f1(self.confusion)

    @property
    def mean_rate_hz(self) -> float:
        """Mean firing rate over all spiking neurons, Hz; 0 for a plain network."""
        total = sum(self.neurons.values())
        return sum(self.rate_hz[name] * n for name, n in self.neurons.items()) / max(total, 1)

    def energy_nj(self, constants: EnergyConstants | None = None) -> float:
        """Estimated energy of the synapses for one sample, nJ."""
        return self.work.energy_nj(constants or EnergyConstants())

    def __repr__(self) -> str:
        text = f"Evaluation: {self.samples:,} samples, accuracy {100 * self.accuracy:.1f} %"
        text += f", loss {self.loss:.3f}"
        if not self.neurons:
            return text
        events = f"{self.work.synaptic_events:,.0f} synaptic events a sample"
        return f"{text}, mean rate {self.mean_rate_hz:.1f} Hz, {events}"

    def to_record(self) -> dict[str, Any]:
        """The figures as JSON-ready values."""
        return {
            "samples": self.samples,
            "accuracy": self.accuracy,
            "macro_f1": self.macro_f1,
            "class_f1": [None if math.isnan(v) else float(v) for v in self.class_f1],
            "loss": self.loss,
            "confidence": self.confidence,
            "latency_steps": self.latency_steps,
            "mean_rate_hz": self.mean_rate_hz,
            "rate_hz": dict(self.rate_hz),
            "synaptic_events_per_sample": self.work.synaptic_events,
            "multiply_accumulates_per_sample": self.work.multiply_accumulates,
            "neuron_updates_per_sample": self.work.neuron_updates,
            "energy_nj_per_sample": self.energy_nj(),
            "confusion": self.confusion.tolist(),
        }
