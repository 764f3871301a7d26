"""An activation with steps and an end, which spiking neurons can follow exactly."""

from __future__ import annotations

import copy
import math
from typing import Any

import torch
from torch import Tensor, nn

from spikeloom.errors import ParameterError
from spikeloom.train.conversion.calibrate import check_percentile, levels_of
from spikeloom.train.conversion.methods import check_levels


class QCFSActivation(nn.Module):
    r"""Quantised clip-floor-shift: lambda clip(floor(z L / lambda + 1/2) / L, 0, 1).

    The gradient passes the floor as if it were not there; the level lambda is learnt with the
    weights, as its logarithm, so that it stays above 0. Integrate-and-fire neurons with threshold
    lambda that start at lambda / 2 give, for a constant input, exactly this after T = L steps.

    Arguments:
        levels: Number of steps L.
        threshold: lambda at the start, in units of the input.

    Raises:
        ParameterError: Not a whole number of levels, or a threshold that is not above 0.

    Source: Bu et al. 2022, ICLR, eq. 9.

    >>> half = QCFSActivation(levels=2, threshold=1.0)
    >>> half(torch.tensor([-1.0, 0.2, 0.3, 0.8, 9.0])).tolist()
    [0.0, 0.0, 0.5, 1.0, 1.0]
    """

    def __init__(self, levels: int = 8, threshold: float = 4.0) -> None:
        check_levels("QCFSActivation", levels)
        if not isinstance(threshold, int | float) or not 0 < threshold < math.inf:
            raise ParameterError(f"QCFSActivation: threshold must be above 0, got {threshold!r}.")
        super().__init__()
        self.levels = levels
        self.log_threshold = nn.Parameter(torch.tensor(math.log(threshold)))

    @property
    def threshold(self) -> Tensor:
        """The level lambda, a tensor without axes."""
        return self.log_threshold.exp()

    def forward(self, z: Tensor) -> Tensor:
        """Activation of each input, of any shape."""
        top = self.threshold.to(z.dtype)
        u = z * self.levels / top + 0.5
        steps = u + (u.floor() - u).detach()
        return top * (steps / self.levels).clamp(0, 1)

    def extra_repr(self) -> str:
        return f"levels={self.levels}, threshold={float(self.threshold.detach()):.4g}"


@torch.no_grad()
def quantised(
    ann: nn.Module, data: Any, *, levels: int = 8, percentile: float = 99.9
) -> nn.Sequential:
    """A copy of a plain network with `QCFSActivation` for each ReLU, to train further.

    Train the copy with `fit` as the network itself, then convert it with ``QCFS(levels)``.

    Arguments:
        ann: A trained or fresh torch ``nn.Sequential``; it is not changed.
        data: Samples as for `fit`, to set lambda: the percentile of the activations above 0.
        levels: Steps of the activation.
        percentile: In %.

    Raises:
        ParameterError: No chain, or no ReLU in it.

    >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> quantised(net, (torch.rand(9, 2), torch.arange(9) % 2), levels=4)[1].levels
    4
    """
    check_levels("quantised", levels)
    check_percentile("quantised", percentile)
    if not isinstance(ann, nn.Sequential):
        raise ParameterError(
            f"quantised: the network must be a torch nn.Sequential, got {type(ann).__name__}."
        )
    copied = copy.deepcopy(ann)
    places = _own_rectifiers(copied)
    if not places:
        raise ParameterError(
            "quantised: there is no ReLU to replace.", hint="use nn.ReLU() as a module of the chain"
        )
    found = levels_of(copied, [above.get_submodule(n) for above, n in places], data, percentile)
    like = next((p for p in copied.parameters() if p.is_floating_point()), torch.zeros(()))
    for (above, name), top in zip(places, found, strict=True):
        setattr(above, name, QCFSActivation(levels, top or 1.0).to(like))
    return copied


def _own_rectifiers(chain: nn.Module) -> list[tuple[nn.Module, str]]:
    """Where the rectifiers stand, in order; one that stands in several places becomes several."""
    places: list[tuple[nn.Module, str]] = []
    for name, layer in list(chain._modules.items()):
        if type(layer) is nn.ReLU:
            setattr(chain, name, nn.ReLU())
            places.append((chain, name))
        elif layer is not None:
            places += _own_rectifiers(layer)
    return places
