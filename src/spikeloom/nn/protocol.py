"""What makes a layer stateful: an explicit mark, never a guess.

A stateful layer says so with the class attribute ``is_stateful = True`` and is called as
``y, state = layer(x, state=None)`` with ``x`` of shape (time, batch, *features). Every other
torch module keeps its own call ``y = layer(x)`` with ``x`` of shape (batch, *features).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Protocol, TypeAlias, runtime_checkable

from torch import Tensor

State: TypeAlias = dict[str, Any]
"""State of one layer (name -> tensor) or of a whole network (layer name -> state of the layer)."""


@runtime_checkable
class Stateful(Protocol):
    """A layer whose state goes in and comes out.

    >>> from spikeloom.nn.short import LIF
    >>> isinstance(LIF(), Stateful)
    True
    """

    is_stateful: ClassVar[Literal[True]]

    def __call__(
        self, x: Tensor, state: Mapping[str, Any] | None = None
    ) -> tuple[Tensor, State]: ...


def is_stateful(module: object) -> bool:
    """Whether a module takes and gives a state.

    >>> from torch import nn
    >>> is_stateful(nn.Linear(2, 3))
    False
    """
    return getattr(module, "is_stateful", False) is True


def emits_spikes(module: object) -> bool:
    """Whether the output of a module is spikes (0 or 1), not a potential.

    A stateful layer says so with its attribute ``spikes``.

    >>> from torch import nn
    >>> emits_spikes(nn.Linear(2, 3))
    False
    """
    return is_stateful(module) and getattr(module, "spikes", False) is True
