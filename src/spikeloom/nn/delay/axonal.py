"""`Delay`: each feature arrives late by a time of its own."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.equations.values import Distribution
from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.delay.past import check_block, last_steps, with_past
from spikeloom.nn.delay.shifted import fits, shift
from spikeloom.nn.delay.spread import Gaussian, Interpolated, Spread
from spikeloom.nn.delay.times import Rounding, Times
from spikeloom.nn.lengths import check_lengths, valid_steps
from spikeloom.nn.protocol import State


class Delay(nn.Module):
    r"""Axonal delays: feature f of the output is the input d_f earlier.

    With d_f in steps, n its whole part and s the rest, linear interpolation gives
    ``y[t] = (1 - s) x[t - n] + s x[t - n - 1]``, whose derivative by the delay is the difference of
    the two inputs. Delays stay between 0 and `max_delay` by construction. In evaluation mode they
    are rounded to whole steps, so that spikes stay spikes.

    Arguments:
        size: An int is the number of indices of the first feature axis: features of a flat layer,
            channels of an image. A tuple is a shape that broadcasts to the features.
        max_delay: Largest delay; the layer remembers that much of its input.
        dt: Time step, that of the neurons around it.
        start: Delays to begin with: a time, an array of times or a distribution; None draws them
            uniformly from 0 to `max_delay`.
        learn: Whether training moves the delays.
        spread: `Interpolated` or `Gaussian`.
        rounding: When delays are rounded: in evaluation (``"eval"``), ``"always"``, ``"never"``.
        seed: Seed of the draw.

    Raises:
        UnitError: A time without its unit.
        ParameterError: `max_delay` is below `dt`, or a delay outside its bounds.

    Source: the linear interpolation is Khalfaoui-Hassani, Pellegrini & Masquelier 2023, ICLR,
        Dilated convolution with learnable spacings; axonal delays as Shrestha & Orchard 2018.

    >>> layer = Delay(2, max_delay=4 * ms, start=[1, 2.5] * ms)
    >>> x = torch.zeros(5, 1, 2)
    >>> x[0] = 1
    >>> layer(x)[0][:, 0].T.tolist()
    [[0.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5, 0.0]]
    """

    is_stateful: ClassVar[Literal[True]] = True
    takes_lengths: ClassVar[Literal[True]] = True
    passes_spikes: ClassVar[Literal[True]] = True

    def __init__(
        self,
        size: int | tuple[int, ...],
        *,
        max_delay: Quantity = 25 * ms,
        dt: Quantity = 1 * ms,
        start: Quantity | Distribution | None = None,
        learn: bool = True,
        spread: Spread = Interpolated(),
        rounding: Rounding = "eval",
        seed: int = 0,
    ) -> None:
        super().__init__()
        axes = (size,) if isinstance(size, int) else size
        if not isinstance(axes, tuple) or not all(type(n) is int and n >= 0 for n in axes):
            raise ParameterError(
                f"Delay: size must be a number of features or a shape, got {size!r}.",
                hint="for example Delay(128, ...) or Delay((16, 1, 1), ...)",
            )
        self.size = size
        self.delay = Times(
            "Delay", axes, max_delay=max_delay, dt=dt, start=start,
            learn=learn, spread=spread, rounding=rounding, seed=seed,
        )  # fmt: skip

    def forward(
        self, x: Tensor, state: Mapping[str, Any] | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Delay a block of time.

        Arguments:
            x: Input (time, batch, *features).
            state: What an earlier call gave, to go on from there; None is silence before.
            lengths: Steps of each sample (batch,), or None; what comes later is 0.

        Returns:
            Output (time, batch, *features), and the state ``{"past": (batch, steps, *features)}``.

        Raises:
            ShapeError: The axes, the features or the state do not fit.
        """
        check_block("Delay", x)
        features = tuple(x.shape[2:])
        full = with_past("Delay", x, state, self.delay.depth)
        flat = full.reshape(full.shape[0], x.shape[1], prod(features))
        if isinstance(self.delay.spread, Gaussian) and not self.delay.rounded and x.numel():
            y = self._bell(flat, features)
        else:
            past = state is not None and state["past"].requires_grad
            y = self._taps(flat, features, past)
        y = y.reshape(x.shape)
        if lengths is not None:
            lengths = check_lengths("Delay", lengths, *x.shape[:2])
            ended = ~valid_steps(lengths, len(x))
            y = y.masked_fill(ended.reshape(*ended.shape, *(1 for _ in features)), 0)
        return y, last_steps(full, self.delay.depth, lengths)

    def _taps(self, full: Tensor, features: tuple[int, ...], past: bool) -> Tensor:
        """Two neighbouring steps for each feature; of a whole delay the second weighs nothing."""
        depth = self.delay.depth
        before, share = (self._broadcast(v, features) for v in self.delay.pair(full.dtype))
        if fits(full, self.delay.raw):
            return shift(full, before, 1 - share, share, depth, past)
        times = torch.arange(depth, full.shape[0], device=full.device)[:, None, None]
        shape = (full.shape[0] - depth, *full.shape[1:])
        near = full.gather(0, (times - before).expand(shape))
        far = full.gather(0, (times - before - 1).expand(shape))
        return (1 - share) * near + share * far

    def _bell(self, full: Tensor, features: tuple[int, ...]) -> Tensor:
        """A convolution over time for each feature."""
        kernel = self.delay.kernel(full.dtype)
        rows = kernel.flip(-1).movedim(-1, 0)
        taps = torch.stack([self._broadcast(row, features) for row in rows], -1)
        y = nn.functional.conv1d(full.permute(1, 2, 0), taps[:, None], groups=len(taps))
        return y.permute(2, 0, 1)

    def _broadcast(self, value: Tensor, features: tuple[int, ...]) -> Tensor:
        """One number for each flattened feature."""
        if isinstance(self.size, int):
            value = value.reshape(-1, *(1 for _ in features[1:]))
        try:
            return value.broadcast_to(features).reshape(-1)
        except RuntimeError:
            raise ShapeError(
                f"Delay: the delays have shape {tuple(value.shape)}, the input has features "
                f"{features}.",
                hint="an int is the first feature axis; a tuple must broadcast to the features",
            ) from None

    @torch.no_grad()
    def round_(self) -> Delay:
        """Move every delay to the nearest whole step.

        >>> layer = Delay(1, max_delay=4 * ms, start=1.3 * ms).round_()
        >>> layer.times
        [1] * ms
        """
        self.delay.round_()
        return self

    @property
    def times(self) -> Quantity:
        """The delays as they are now."""
        return self.delay.times()

    def __repr__(self) -> str:
        return f"Delay({', '.join([repr(self.size), *self.delay.words()])})"
