"""Distance of spike trains through an exponential filter, as a loss."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from spikeloom.equations.units import Quantity
from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.distance import check_time, van_rossum
from spikeloom.nn.lengths import check_lengths, silence
from spikeloom.nn.readout import Count, Readout


@dataclass(frozen=True)
class VanRossum:
    """Mean over batch and outputs of the squared van Rossum distance to target spike trains.

    Arguments:
        tau: Time constant of the filter; short ones ask for exact times, long ones for counts.
        dt: Time step of the network.
        readout: Scores, for those who want decisions as well.

    Raises:
        ShapeError: Targets of another shape than the outputs.

    Source: van Rossum 2001, Neural Computation 13:751, equations 2.1 to 2.3.

    >>> import torch
    >>> from spikeloom import ms
    >>> one, none = torch.zeros(200, 1, 1), torch.zeros(200, 1, 1)
    >>> one[3] = 1.0
    >>> round(float(VanRossum(tau=10 * ms, dt=1 * ms)(one, none)), 6)
    0.5
    """

    tau: Quantity
    dt: Quantity
    readout: Readout = Count()

    def __post_init__(self) -> None:
        check_time("VanRossum", "tau", self.tau)
        check_time("VanRossum", "dt", self.dt)

    def __call__(self, y: Tensor, targets: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Spikes (time, batch, outputs) and wanted spikes of that shape -> loss, a scalar.

        With lengths, spikes after the end of a sample are left out on both sides; the filters go
        on until the end of the block, as they do behind any last spike.
        """
        if y.shape != targets.shape:
            raise ShapeError(
                f"VanRossum: targets must be spike trains {tuple(y.shape)}, "
                f"got {tuple(targets.shape)}.",
                hint="for labels take CrossEntropy or MeanSquare",
            )
        if y.numel() == 0:
            raise ParameterError(f"VanRossum: there are no spike trains in {tuple(y.shape)}.")
        if lengths is not None:
            ends = check_lengths("VanRossum", lengths, *y.shape[:2])
            y, targets = silence(y, ends), silence(targets, ends)
        return van_rossum(y, targets.to(y.dtype), tau=self.tau, dt=self.dt).mean()
