"""Currents that fluctuate by chance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from spikeloom.compile import Program, bind, compile_neuron
from spikeloom.engines.inputs import Series, Term, Wander
from spikeloom.equations import Neuron, Noise, Param, State, noise, sqrt, state
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms, one
from spikeloom.equations.values import Distribution, check
from spikeloom.errors import ParameterError
from spikeloom.network.waveforms.waveform import Array, Target, amount, shown, wrong_unit

if TYPE_CHECKING:
    from spikeloom.network.view import View

ALWAYS = Series(lambda steps: np.ones(len(steps)), text="always")


class Fluctuation(Neuron):
    """Ornstein-Uhlenbeck process with mean 0 and standard deviation 1."""

    tau: Param = 1 * ms
    """Correlation time."""
    x: State = state(one)
    xi: Noise = noise()

    def flow(self, d: Self) -> None:
        d.x = -self.x / self.tau + sqrt(2 / self.tau) * self.xi


@lru_cache(maxsize=1)
def _program() -> Program:
    return compile_neuron(Fluctuation())


@dataclass(frozen=True, slots=True, repr=False)
class OrnsteinUhlenbeck:
    """A current that fluctuates around its mean and remembers for a while; for `Network.inject`.

    It begins in its stationary state and is stepped exactly, whatever dt is: at every step it has
    this mean and standard deviation, and the correlation exp(-t / tau) with itself a time t later.

    Arguments:
        mean: One number, one for each neuron, or a distribution over neurons.
        sigma: Standard deviation, likewise, not negative.
        tau: Correlation time, likewise.
        shared: Whether all neurons see the same fluctuation, each with its own mean and sigma;
            otherwise each has its own.

    Source: Uhlenbeck & Ornstein 1930, Phys. Rev. 36:823; Gillespie 1996, Phys. Rev. E 54:2084.

    >>> from spikeloom import ms, pA
    >>> OrnsteinUhlenbeck(100 * pA, 50 * pA, tau=5 * ms)
    OrnsteinUhlenbeck(mean=100 * pA, sigma=50 * pA, tau=5 * ms)
    """

    mean: Any
    sigma: Any
    tau: Any
    shared: bool = False

    def __post_init__(self) -> None:
        for name in ("mean", "sigma"):
            value = amount(f"OrnsteinUhlenbeck: {name}", getattr(self, name))
            object.__setattr__(self, name, value)
        object.__setattr__(self, "tau", check("OrnsteinUhlenbeck", "tau", ms, self.tau))
        if not self.sigma.unit.fits(self.mean.unit):
            raise wrong_unit("OrnsteinUhlenbeck: sigma", self.mean.unit, self.sigma.unit)
        if isinstance(self.sigma, Quantity) and not np.all(np.asarray(self.sigma.value) >= 0):
            raise ParameterError(f"OrnsteinUhlenbeck: sigma must not be negative: {self.sigma}.")
        if self.shared and (isinstance(self.tau, Distribution) or self.tau.shape):
            raise ParameterError(
                f"OrnsteinUhlenbeck: what is shared has one tau, got {self.tau!r}.",
                hint="shared=False gives each neuron a fluctuation of its own",
            )

    @property
    def span(self) -> tuple[float, float]:
        """All the time."""
        return 0.0, inf

    def check(self, target: Target) -> None:
        """Raise unless it fits what it drives."""
        self._numbers(target)

    def terms(
        self, target: Target, dt: float, view: View | None = None, first: int = 0
    ) -> list[Term]:
        """What it gives to some neurons.

        Arguments:
            target: What it drives, all of it.
            dt: Time step in ms.
            view: The neurons; None for all that it drives.
            first: Place of the first of them in the target.
        """
        mean, sigma, tau = self._numbers(target)
        bound = bind(_program(), {"tau": tau}, dt)
        size = 1 if self.shared else target.size
        whole = Wander(bound.program, bound.coefs, size, self.shared, target.label)
        part = slice(first, first + (target.size if view is None else len(view)))
        series = whole.columns(part)
        ids = None if view is None or view.whole else view.ids
        gains = [x if x.ndim == 0 else x[part] for x in (sigma, mean)]
        return [Term(s, gain, ids) for s, gain in zip((series, ALWAYS), gains, strict=True)]

    def _numbers(self, target: Target) -> tuple[Array, Array, Array]:
        mean, sigma = target.number("mean", self.mean), target.number("sigma", self.sigma)
        if np.any(sigma < 0):
            raise ParameterError(
                f"{target.label}: sigma must not be negative, got {sigma.min():g}."
            )
        return mean, sigma, replace(target, unit=ms).number("tau", self.tau)

    def __repr__(self) -> str:
        return shown(self)
