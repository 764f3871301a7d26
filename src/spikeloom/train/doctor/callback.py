"""The doctor as a callback of `fit`."""

from __future__ import annotations

import warnings
from typing import Any

from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.encode import Encoder
from spikeloom.nn.loss import Loss
from spikeloom.train.arguments import check_counts
from spikeloom.train.doctor.examine import examine
from spikeloom.train.doctor.finding import Diagnosis
from spikeloom.train.loop.history import Epoch


class DoctorWarning(UserWarning):
    """Something keeps a network from learning."""


class Doctor:
    """Examines a network while it trains, and warns once of each thing that it finds.

    Arguments:
        net: The network that is trained.
        data: Training data, as for `fit`.
        loss: As in training.
        encode: As in training.
        every: Epochs between two examinations; the first is after the first epoch.
        batch_size: Samples to look at.

    >>> import torch
    >>> from torch import nn
    >>> from spikeloom.nn import LIF
    >>> from spikeloom.nn.encode import ConstantCurrent
    >>> from spikeloom.nn.loss import CrossEntropy
    >>> from spikeloom.nn.readout import Count
    >>> net, data = Sequential(nn.Linear(4, 2), LIF()), (torch.rand(20, 4), torch.arange(20) % 2)
    >>> doctor = Doctor(net, data, loss=CrossEntropy(Count()), encode=ConstantCurrent(9), every=5)
    >>> doctor.diagnoses
    []
    """

    def __init__(
        self,
        net: Sequential,
        data: Any,
        *,
        loss: Loss,
        encode: Encoder,
        every: int = 1,
        batch_size: int = 64,
    ) -> None:
        check_counts("Doctor", every=every, batch_size=batch_size)
        self._net, self._data, self._loss, self._encode = net, data, loss, encode
        self._every, self._batch_size = every, batch_size
        self._said: set[tuple[str, str]] = set()
        self.diagnoses: list[Diagnosis] = []
        """What was found, examination by examination."""

    def __call__(self, epoch: Epoch) -> None:
        """Examine after an epoch, if it is time."""
        if (epoch.number - 1) % self._every:
            return
        found = examine(
            self._net,
            self._data,
            loss=self._loss,
            encode=self._encode,
            batch_size=self._batch_size,
        )
        self.diagnoses.append(found)
        for finding in found.findings:
            key = finding.kind, finding.layer
            if key not in self._said:
                self._said.add(key)
                warnings.warn(f"epoch {epoch.number}, {finding}", DoctorWarning, stacklevel=2)
