"""The Gaussian surrogate."""

from __future__ import annotations

from spikeloom.equations import Expr, Param, Surrogate, erf


class Gaussian(Surrogate):
    """Error-function step; its derivative slope / sqrt(pi) exp(-(slope u)**2) is a Gaussian.

    Source: Yin, Corradi & Bohté 2021, Nat. Mach. Intell. 3:905.
    """

    slope: Param = 2.0
    """Steepness: the derivative at threshold is slope / sqrt(pi)."""

    def soft(self, u: Expr) -> Expr:
        return (1 + erf(self.slope * u)) / 2
