"""Normalisation of currents that knows of time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.chain.fold import put_back, taken
from spikeloom.nn.lengths import check_lengths, valid_steps
from spikeloom.nn.protocol import State


class AnyBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch norm of (batch, channels, *space) with any number of axes of space.

    >>> AnyBatchNorm(3)(torch.randn(4, 3, 2, 2)).shape
    torch.Size([4, 3, 2, 2])
    """

    def _check_input_dim(self, input: Tensor) -> None:
        del input


class TokenBatchNorm(AnyBatchNorm):
    """Batch norm of (batch, *tokens, channels).

    >>> TokenBatchNorm(3)(torch.randn(4, 7, 3)).shape
    torch.Size([4, 7, 3])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalise each channel over samples and tokens."""
        return super().forward(input.movedim(-1, 1)).movedim(1, -1)


class TimeBatchNorm(nn.Module):
    r"""Batch norm of each channel over time, batch and space together.

    ``y = scale * (x - mean) / sqrt(var + eps) * weight + bias``, mean and variance over all valid
    steps of all samples in training, and over what was seen in training afterwards. With ``scale``
    the threshold of the neurons that follow (times an alpha of one's own), currents start out as
    wide as the distance to threshold, whatever the weights before. Padding counts in nothing.

    Arguments:
        channels: Size of the first feature axis.
        scale: alpha * V_th, in the unit of the current.
        eps: Added to the variance.
        momentum: Weight of a new batch in the running statistics; None for their plain average.
        affine: Whether to learn a weight and a bias for each channel.
        channels_last: Whether the channels are the last feature axis, as those of tokens are.

    Raises:
        ParameterError: A size or a scale that makes no sense.
        ShapeError: The input is not (time, batch, channels, *space).

    Source: tdBN: Zheng, Wu, Deng, Hu & Li 2021, AAAI 35:11062, eqs 5-7.

    >>> norm = TimeBatchNorm(3, scale=0.5)
    >>> y, state = norm(torch.randn(20, 8, 3))
    >>> round(float(y.detach().std()), 2), state
    (0.5, {})
    """

    is_stateful: ClassVar[Literal[True]] = True
    takes_lengths: ClassVar[Literal[True]] = True
    normalises: ClassVar[Literal[True]] = True

    def __init__(
        self,
        channels: int,
        *,
        scale: float = 1.0,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        channels_last: bool = False,
    ) -> None:
        super().__init__()
        _check(type(self).__name__, channels=channels, scale=scale, eps=eps)
        self.channels, self.scale = channels, float(scale)
        self.channels_last = channels_last
        self.norm = AnyBatchNorm(channels, eps, momentum, affine)

    def forward(
        self, x: Tensor, state: Mapping[str, Any] | None = None, lengths: Any = None
    ) -> tuple[Tensor, State]:
        """Normalise a block (time, batch, channels, *space); the state stays empty."""
        del state
        moves = self.channels_last and isinstance(x, Tensor) and x.dim() > 3
        if moves:
            x = x.movedim(-1, 2)
        ends = _accept(type(self).__name__, self.channels, x, lengths)
        flat = x.flatten(0, 1)
        rows = None if ends is None else valid_steps(ends, len(x)).flatten().nonzero().squeeze(1)
        y = self.scale * self.norm(_enough(self.norm, flat if rows is None else taken(flat, rows)))
        y = y if rows is None else put_back(y, rows, len(flat))
        y = y.unflatten(0, tuple(x.shape[:2]))
        return y.movedim(2, -1) if moves else y, {}

    def plain(self) -> nn.Module:
        """Batch norm for a network without time."""
        kind = TokenBatchNorm if self.channels_last else AnyBatchNorm
        return kind(self.channels, self.norm.eps, self.norm.momentum, self.norm.affine)

    def extra_repr(self) -> str:
        """The scale; the rest is shown by the norm inside."""
        return f"scale={self.scale:g}" + ", channels_last=True" * self.channels_last


class StepBatchNorm(nn.Module):
    r"""Batch norm with statistics, weight and bias of its own for each time step.

    In step t: ``y_t = scale * (x_t - mean_t) / sqrt(var_t + eps) * weight_t + bias_t``, statistics
    over the samples that have not ended; where only one value is left, those of earlier batches.
    The state counts the steps, so a block may come in pieces; steps beyond the last one known are
    normalised like that one.

    Arguments:
        channels: Size of the first feature axis.
        steps: Time steps with statistics of their own.
        scale, eps, momentum, affine: As for `TimeBatchNorm`.
        bias: Whether to learn a bias; the original has none.

    Raises:
        ParameterError: A size or a scale that makes no sense.
        ShapeError: The input is not (time, batch, channels, *space).

    Source: BNTT: Kim & Panda 2021, Frontiers in Neuroscience 15:773954, eqs 5-6.

    >>> norm = StepBatchNorm(3, steps=20)
    >>> y, state = norm(torch.randn(20, 8, 3) * torch.arange(1, 21).view(-1, 1, 1))
    >>> bool((y.std((1, 2), correction=0) - 1 < 0.01).all()), state["step"].tolist()
    (True, [20, 20, 20, 20, 20, 20, 20, 20])
    """

    is_stateful: ClassVar[Literal[True]] = True
    takes_lengths: ClassVar[Literal[True]] = True
    normalises: ClassVar[Literal[True]] = True

    def __init__(
        self,
        channels: int,
        steps: int,
        *,
        scale: float = 1.0,
        eps: float = 1e-4,
        momentum: float | None = 0.1,
        affine: bool = True,
        bias: bool = False,
    ) -> None:
        super().__init__()
        _check(type(self).__name__, channels=channels, scale=scale, eps=eps, steps=steps)
        self.channels, self.scale = channels, float(scale)
        self.norms = nn.ModuleList(
            AnyBatchNorm(channels, eps, momentum, affine) for _ in range(steps)
        )
        if affine and not bias:
            for norm in self.norms:
                norm.register_parameter("bias", None)

    def forward(
        self, x: Tensor, state: Mapping[str, Any] | None = None, lengths: Any = None
    ) -> tuple[Tensor, State]:
        """Normalise a block (time, batch, channels, *space), step by step.

        Returns:
            The block, zero after the end of each sample, and the state: steps done (batch,).
        """
        ends = _accept(type(self).__name__, self.channels, x, lengths)
        done = _steps_done(state, x)
        begin = int(done.max()) if len(done) else 0
        pieces: list[Tensor] = []
        for t, step in enumerate(x.unbind(0)):
            norm = self._norm(min(begin + t, len(self.norms) - 1))
            rows = None if ends is None else (t < ends).nonzero().squeeze(1)
            if rows is not None and len(rows) == 0:
                pieces.append(torch.zeros_like(step))
                continue
            y = _alone(norm, step if rows is None else taken(step, rows))
            pieces.append(y if rows is None else put_back(y, rows, len(step)))
        y = self.scale * torch.stack(pieces) if pieces else x
        return y, {"step": done + (len(x) if ends is None else ends)}

    def plain(self) -> nn.Module:
        """Batch norm for a network without time."""
        first = self._norm(0)
        return AnyBatchNorm(self.channels, first.eps, first.momentum, first.affine)

    def _norm(self, step: int) -> AnyBatchNorm:
        norm: Any = self.norms[step]
        return norm

    def extra_repr(self) -> str:
        """Sizes in one line instead of one line for each step."""
        return f"{self.channels}, steps={len(self.norms)}, scale={self.scale:g}"


def _enough(norm: AnyBatchNorm, rows: Tensor) -> Tensor:
    """The rows, if they have a variance where one is needed."""
    if norm.training and rows.numel() <= norm.num_features:
        raise ShapeError(
            f"TimeBatchNorm: training needs more than one value of each channel, got "
            f"{tuple(rows.shape)} (valid steps, channels, *space).",
            hint="take more samples or steps in a batch, or net.eval()",
        )
    return rows


def _alone(norm: AnyBatchNorm, rows: Tensor) -> Tensor:
    """One step through its norm; a single value has no variance and takes what was seen before."""
    if norm.training and rows.numel() == norm.num_features:
        return functional.batch_norm(
            rows, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=norm.eps
        )
    return norm(rows)


def _steps_done(state: Mapping[str, Any] | None, x: Tensor) -> Tensor:
    """Steps that each sample has behind it (batch,)."""
    if state is None:
        return x.new_zeros(x.shape[1], dtype=torch.int64)
    done = state.get("step") if isinstance(state, Mapping) else None
    if not isinstance(done, Tensor) or done.shape != x.shape[1:2]:
        raise ParameterError(
            f"StepBatchNorm: the state must hold 'step' of {x.shape[1]} samples, got {state!r}.",
            hint="give what the layer gave, y, state = layer(x); None is a fresh start",
        )
    return done


def _accept(who: str, channels: int, x: Tensor, lengths: Any) -> Tensor | None:
    if not isinstance(x, Tensor):
        raise ParameterError(
            f"{who}: input must be a torch tensor, got {type(x).__name__}.",
            hint="convert it: torch.as_tensor(x)",
        )
    if x.dim() < 3 or x.shape[2] != channels:
        raise ShapeError(
            f"{who}: input must be (time, batch, {channels}, *space), got {tuple(x.shape)}.",
            hint="the first number of the norm is the number of channels or features before it",
        )
    if not x.is_floating_point():
        raise ShapeError(
            f"{who}: input must be floating point, got {x.dtype}.", hint="convert it: x.float()"
        )
    return None if lengths is None else check_lengths(who, lengths, *x.shape[:2])


def _check(who: str, **values: float) -> None:
    for name, value in values.items():
        whole = name in ("channels", "steps")
        fits = isinstance(value, int) if whole else isinstance(value, int | float)
        if isinstance(value, bool) or not fits or not 0 < value < math.inf:
            kind = "a whole number >= 1" if whole else "a number above 0"
            raise ParameterError(f"{who}: {name} must be {kind}, got {value!r}.")
