"""What an encoder is, and the checks that encoders share."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from torch import Tensor

from spikeloom.errors import NumericsError, ParameterError, ShapeError


class Encoder(Protocol):
    """Turns samples (batch, ...) into a block of time (time, batch, *features)."""

    def __call__(self, x: Tensor, draw: int = 0) -> Tensor: ...


@runtime_checkable
class Timed(Protocol):
    """An encoder that also knows its spikes off the grid: one for each feature at most."""

    @property
    def steps(self) -> int: ...

    def times(self, x: Tensor, draw: int = 0) -> Tensor:
        """Samples (batch, *features) -> times in steps (batch, *features); infinity for none."""
        ...


def check_steps(who: str, steps: int) -> None:
    """Raise `ParameterError` unless ``steps`` is a whole number of at least one."""
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ParameterError(f"{who}: steps must be a whole number >= 1, got {steps!r}.")


def check_samples(who: str, x: Any, rank: int, shape: str) -> None:
    """Raise unless ``x`` is a tensor and has at least ``rank`` axes."""
    if not isinstance(x, Tensor):
        raise ParameterError(
            f"{who}: samples must be a torch tensor, got {type(x).__name__}.",
            hint="convert them: torch.as_tensor(x)",
        )
    if x.dim() < rank:
        raise ShapeError(
            f"{who}: samples must be {shape}, got {tuple(x.shape)}.",
            hint="one sample alone needs a batch axis: x.unsqueeze(0)",
        )


def check_intensity(who: str, x: Tensor) -> None:
    """Raise unless every value of ``x`` is finite and from 0 to 1."""
    if x.numel() == 0:
        return
    low, high = (float(v) for v in x.aminmax())
    if low != low or high != high:
        raise NumericsError(f"{who}: the samples contain NaN.")
    if low < 0.0 or high > 1.0:
        raise ParameterError(
            f"{who}: intensities must lie in [0, 1], got values from {low:g} to {high:g}.",
            hint="scale the data first, for example x / 255 for 8-bit images",
        )
