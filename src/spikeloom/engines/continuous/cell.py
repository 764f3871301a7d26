"""One neuron of a population in numbers: the blocks of its Motion as functions of arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from spikeloom.compile.motion import PERIOD, Motion
from spikeloom.compile.program import Block
from spikeloom.compile.scalar import scalar_function

Array = np.ndarray[Any, np.dtype[Any]]
Inputs = Sequence[float]
"""A number for each input of the model, in order of their declaration."""


class NumberCell:
    """A neuron with its parameters in place; states are an array (S,) in order of `flowing`.

    Arguments:
        motion: Its equations.
        coefs: Coefficient name → number.
    """

    def __init__(self, motion: Motion, coefs: Mapping[str, float]) -> None:
        self.motion, self.size = motion, len(motion.flowing)
        self.crowded = 0.0
        self.period = float(coefs[PERIOD]) if motion.hold else 0.0
        self.held = np.array([name in motion.hold for name in motion.flowing], bool)
        place = {name: i for i, name in enumerate(motion.flowing)}
        fixed = {f"coef:{name}": float(value) for name, value in coefs.items()}
        given = [f"state:{n}" for n in motion.flowing] + [f"input:{n}" for n in motion.inputs]

        def function(block: Block) -> Callable[[Sequence[float]], list[float]]:
            return scalar_function(block, fixed, given)

        self._rates, self._jacobian = function(motion.rates), function(motion.jacobian)
        self._reset, self._receive = function(motion.reset), function(motion.receive)
        self._margin, self._slope = function(motion.margin), function(motion.slope)
        entries = [n.split(":")[1:] for n in motion.jacobian.names]
        self._rows = [place[row] for row, _ in entries]
        self._columns = [place[column] for _, column in entries]

    def rates(self, x: Array, inputs: Inputs, resting: bool) -> Array:
        """dx/dt; what is held does not move while the neuron is resting."""
        made = np.array(self._rates([*x.tolist(), *inputs]))
        if resting:
            made[self.held] = 0.0
        return made

    def jacobian(self, x: Array, inputs: Inputs, resting: bool) -> Array:
        """∂(dx/dt)/∂x, (S, S)."""
        made = np.zeros((self.size, self.size))
        made[self._rows, self._columns] = self._jacobian([*x.tolist(), *inputs])
        if resting:
            made[self.held] = 0.0
        return made

    def margin(self, x: Array, inputs: Inputs) -> float:
        """Distance past the threshold."""
        return float(self._margin([*x.tolist(), *inputs])[0])

    def slope(self, x: Array, inputs: Inputs) -> Array:
        """Derivative of the margin by the states (S,)."""
        return np.array(self._slope([*x.tolist(), *inputs]))

    def after_spike(self, x: Array, inputs: Inputs) -> Array:
        """States after a reset."""
        return np.array(self._reset([*x.tolist(), *inputs]))

    def after_arrival(self, x: Array, inputs: Inputs, resting: bool) -> Array:
        """States after the impulses in `inputs`; what is held does not hear them."""
        made = np.array(self._receive([*x.tolist(), *inputs]))
        return np.where(self.held, x, made) if resting else made
