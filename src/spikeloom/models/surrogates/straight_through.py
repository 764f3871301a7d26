"""The straight-through estimator."""

from __future__ import annotations

from spikeloom.equations import Expr, Param, Surrogate


class StraightThrough(Surrogate):
    """A straight line: the gradient passes as if there were no threshold at all.

    It does not stay between 0 and 1; far from threshold it is wrong but never vanishes.

    Source: Bengio, Léonard & Courville 2013, arXiv:1308.3432.
    """

    slope: Param = 1.0
    """The derivative, everywhere."""

    def soft(self, u: Expr) -> Expr:
        return self.slope * u + 1 / 2
