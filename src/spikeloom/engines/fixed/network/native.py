"""A network with neurons of whole numbers in native code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from spikeloom.compile.tick_program import TickProgram
from spikeloom.engines.cpu.network import NativeNetwork
from spikeloom.engines.cpu.network.parts import Neurons
from spikeloom.engines.cpu.network.trains import Sources
from spikeloom.engines.drawn_plan import DrawnProjection
from spikeloom.engines.exchange import Exchange
from spikeloom.engines.fixed.network.advance import NEVER
from spikeloom.engines.fixed.network.ticks import Ticks
from spikeloom.engines.network_plan import AnyProjection, NetworkPlan

Array = np.ndarray[Any, np.dtype[Any]]


class FixedNetwork(NativeNetwork):
    """Runs a plan in which some populations compute with whole numbers, as native code.

    Those have the bits of the reference. So has all else where `differs` knows of no difference,
    if `fused` is False; everything is float64, whatever precision the plan asks for.

    Arguments:
        plan: The network.
        threads, like, exchange: As in `NativeNetwork`.
        fused: Whether neurons of real numbers round the sum of a product once, as they do in
            networks without whole numbers, or after every operation, as NumPy does.
    """

    def __init__(
        self,
        plan: NetworkPlan,
        threads: int | None = None,
        like: FixedNetwork | None = None,
        exchange: Exchange | None = None,
        fused: bool = False,
    ) -> None:
        self._fused = fused
        kept = tuple(p.whole if _narrow(p) else p for p in plan.projections)
        if plan.dtype != "float64" or any(map(_narrow, plan.projections)):
            plan = replace(plan, dtype="float64", projections=kept)
        super().__init__(plan, threads, like, exchange)

    def population(self, place: int) -> Neurons | Sources:
        """A population in the form that kernels read."""
        program = self.plan.populations[place].program
        if isinstance(program, TickProgram) and self.plan.populations[place].trains is None:
            return Ticks(self.plan, place, self.threads, self.walks.drives, program)
        made = super().population(place)
        if isinstance(made, Neurons) and not self._fused:
            made.variant = replace(made.variant, fused=False)
        return made

    def check(self) -> None:
        """Raise where an input was no whole number of its width.

        Raises:
            NumericsError: Naming population, tick and input of the first.
        """
        found = [n for n in self.neurons if isinstance(n, Ticks) and n.fault < NEVER]
        if found:
            min(found, key=lambda n: n.fault).blame()

    def load_state_dict(self, state: dict[str, Array]) -> None:
        """Go on from a `state_dict`, also after an input that did not fit."""
        super().load_state_dict(state)
        for n in self.neurons:
            if isinstance(n, Ticks):
                n.forget()

    def set_state(self, population: int, value: Array) -> None:
        """Replace the states of a population.

        Raises:
            ParameterError: One is no whole number of its width.
        """
        neurons = self.neurons[population]
        if isinstance(neurons, Ticks) and np.shape(value) == (len(neurons.states), neurons.size):
            neurons.set_states(value)
        else:
            super().set_state(population, value)


def _narrow(p: AnyProjection) -> bool:
    """Whether synapses that are drawn anew at each spike have weights of another precision."""
    return isinstance(p, DrawnProjection) and p.recipe.dtype != "float64"
