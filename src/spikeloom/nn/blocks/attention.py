"""Attention between tokens made of spikes: no softmax, no multiplications."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from spikeloom import models
from spikeloom.equations.units import MOhm, ms, mV
from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.blocks.norm import TimeBatchNorm
from spikeloom.nn.blocks.residual import SEW, Connect
from spikeloom.nn.chain.container import Container, Joint, Trace, join_parts, run_part
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.lengths import silence
from spikeloom.nn.neurons.short import LIF
from spikeloom.nn.neurons.spiking import Spiking
from spikeloom.nn.protocol import State, is_stateful

WIDTH = 2.0
"""Standard deviation of the currents at the start, in thresholds: with 1, leaky neurons that see
white noise are all but silent, and so is every product of their spikes."""
MakeNeurons = Callable[[], nn.Module]
"""Gives a new neuron layer with every call."""


class Attend(Joint):
    r"""``scale * Q K^T V`` in each head, for Q, K, V of shape (..., tokens, features).

    The product is taken from the left for few tokens (n^2 d) and from the right for many (n d^2),
    d features in a head. For spikes both are whole numbers, so both give the same bits.

    Arguments:
        heads: Parts of the features that attend on their own.
        scale: Factor of the result.

    >>> q = k = v = torch.ones(1, 3, 2)
    >>> Attend(1, scale=0.5)(q, k, v)[0, 0].tolist()
    [3.0, 3.0]
    """

    def __init__(self, heads: int, scale: float) -> None:
        super().__init__()
        self.heads, self.scale = heads, scale

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Tokens of each sample look at each other; (..., tokens, features) in and out."""
        q, k, v = (self._split(x) for x in (q, k, v))
        if self.from_left(*q.shape[-2:]):
            y = (q @ k.transpose(-1, -2)) @ v
        else:
            y = q @ (k.transpose(-1, -2) @ v)
        return self.scale * y.transpose(-2, -3).flatten(-2)

    @staticmethod
    def from_left(tokens: int, features: int) -> bool:
        """Whether (Q K^T) V is the cheaper order, for the features of one head."""
        return tokens <= features

    def work(
        self, inputs: tuple[Tensor, ...], spikes: bool, lengths: Tensor | None
    ) -> tuple[float, float]:
        """Additions if all are spikes, multiplications otherwise; in the order that is taken."""
        q, k, v = (self._split(silence(x, lengths)) for x in inputs)
        tokens, features = q.shape[-2:]
        left = self.from_left(tokens, features)
        if not spikes:
            steps = q[..., 0, 0].numel() if lengths is None else int(lengths.sum()) * self.heads
            return 0.0, steps * 2.0 * tokens * features * (tokens if left else features)
        if left:
            # A spike of Q meets those of K in its feature; then each of V adds a column of Q K^T.
            met = (q.sum(-2) * k.sum(-2)).sum()
            return float(met + tokens * v.sum()), 0.0
        met = (k.sum(-1) * v.sum(-1)).sum()
        return float(met + features * q.sum()), 0.0

    def _split(self, x: Tensor) -> Tensor:
        """(..., tokens, features) -> (..., heads, tokens, features of a head)."""
        return x.unflatten(-1, (self.heads, -1)).transpose(-2, -3)

    def extra_repr(self) -> str:
        """Its options."""
        return f"heads={self.heads}, scale={self.scale:g}"


class SpikingAttention(Container):
    r"""Spiking self-attention between the tokens of a sample, at each time step.

    ``Q, K, V = neurons(norm(x W))``, all spikes, and
    ``y = neurons(norm(neurons(scale Q K^T V) W_out))``. There is no softmax: what is negative in an
    ordinary attention is no spike here. Time enters through the neurons alone; no token looks at
    another step.

    Arguments:
        features: Size of a token, D.
        heads: Parts of the features that attend on their own; D must be a multiple.
        scale: Factor of Q K^T V; 1/8 in the paper, exact in every floating-point format.
        neuron: Makes the neuron layers; None is ``LIF(tau=2 * ms)``.
        attend: Makes the neuron layer behind Q K^T V; None is ``LIF(tau=2 * ms)`` with half the
            threshold, as in the paper.

    Raises:
        ParameterError: Sizes that do not go together.
        ShapeError: The input is not (time, batch, tokens, features).

    Source: Zhou et al. 2023, ICLR, Spikformer, eqs 6-8.

    >>> layer = SpikingAttention(16, heads=4)
    >>> y, state = layer((torch.rand(5, 2, 9, 16) < 0.3).float())
    >>> tuple(y.shape), list(state)
    ((5, 2, 9, 16), ['query', 'key', 'value', 'neurons', 'out'])
    """

    def __init__(
        self,
        features: int,
        heads: int = 8,
        *,
        scale: float = 0.125,
        neuron: MakeNeurons | None = None,
        attend: MakeNeurons | None = None,
    ) -> None:
        super().__init__()
        for what, size in (("features", features), ("heads", heads)):
            if isinstance(size, bool) or not isinstance(size, int) or size < 1:
                raise ParameterError(
                    f"SpikingAttention: {what} must be a whole number >= 1, got {size!r}."
                )
        if features % heads:
            raise ParameterError(
                f"SpikingAttention: {features} features cannot be divided into {heads} heads.",
                hint="make features a multiple of heads",
            )
        if (
            isinstance(scale, bool)
            or not isinstance(scale, int | float)
            or not 0 < scale < math.inf
        ):
            raise ParameterError(f"SpikingAttention: scale must be above 0, got {scale!r}.")
        self.features = features
        make = neuron or _neurons
        self.query = _token_layer(features, features, make)
        self.key = _token_layer(features, features, make)
        self.value = _token_layer(features, features, make)
        self.attend = Attend(heads, float(scale))
        self.neurons = (attend or _eager_neurons)()
        self.out = _token_layer(features, features, make)

    spikes = True
    """The output is spikes."""

    @property
    def parts(self) -> tuple[tuple[str, nn.Module], ...]:
        """Everything but the product in the middle."""
        names = ("query", "key", "value", "neurons", "out")
        return tuple((name, self.get_submodule(name)) for name in names)

    def run(
        self,
        x: Tensor,
        state: Mapping[str, Any] | None,
        lengths: Tensor | None,
        kept: Trace | None,
        path: str,
    ) -> tuple[Tensor, State]:
        """Queries, keys and values, their product, and what becomes of it."""
        if x.dim() != 4 or x.shape[3] != self.features:
            raise ShapeError(
                f"SpikingAttention: input must be (time, batch, tokens, {self.features}), "
                f"got {tuple(x.shape)}.",
                hint="images become tokens by Flatten(2) and a swap of the last two axes",
            )
        before = self._before(state)
        after: State = {}

        def through(name: str, given: Tensor) -> Tensor:
            part = self.get_submodule(name)
            y, new = run_part(name, part, given, before.get(name), lengths, kept, path)
            if is_stateful(part):
                after[name] = new
            return y

        q, k, v = (through(name, x) for name in ("query", "key", "value"))
        y = join_parts("attend", self.attend, (q, k, v), kept, path)
        return through("out", through("neurons", y)), after

    def plain(self) -> nn.Module:
        """The same attention without time and spikes, with ReLUs for neurons."""
        from spikeloom.nn.twin import plain_part

        query, key, value, out = (
            plain_part(self.get_submodule(name)) for name in ("query", "key", "value", "out")
        )
        return PlainAttention(query, key, value, out, self.attend)


class PlainAttention(nn.Module):
    """``out(relu(scale * Q K^T V))`` without time, over (batch, tokens, features).

    >>> same = [nn.Identity() for _ in range(4)]
    >>> PlainAttention(*same, Attend(1, 1.0))(torch.ones(1, 2, 1)).flatten().tolist()
    [2.0, 2.0]
    """

    def __init__(
        self, query: nn.Module, key: nn.Module, value: nn.Module, out: nn.Module, attend: Attend
    ) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = query, key, value, out
        self.attend = Attend(attend.heads, attend.scale)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens (batch, tokens, features)."""
        y = self.attend(self.query(x), self.key(x), self.value(x))
        return self.out(torch.relu(y))


def spikformer_block(
    features: int,
    heads: int = 8,
    *,
    ratio: float = 4.0,
    scale: float = 0.125,
    connect: Connect = "add",
    neuron: MakeNeurons | None = None,
    attend: MakeNeurons | None = None,
) -> Sequential:
    """An encoder block of a spiking transformer: attention and two layers, each with its shortcut.

    Arguments:
        features: Size of a token.
        heads, scale, neuron, attend: As for `SpikingAttention`.
        ratio: Size of the hidden layer over that of a token.
        connect: How shortcuts join, as for `SEW`.

    Returns:
        A network (time, batch, tokens, features) -> the same shape, with parts ``attention`` and
        ``mlp``.

    Raises:
        ParameterError: Sizes that do not go together.

    Source: Zhou et al. 2023, ICLR, Spikformer, figure 2, with the shortcuts of Fang et al. 2021.

    >>> block = spikformer_block(16, heads=2)
    >>> tuple(block(torch.zeros(3, 1, 4, 16))[0].shape), block.names
    ((3, 1, 4, 16), ('attention', 'mlp'))
    """
    number = isinstance(ratio, int | float) and not isinstance(ratio, bool)
    if not number or not 0 < ratio < math.inf:
        raise ParameterError(f"spikformer_block: ratio must be a number above 0, got {ratio!r}.")
    attention = SpikingAttention(features, heads, scale=scale, neuron=neuron, attend=attend)
    hidden, make = max(round(features * ratio), 1), neuron or _neurons
    mlp = Sequential(
        _token_layer(features, hidden, make),
        _token_layer(hidden, features, make),
        names=["hidden", "out"],
    )
    return Sequential(
        SEW(attention, connect=connect), SEW(mlp, connect=connect), names=["attention", "mlp"]
    )


def _token_layer(inputs: int, outputs: int, make: MakeNeurons) -> Sequential:
    norm = TimeBatchNorm(outputs, scale=WIDTH, channels_last=True)
    return Sequential(
        nn.Linear(inputs, outputs, bias=False), norm, make(), names=["weights", "norm", "neurons"]
    )


def _neurons() -> nn.Module:
    return LIF(tau=2 * ms)


def _eager_neurons() -> nn.Module:
    return Spiking(models.LIF(tau=2 * ms, R=1 * MOhm, E=0 * mV, theta=0.5 * mV))
