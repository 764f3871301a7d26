"""The parameters of a neuron layer: some fixed, some learnt within bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from spikeloom.compile.values import number
from spikeloom.equations.quantity import Unit
from spikeloom.equations.values import Learn, Value

TAKEN = frozenset(dir(nn.ModuleDict()))


class Parameter(nn.Module):
    r"""One parameter of a neuron, fixed or learnt.

    A learnt value is kept within its bounds by construction: training changes a free number r, and
    the value is low + (high − low)·σ(r), low + eʳ, high − eʳ, or r itself.

    Arguments:
        value: What the model was given.
        unit: The unit that the model declares; the layer computes in it.
        entity: Name for the draw of a distribution.
        size: Shape of one value per neuron, or None.
        seed: Seed of the draw.
    """

    unit: Unit
    low: float | None
    high: float | None

    def __init__(
        self, value: Value, unit: Unit, entity: str, size: int | tuple[int, ...] | None, seed: int
    ) -> None:
        super().__init__()
        start = np.asarray(number(value, unit, entity, size, seed), np.float64)
        self.learnt, self.unit = isinstance(value, Learn), unit
        self.low = self.high = None
        if isinstance(value, Learn):
            self.low = None if value.low is None else _number(value.low.to(unit))
            self.high = None if value.high is None else _number(value.high.to(unit))
            if self.low is None and unit.kind == "time":
                self.low = 0.0  # a time constant must stay above zero
            raw = self._free(torch.from_numpy(np.array(start)))
            self.raw = nn.Parameter(raw.to(torch.get_default_dtype()))
        else:
            self.register_buffer("fixed", torch.from_numpy(np.array(start)))

    def forward(self) -> Tensor:
        """The value in float64, () or one per neuron, in the declared unit."""
        if not self.learnt:
            return self.get_buffer("fixed")
        r = self.raw.double()
        if self.low is not None and self.high is not None:
            return self.low + (self.high - self.low) * torch.sigmoid(r)
        if self.low is not None:
            return self.low + torch.exp(r)
        return r if self.high is None else self.high - torch.exp(r)

    def _free(self, value: Tensor) -> Tensor:
        """The free number behind a value, which is pushed off its bounds a little."""
        if self.low is not None and self.high is not None:
            share = (value - self.low) / (self.high - self.low)
            return torch.logit(share.clamp(1e-4, 1 - 1e-4))
        if self.low is not None:
            return torch.log((value - self.low).clamp_min(1e-6 * max(1.0, abs(self.low))))
        if self.high is not None:
            return torch.log((self.high - value).clamp_min(1e-6 * max(1.0, abs(self.high))))
        return value

    def _apply(self, fn: Any, recurse: bool = True) -> Parameter:
        """Moves between devices; a fixed value stays in float64 whatever the layer is cast to."""
        fixed = None if self.learnt else self.get_buffer("fixed")
        super()._apply(fn, recurse)
        if fixed is not None:
            self.fixed = fixed.to(self.get_buffer("fixed").device)
        return self


def _number(value: Any) -> float:
    return float(np.asarray(value))


def key_of(name: str) -> str:
    """A parameter's name in torch, which allows no dots and none of its own words (``half``)."""
    key = name.replace(".", "__")
    return f"{key}_" if key in TAKEN else key
