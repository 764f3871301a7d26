"""What makes a layer stateful: an explicit mark, never a guess.

A stateful layer says so with the class attribute ``is_stateful = True`` and is called as
``y, state = layer(x, state=None)`` with ``x`` of shape (time, batch, *features). Every other
torch module keeps its own call ``y = layer(x)`` with ``x`` of shape (batch, *features).

A stateful layer with ``takes_lengths = True`` can also be called with ``lengths=``, whole numbers
(batch,): after its end a sample's state stays what it is and its output is 0. A stateful layer
that holds neurons has an attribute ``spikes``; others, such as dropout with one mask over time,
have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Protocol, TypeAlias, runtime_checkable

from torch import Tensor, nn

State: TypeAlias = dict[str, Any]
"""State of one layer (name -> tensor) or of a whole network (layer name -> state of the layer)."""


@runtime_checkable
class Stateful(Protocol):
    """A layer whose state goes in and comes out.

    >>> from spikeloom.nn.neurons.short import LIF
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


def takes_lengths(module: object) -> bool:
    """Whether a stateful module can be told how many steps of each sample are valid.

    >>> from spikeloom.nn.neurons.short import LIF
    >>> takes_lengths(LIF())
    True
    """
    return is_stateful(module) and getattr(module, "takes_lengths", False) is True


def holds_neurons(module: object) -> bool:
    """Whether a module is a layer of neurons, spiking or not.

    >>> from spikeloom.nn.neurons.short import LeakyIntegrator
    >>> holds_neurons(LeakyIntegrator())
    True
    """
    container = getattr(module, "is_container", False) is True
    return is_stateful(module) and not container and hasattr(module, "spikes")


def plain_layer(module: nn.Module) -> nn.Module | None:
    """What a layer over time becomes in a network without time: its own ``plain()``, or None.

    >>> from spikeloom.nn.neurons.short import LIF
    >>> plain_layer(LIF()) is None
    True
    """
    build: Any = getattr(module, "plain", None)
    if not callable(build):
        return None
    plain: Any = build()
    return plain
