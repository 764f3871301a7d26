"""Dropout that leaves out the same neurons for the whole time of a sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.lengths import check_lengths, silence
from spikeloom.nn.protocol import State


class TimeDropout(nn.Module):
    r"""Dropout with one mask for each sample, the same at every time step.

    In training each feature is 0 with probability p for all steps, and 1 / (1 - p) times as large
    otherwise. The mask is drawn from torch's generator at a fresh start and is the layer's state:
    handed on, it also holds for the next piece of time. In evaluation nothing is left out.

    Arguments:
        p: Probability of leaving a feature out, from 0 to below 1.
        whole: Number of feature axes that share a draw, counted from the last: 2 leaves out whole
            channels of (channels, height, width).

    Raises:
        ParameterError: p or whole makes no sense.
        ShapeError: The input is not (time, batch, *features), or the state is of another batch.

    Source: Srivastava et al. 2014, JMLR 15:1929; one mask over time: Gal & Ghahramani 2016,
        NeurIPS 29, and Lee et al. 2020, Frontiers in Neuroscience 14:119, section 2.2.4.

    >>> layer = TimeDropout(0.5)
    >>> y, state = layer(torch.ones(7, 2, 100))
    >>> bool((y == y[0]).all()), sorted(set(y.flatten().tolist()))
    (True, [0.0, 2.0])
    """

    is_stateful: ClassVar[Literal[True]] = True
    takes_lengths: ClassVar[Literal[True]] = True

    def __init__(self, p: float = 0.5, *, whole: int = 0) -> None:
        super().__init__()
        if isinstance(p, bool) or not isinstance(p, int | float) or not 0 <= p < 1:
            raise ParameterError(f"TimeDropout: p must be from 0 to below 1, got {p!r}.")
        if isinstance(whole, bool) or not isinstance(whole, int) or whole < 0:
            raise ParameterError(f"TimeDropout: whole must be a whole number >= 0, got {whole!r}.")
        self.p, self.whole = float(p), whole

    def forward(
        self, x: Tensor, state: Mapping[str, Any] | None = None, lengths: Any = None
    ) -> tuple[Tensor, State]:
        """Leave features out.

        Arguments:
            x: Input (time, batch, *features).
            state: What an earlier call gave, to go on with its mask; None draws a new one.
            lengths: Valid steps of each sample (batch,), or None for all.

        Returns:
            Output of the same shape, and the state: the mask, (batch, *features) with 1 for axes
            that share a draw; nothing in evaluation.
        """
        if not isinstance(x, Tensor) or x.dim() < 3:
            shape = tuple(x.shape) if isinstance(x, Tensor) else type(x).__name__
            raise ShapeError(
                f"TimeDropout: input must be a tensor (time, batch, *features), got {shape}."
            )
        if not x.is_floating_point():
            raise ShapeError(
                f"TimeDropout: input must be floating point, got {x.dtype}.",
                hint="convert it: x.float()",
            )
        if state is not None and not isinstance(state, Mapping):
            raise ParameterError(
                f"TimeDropout: a state is a dict, got {type(state).__name__}.",
                hint="give what the layer gave, y, state = layer(x); None is a fresh start",
            )
        ends = None if lengths is None else check_lengths("TimeDropout", lengths, *x.shape[:2])
        if not self.training or not self.p:
            return silence(x, ends), {} if state is None else dict(state)
        mask = (state or {}).get("mask")
        if mask is None:
            mask = self._mask(x)
        elif mask.shape != self._shape(x):
            raise ShapeError(
                f"TimeDropout: the mask of the state is {tuple(mask.shape)}, that of the input "
                f"{self._shape(x)}.",
                hint="a state belongs to one batch: start the next one with state=None",
            )
        return silence(x * mask, ends), {"mask": mask}

    def _shape(self, x: Tensor) -> tuple[int, ...]:
        if self.whole >= x.dim() - 2 and self.whole:
            raise ShapeError(
                f"TimeDropout: whole={self.whole} needs more than {x.dim() - 2} feature axes."
            )
        return (*x.shape[1 : x.dim() - self.whole], *[1] * self.whole)

    def _mask(self, x: Tensor) -> Tensor:
        kept = torch.rand(self._shape(x), dtype=x.dtype, device=x.device) >= self.p
        return kept.to(x.dtype) / (1.0 - self.p)

    def plain(self) -> nn.Module:
        """Dropout for a network without time."""
        kinds = {0: nn.Dropout, 1: nn.Dropout1d, 2: nn.Dropout2d, 3: nn.Dropout3d}
        return kinds.get(self.whole, nn.Dropout)(self.p)

    def extra_repr(self) -> str:
        """Its options."""
        return f"p={self.p:g}" + (f", whole={self.whole}" if self.whole else "")
