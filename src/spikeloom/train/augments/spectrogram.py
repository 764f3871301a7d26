"""Change spectrograms as another speaker, another pace or a worse line would."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.keys import derive_key


@dataclass(frozen=True)
class Spectrogram:
    """Small random changes of each spectrogram (frames, bands) with values in [0, 1].

    In this order: stretch and move in time and, independently, along the bands (a longer vocal
    tract lowers every formant by the same factor, which on a mel scale is nearly a move); tilt and
    gain, linear over the bands; normal noise; one block of frames and one of bands set to 0. What
    comes in from outside is 0.

    Arguments:
        tempo: Largest stretch in time; 0.1 means between 1/1.1 and 1.1.
        move: Largest move in time, frames.
        pitch: Largest stretch along the bands.
        bands: Largest move along the bands, bands.
        tilt: Largest change of level at either end of the bands.
        noise: Standard deviation of the noise.
        hide_frames: Longest block of frames that is hidden.
        hide_bands: Widest block of bands that is hidden.
        seed: Same seed and same ``draw``: same changes.

    Raises:
        ParameterError: A range is negative or not finite.
        ShapeError: The samples are not (batch, frames, bands).

    Source: masks after Park et al. 2019, Interspeech, SpecAugment; moves along the bands after
        Jaitly & Hinton 2013, ICML workshop, vocal tract length perturbation.

    >>> still = Spectrogram(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0)
    >>> x = torch.rand(2, 8, 6)
    >>> bool(torch.allclose(still(x, draw=0), x, atol=1e-6))
    True
    """

    tempo: float = 0.15
    move: float = 3.0
    pitch: float = 0.1
    bands: float = 2.0
    tilt: float = 0.1
    noise: float = 0.03
    hide_frames: int = 8
    hide_bands: int = 6
    seed: int = 0

    def __post_init__(self) -> None:
        values = (self.tempo, self.move, self.pitch, self.bands, self.tilt, self.noise)
        for value in (*values, self.hide_frames, self.hide_bands):
            if not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise ParameterError(f"Spectrogram: ranges must be finite and >= 0, got {self!r}.")

    def __call__(self, x: Tensor, draw: int) -> Tensor:
        """Spectrograms (batch, frames, bands) -> changed spectrograms of the same shape."""
        if x.dim() != 3:
            raise ShapeError(
                f"Spectrogram: samples must be (batch, frames, bands), got {tuple(x.shape)}."
            )
        batch, frames, bands = x.shape
        key = derive_key(self.seed, "spectrogram", draw)
        chance = np.random.Generator(np.random.Philox(key=key))
        uniform = torch.from_numpy(chance.uniform(-1.0, 1.0, (6, batch))).to(x)
        zero = torch.zeros_like(uniform[0])
        down = torch.exp(uniform[0] * math.log1p(self.tempo))
        across = torch.exp(uniform[1] * math.log1p(self.pitch))
        # Coordinates run from -1 to 1 over an image, so one frame is 2 / frames.
        rows = [
            torch.stack([across, zero, uniform[2] * (2 * self.bands / bands)], 1),
            torch.stack([zero, down, uniform[3] * (2 * self.move / frames)], 1),
        ]
        grid = functional.affine_grid(torch.stack(rows, 1), [batch, 1, frames, bands], False)
        y = functional.grid_sample(x.unsqueeze(1), grid, align_corners=False).squeeze(1)
        slope = torch.linspace(-1.0, 1.0, bands, dtype=x.dtype)
        level = self.tilt * (uniform[4, :, None] * slope + uniform[5, :, None])
        noise = torch.from_numpy(chance.standard_normal((batch, frames, bands), np.float32))
        # Silence stays silence: what is not heard has no level that could change.
        y = torch.where(y > 0, y + level[:, None, :], y) + self.noise * noise.to(x)
        y = y.clamp(0.0, 1.0)
        for axis, size, longest in ((1, frames, self.hide_frames), (2, bands, self.hide_bands)):
            long = torch.from_numpy(chance.integers(0, longest + 1, batch))
            start = (torch.from_numpy(chance.random(batch)) * (size - long + 1)).long()
            place = torch.arange(size)
            hidden = (place >= start[:, None]) & (place < (start + long)[:, None])
            y = y.masked_fill(hidden.unsqueeze(3 - axis), 0.0)
        return y
