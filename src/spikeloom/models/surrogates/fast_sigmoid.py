"""The fast sigmoid, the surrogate of SuperSpike."""

from __future__ import annotations

from spikeloom.equations import Expr, Param, Surrogate


class FastSigmoid(Surrogate):
    """Fast sigmoid step; its derivative is slope / 2 / (1 + slope abs(u))**2.

    SuperSpike uses the same curve without the factor slope / 2, so that its derivative at
    threshold is 1 for every slope.

    Source: Zenke & Ganguli 2018, Neural Comput. 30:1514.
    """

    slope: Param = 2.0
    """Steepness: the derivative at threshold is slope / 2."""

    def soft(self, u: Expr) -> Expr:
        return (1 + self.slope * u / (1 + self.slope * abs(u))) / 2
