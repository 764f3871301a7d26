"""What an architecture is, and which neurons it is filled with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from spikeloom.equations import Neuron, Quantity, Surrogate
from spikeloom.errors import ParameterError
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.neurons.spiking import Spiking


@dataclass(frozen=True)
class Neurons:
    """The neurons of a network.

    Arguments:
        hidden: Model of the hidden neurons.
        output: Model of the output neurons.
        surrogate: Stand-in for the derivative of a spike.
        dt: Time step.
    """

    hidden: Neuron
    output: Neuron
    surrogate: Surrogate
    dt: Quantity

    def hidden_layer(self) -> Spiking:
        """A fresh layer of hidden neurons."""
        return Spiking(self.hidden, self.surrogate, dt=self.dt)

    def output_layer(self) -> Spiking:
        """A fresh layer of output neurons."""
        return Spiking(self.output, self.surrogate, dt=self.dt)


class Architecture(Protocol):
    """Sizes of a network; ``repr`` gives a text that can be read back."""

    def build(self, shape: tuple[int, ...], classes: int, neurons: Neurons) -> Sequential:
        """The network for samples of this shape, with weights from torch's generator."""
        ...


def check_sizes(who: str, name: str, sizes: object) -> None:
    """Raise `ParameterError` unless this is a tuple of whole numbers of at least 1.

    >>> check_sizes("Conv", "channels", (16, 0))
    Traceback (most recent call last):
    spikeloom.errors.ParameterError: Conv: channels[1] must be a whole number >= 1, got 0.
    """
    if not isinstance(sizes, tuple):
        raise ParameterError(
            f"{who}: {name} must be a tuple of whole numbers, got {sizes!r}.",
            hint=f"one layer: {name}=(64,)",
        )
    for place, value in enumerate(sizes):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ParameterError(
                f"{who}: {name}[{place}] must be a whole number >= 1, got {value!r}."
            )


def check_share(who: str, name: str, value: Any) -> None:
    """Raise `ParameterError` unless this is a number from 0 to below 1.

    >>> check_share("Conv", "dropout", 0.5)
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0.0 <= value < 1.0:
        raise ParameterError(f"{who}: {name} must be in [0, 1), got {value!r}.")
