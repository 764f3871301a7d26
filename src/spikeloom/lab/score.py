"""How well one spike train predicts another."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeloom.equations import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError
from spikeloom.network.grid import milliseconds

Array = np.ndarray[Any, np.dtype[Any]]


def coincidence(
    recorded: Array, predicted: Array, duration: Quantity, precision: Quantity = 4 * ms
) -> float:
    r"""The coincidence factor: 1 for trains that agree, 0 for what chance would give.

    With N_c spikes that have a partner within the precision Δ, and a model that fires at the rate
    ν, it is Γ = (N_c − 2 ν Δ N) / (½ (N + N_model)) / (1 − 2 ν Δ).

    Arguments:
        recorded: Times in ms (N,).
        predicted: Times in ms (N_model,).
        duration: Of both.
        precision: How far apart two spikes may be and still coincide.

    Returns:
        At most 1; NaN where neither fires, or where the model fires so often that anything
        coincides.

    Source: Kistler, Gerstner & van Hemmen 1997, Neural Comput. 9:1015, eq. 29; Jolivet et al.
    2008, J. Neurosci. Methods 169:417.

    >>> import numpy as np
    >>> from spikeloom import ms
    >>> a = np.arange(50.0, 1000, 50)
    >>> coincidence(a, a, 1000 * ms), round(coincidence(a, a + 10, 1000 * ms), 2)
    (1.0, -0.18)
    """
    length, near = milliseconds("duration", duration), milliseconds("precision", precision)
    if not 0 < near < length:
        raise ParameterError(
            f"coincidence: precision must be above 0 and below {duration}, got {precision}."
        )
    a, b = (np.sort(np.asarray(x, np.float64)) for x in (recorded, predicted))
    chance = 2 * len(b) / length * near
    if not len(a) + len(b) or chance >= 1:
        return float("nan")
    found = _pairs(a, b, near)
    most = 0.5 * (len(a) + len(b))
    if found == most:
        return 1.0
    return (found - chance * len(a)) / most / (1 - chance)


def _pairs(a: Array, b: Array, near: float) -> int:
    """The most pairs of spikes within `near`, each spike in one pair."""
    i = j = found = 0
    while i < len(a) and j < len(b):
        if abs(a[i] - b[j]) <= near:
            found, i, j = found + 1, i + 1, j + 1
        elif a[i] < b[j]:
            i += 1
        else:
            j += 1
    return found
