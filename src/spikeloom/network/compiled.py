"""Compiled equations, kept for as long as the process lives: equal cells are compiled once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from spikeloom.compile import Method, Program, TickProgram, compile_neuron, compile_ticks
from spikeloom.compile.choice import stable_program
from spikeloom.equations import Cell, Neuron, Refractory


@dataclass(frozen=True, eq=False, slots=True)
class Compiled:
    """Equations and how they are integrated, equal to any others that say the same.

    >>> from spikeloom import LIF, ms
    >>> Compiled(LIF(), None) == Compiled(LIF(tau=5 * ms), None)  # values are no equations
    True
    """

    cell: Neuron | Refractory | Cell
    method: Method | None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Compiled) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, str]:
        return self.cell.definition, repr(self.method)


@lru_cache(maxsize=256)
def program(what: Compiled) -> Program | TickProgram:
    """The program of a cell; the same object for equal equations."""
    if what.cell.definition.ticks:
        return compile_ticks(what.cell)
    return compile_neuron(what.cell, what.method)


def chosen(
    cell: Neuron | Refractory | Cell, method: Method | None, values: Mapping[str, Any], dt: float
) -> Program:
    """The program of a cell by a method that is stable at its time step; of real numbers.

    Raises:
        NumericsError: dt is too large for the method, and no other is at hand.
    """

    def compiled(by: Method | None) -> Program:
        return cast("Program", program(Compiled(cell, by)))  # the caller keeps ticks apart

    return stable_program(compiled, method, values, dt)[0]
