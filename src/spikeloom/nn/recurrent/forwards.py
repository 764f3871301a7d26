"""Neurons that drive each other, some steps at a time, with the derivatives of each step."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor

from spikeloom.compile.eligibility import Eligibility
from spikeloom.nn.neurons.forwards import Forwards, Partials
from spikeloom.nn.recurrent import Recurrent, kernel


class RecurrentForwards:
    """As `Forwards`, for neurons whose spikes come back to them.

    Arguments:
        layer: The neurons and their synapses.
        what: Derivatives of the neurons.
        like: An input of the layer (batch, *features).

    >>> from spikeloom.models import LIF
    >>> from spikeloom.nn.neurons.forwards import eligibility_of
    >>> layer = Recurrent(LIF(), features=2)
    >>> what = eligibility_of(layer.neurons, "detached")
    >>> y, partials, came = RecurrentForwards(layer, what, torch.ones(1, 2)).steps(
    ...     torch.ones(5, 1, 2)
    ... )
    >>> y.shape, came.shape
    (torch.Size([5, 1, 2]), torch.Size([5, 1, 2]))
    """

    def __init__(self, layer: Recurrent, what: Eligibility, like: Tensor) -> None:
        self.layer, self.inner = layer, Forwards(layer.neurons, what, like)
        self.past = like.new_zeros((layer.depth, like.shape[0], prod(layer.features)))

    @torch.no_grad()
    def steps(self, x: Tensor) -> tuple[Tensor, Partials, Tensor]:
        """Some steps.

        Arguments:
            x: Input (steps, batch, *features).

        Returns:
            Output (steps, batch, *features), the derivatives of each step, and the spikes that
            arrive from each neuron in each step (steps, batch, F).
        """
        layer, inner = self.layer, self.inner
        steps, batch, count = x.shape[0], x.shape[1], prod(layer.features)
        given = inner.layer._inputs(x, {})
        if layer.bias is not None:
            given[layer.into] = given[layer.into] + layer.bias
        flat = {n: g.reshape(steps, batch, count) for n, g in given.items()}
        weight = layer.weight if layer.mask is None else layer.weight * layer.mask
        out, inner.state, before, _ = kernel.forward(
            inner.layer.program, inner._engine(), flat, inner.state, self.past, weight,
            inner._fixed, layer.into, layer.delays.numpy(), 1,
        )  # fmt: skip
        spikes = torch.cat([self.past, out])
        when = layer.depth + torch.arange(steps)[:, None] - layer.delays
        came = spikes.movedim(1, 2)[when, torch.arange(count)].movedim(2, 1)
        self.past = spikes[steps:]
        flat[layer.into] = flat[layer.into] + came @ weight
        return out.reshape(x.shape), inner.partials(flat, before), came
