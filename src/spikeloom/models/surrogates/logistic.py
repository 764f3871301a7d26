"""The logistic surrogate."""

from __future__ import annotations

from spikeloom.equations import Expr, Param, Surrogate, sigmoid


class Logistic(Surrogate):
    """Logistic step; its derivative slope s (1 - s) falls off exponentially.

    Source: Neftci, Mostafa & Zenke 2019, IEEE Signal Process. Mag. 36(6):51.
    """

    slope: Param = 4.0
    """Steepness: the derivative at threshold is slope / 4."""

    def soft(self, u: Expr) -> Expr:
        return sigmoid(self.slope * u)
