"""Gaussians of delays that become narrow during training."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import TYPE_CHECKING

from torch import nn

from spikeloom.errors import ParameterError
from spikeloom.nn.delay.spread import Gaussian
from spikeloom.nn.delay.times import Times

if TYPE_CHECKING:
    from spikeloom.train.loop.history import Epoch


class NarrowDelays:
    r"""A callback of `fit` that narrows the Gaussians of all delays of a network.

    After epoch n the width is ``start (last / start)^(n / epochs)``, and `last` from then on. It is
    a buffer of each layer, so that a checkpoint holds it.

    Arguments:
        net: The network.
        epochs: Epochs until the last width; a quarter of the training is usual.
        last: Width in the end, in steps of each layer.

    Raises:
        ParameterError: No Gaussian delays in the network, or numbers that make no sense.

    Source: Hammouamri, Khalfaoui-Hassani & Masquelier 2024, ICLR, section 3.3.

    >>> from spikeloom import ms
    >>> from spikeloom.nn import SynapticDelay
    >>> layer = SynapticDelay(2, 2, max_delay=16 * ms, dt=1 * ms)
    >>> narrow = NarrowDelays(layer, epochs=4)
    >>> narrow.after(2), narrow.widths()
    (None, {'delay': 2.0})
    """

    def __init__(self, net: nn.Module, epochs: int, last: float = 0.5) -> None:
        if type(epochs) is not int or epochs < 1:
            raise ParameterError(f"NarrowDelays: epochs must be at least 1, got {epochs!r}.")
        if not isinstance(last, int | float) or not 0 < last < inf:
            raise ParameterError(f"NarrowDelays: last must be a number above 0, got {last!r}.")
        self.epochs, self.last = epochs, float(last)
        self._delays = {
            name: layer
            for name, layer in net.named_modules()
            if isinstance(layer, Times) and isinstance(layer.spread, Gaussian)
        }
        if not self._delays:
            raise ParameterError(
                "NarrowDelays: the network has no delays with a Gaussian.",
                hint="give them one: SynapticDelay(..., spread=Gaussian())",
            )
        # The width that the layer was made with, not the one a resumed run has reached.
        self._first = {name: layer.first_sigma for name, layer in self._delays.items()}

    def __call__(self, epoch: Epoch) -> None:
        """Set the widths for the epoch after this one."""
        self.after(epoch.number)

    def after(self, epoch: int) -> None:
        """Set the widths as after that many epochs."""
        share = min(epoch / self.epochs, 1.0)
        for name, layer in self._delays.items():
            first, last = self._first[name], self.last * layer.step
            layer.sigma.fill_(first * (last / first) ** share)

    def widths(self) -> Mapping[str, float]:
        """Name of each delay -> width now, in steps."""
        return {name: float(layer.sigma) / layer.step for name, layer in self._delays.items()}


def narrowing(net: nn.Module, epochs: int) -> tuple[NarrowDelays, ...]:
    """Callbacks that narrow the delays of a network in the first quarter of its training.

    None are needed where no delay has a Gaussian.

    >>> narrowing(nn.Linear(2, 3), 100)
    ()
    """
    layers = [layer for layer in net.modules() if isinstance(layer, Times)]
    wide = any(isinstance(layer.spread, Gaussian) for layer in layers)
    return (NarrowDelays(net, max(1, epochs // 4)),) if wide else ()
