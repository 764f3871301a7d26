"""The triangle, or piecewise linear, surrogate."""

from __future__ import annotations

from spikeloom.equations import Expr, Param, Surrogate, maximum, minimum


class Triangle(Surrogate):
    """Piecewise quadratic step; its derivative slope max(0, 1 - slope abs(u)) is a triangle.

    Source: Esser et al. 2016, PNAS 113:11441; Bellec et al. 2018, NeurIPS.
    """

    slope: Param = 1.0
    """Steepness: the derivative is slope at threshold and 0 from 1 / slope on."""

    def soft(self, u: Expr) -> Expr:
        x = maximum(-1, minimum(1, self.slope * u))
        return 1 / 2 + x - x * abs(x) / 2
