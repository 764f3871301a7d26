"""`SynapticDelay`: a linear layer in which each synapse has a weight and a delay."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.equations.values import Distribution
from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.delay.native import fits, send
from spikeloom.nn.delay.past import check_block, last_steps, with_past
from spikeloom.nn.delay.spread import Gaussian, Interpolated, Spread
from spikeloom.nn.delay.times import Rounding, Times
from spikeloom.nn.lengths import check_lengths, valid_steps
from spikeloom.nn.protocol import State


class SynapticDelay(nn.Module):
    r"""A linear layer whose synapse from j to i has a weight and a delay of its own.

    ``y_i[t] = b_i + sum_j w_ij sum_m k_ij[m] x_j[t - m]``, where the shares k_ij of the steps m sum
    to 1: a Gaussian around the delay d_ij while training (narrowed by `NarrowDelays`), or the two
    steps around it with `Interpolated`; one whole step in evaluation mode.

    Arguments:
        in_features: Inputs.
        out_features: Outputs.
        max_delay: Largest delay; the layer remembers that much of its input.
        dt: Time step, that of the neurons around it.
        bias: Whether each output has a constant of its own.
        start: Delays to begin with: a time, an array (out, in) of times or a distribution; None
            draws them uniformly from 0 to `max_delay`.
        learn: Whether training moves the delays.
        spread: `Gaussian` or `Interpolated`.
        rounding: When delays are rounded: in evaluation (``"eval"``), ``"always"``, ``"never"``.
        seed: Seed of the delays; weights come from torch's generator, as those of its own layers.

    Raises:
        UnitError: A time without its unit.
        ParameterError: `max_delay` is below `dt`, or a delay outside its bounds.

    Source: Hammouamri, Khalfaoui-Hassani & Masquelier 2024, ICLR, Learning delays in spiking
        neural networks using dilated convolutions with learnable spacings.

    >>> layer = SynapticDelay(1, 2, max_delay=3 * ms, start=[[1], [3]] * ms, bias=False).eval()
    >>> _ = layer.weight.data.fill_(2)
    >>> layer(torch.tensor([1.0, 0, 0, 0]).reshape(4, 1, 1))[0][:, 0].T.tolist()
    [[0.0, 2.0, 0.0, 0.0], [0.0, 0.0, 0.0, 2.0]]
    """

    is_stateful: ClassVar[Literal[True]] = True
    takes_lengths: ClassVar[Literal[True]] = True
    holds_weights: ClassVar[Literal[True]] = True

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        max_delay: Quantity = 25 * ms,
        dt: Quantity = 1 * ms,
        bias: bool = True,
        start: Quantity | Distribution | None = None,
        learn: bool = True,
        spread: Spread = Gaussian(),
        rounding: Rounding = "eval",
        seed: int = 0,
    ) -> None:
        super().__init__()
        for name, count in (("in_features", in_features), ("out_features", out_features)):
            if type(count) is not int or count < 1:
                raise ParameterError(f"SynapticDelay: {name} must be at least 1, got {count!r}.")
        self.in_features, self.out_features = in_features, out_features
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.delay = Times(
            "SynapticDelay", (out_features, in_features), max_delay=max_delay, dt=dt, start=start,
            learn=learn, spread=spread, rounding=rounding, seed=seed,
        )  # fmt: skip
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights and bias as ``torch.nn.Linear`` does; the delays stay."""
        bound = 1 / sqrt(self.in_features)
        nn.init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            nn.init.uniform_(self.bias, -bound, bound)

    def forward(
        self, x: Tensor, state: Mapping[str, Any] | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Send a block of time through the synapses.

        Arguments:
            x: Input (time, batch, in_features).
            state: What an earlier call gave, to go on from there; None is silence before.
            lengths: Steps of each sample (batch,), or None; what comes later is 0.

        Returns:
            Output (time, batch, out_features), and the state
            ``{"past": (batch, steps, in_features)}``.

        Raises:
            ShapeError: The axes, the features, the precision or the state do not fit.
        """
        check_block("SynapticDelay", x)
        self._check(x)
        full = with_past("SynapticDelay", x, state, self.delay.depth)
        past = state is not None and state["past"].requires_grad
        y = self._send(full, past)
        if self.bias is not None:
            y = y + self.bias
        if lengths is not None:
            lengths = check_lengths("SynapticDelay", lengths, *x.shape[:2])
            ended = ~valid_steps(lengths, len(x))
            y = y.masked_fill(ended[..., None], 0)
        return y, last_steps(full, self.delay.depth, lengths)

    def _send(self, full: Tensor, past: bool) -> Tensor:
        """Weighted, delayed sums (time, batch, out) of (depth + time, batch, in)."""
        steps, batch = full.shape[0] - self.delay.depth, full.shape[1]
        narrow = self.delay.rounded or isinstance(self.delay.spread, Interpolated)
        if narrow and steps and fits(full, self.weight):
            before, share = self.delay.pair(self.weight.dtype)
            near, far = self.weight * (1 - share), self.weight * share
            return send(full, before, near, far, self.delay.depth, past)
        kernel = self.weight[..., None] * self.delay.kernel(self.weight.dtype)
        if not steps or not batch:
            return full.new_zeros((steps, batch, self.out_features)) + 0 * kernel.sum()
        y = nn.functional.conv1d(full.permute(1, 2, 0), kernel.flip(-1))
        return y.permute(2, 0, 1)

    def _check(self, x: Tensor) -> None:
        if x.dim() != 3 or x.shape[2] != self.in_features:
            hint = "put torch.nn.Flatten() before this layer" if x.dim() > 3 else None
            raise ShapeError(
                f"SynapticDelay: input must be (time, batch, {self.in_features}), "
                f"got {tuple(x.shape)}.",
                hint=hint,
            )
        if x.dtype != self.weight.dtype and not torch.is_autocast_enabled():
            raise ShapeError(
                f"SynapticDelay: the input is {x.dtype}, the weights are {self.weight.dtype}.",
                hint="bring both to one precision: x.float(), or net.double()",
            )

    @torch.no_grad()
    def round_(self) -> SynapticDelay:
        """Move every delay to the nearest whole step."""
        self.delay.round_()
        return self

    @property
    def times(self) -> Quantity:
        """The delays (out, in) as they are now."""
        return self.delay.times()

    def __repr__(self) -> str:
        words = [str(self.in_features), str(self.out_features), *self.delay.words()]
        words += [] if self.bias is not None else ["bias=False"]
        return f"SynapticDelay({', '.join(words)})"
