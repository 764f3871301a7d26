"""The arctangent surrogate."""

from __future__ import annotations

from spikeloom.equations import Expr, Param, Surrogate, atan, pi


class ATan(Surrogate):
    """Arctangent step; its derivative slope / 2 / (1 + (pi / 2 slope u)**2) has long tails.

    Source: Fang et al. 2021, ICCV, Incorporating Learnable Membrane Time Constant.

    >>> print(ATan(slope=4))
    ATan  slope 4
      spike ≈ atan(1.5707963267948966*slope*u)/3.141592653589793 + 0.5
    """

    slope: Param = 2.0
    """Steepness: the derivative at threshold is slope / 2."""

    def soft(self, u: Expr) -> Expr:
        return atan(pi / 2 * self.slope * u) / pi + 1 / 2
