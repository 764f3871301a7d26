"""Energies of single operations, with process and source; no estimate is better than these."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Literal

from spikeloom.errors import ParameterError

Table = tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class EnergyConstants:
    """Energy of one arithmetic operation, and where the number comes from.

    Arguments:
        accumulate_pj: 32-bit floating-point addition, pJ: one synaptic event.
        multiply_accumulate_pj: 32-bit floating-point multiplication and addition, pJ.
        technology: Process and voltage.
        source: Publication.

    >>> EnergyConstants().technology
    '45 nm CMOS, 0.9 V, 32-bit floating point'
    """

    accumulate_pj: float = 0.9
    multiply_accumulate_pj: float = 4.6
    technology: str = "45 nm CMOS, 0.9 V, 32-bit floating point"
    source: str = "Horowitz 2014, ISSCC, Computing's energy problem, fig. 1.1.9"


@dataclass(frozen=True)
class Process:
    r"""Energies of a manufacturing process by width of the numbers.

    Between the published widths a power law goes through both of them: $e(b) = e_1
    (b / b_1)^p$ for additions, and for multiplications of $a$ by $b$ bits with $\sqrt{ab}$ in
    the place of $b$. Integers of 8 and 32 bits give p = 0.87 and 1.98.

    Arguments:
        integer_add, integer_multiply, float_add, float_multiply: (bits, pJ) each.
        memory: (bytes, pJ to read 64 bits) from small to large; the last one holds anything.
        function: How many multiplications a division, exponential and the like stand for: an
            assumption of ours, about that of a polynomial.
        name: Process and voltage.
        source: Publication.

    Source: Horowitz 2014, ISSCC, fig. 1.1.9. A DRAM access is given as 1.3 to 2.6 nJ: we take the
        middle.

    >>> round(Process().add_pj(32), 3), round(Process().multiply_pj(8, 8), 3)
    (0.1, 0.2)
    >>> round(Process().multiply_pj(8, 5), 3)
    0.126
    """

    integer_add: Table = ((8, 0.03), (32, 0.1))
    integer_multiply: Table = ((8, 0.2), (32, 3.1))
    float_add: Table = ((16, 0.4), (32, 0.9))
    float_multiply: Table = ((16, 1.1), (32, 3.7))
    memory: Table = ((8192, 10.0), (32768, 20.0), (1048576, 100.0), (0, 1950.0))
    function: float = 8.0
    name: str = "45 nm CMOS, 0.9 V"
    source: str = "Horowitz 2014, ISSCC, Computing's energy problem, fig. 1.1.9"

    def __post_init__(self) -> None:
        for name in ("integer_add", "integer_multiply", "float_add", "float_multiply", "memory"):
            rows = getattr(self, name)
            if not rows or any(len(row) != 2 or not row[1] >= 0 for row in rows):
                raise ParameterError(
                    f"Process: {name} must be pairs (width, pJ) with pJ of 0 or more, got {rows!r}."
                )
        if not self.function >= 0:
            raise ParameterError(f"Process: function must be 0 or more, got {self.function!r}.")

    def add_pj(self, bits: float, arithmetic: Arithmetic = "integer") -> float:
        """Energy of an addition of numbers with so many bits, pJ."""
        return _power_law(self.integer_add if arithmetic == "integer" else self.float_add, bits)

    def multiply_pj(self, a: float, b: float, arithmetic: Arithmetic = "integer") -> float:
        """Energy of a multiplication of numbers with a and b bits, pJ."""
        whole = arithmetic == "integer"
        return _power_law(self.integer_multiply if whole else self.float_multiply, math.sqrt(a * b))

    def bit_pj(self, held: float) -> float:
        """Energy to read or write one bit of a memory that holds so many bytes, pJ.

        >>> Process().bit_pj(4000), Process().bit_pj(20e6)
        (0.15625, 30.46875)
        """
        for size, pj in self.memory[:-1]:
            if held <= size:
                return pj / 64
        return self.memory[-1][1] / 64


Arithmetic = Literal["integer", "float"]


def _power_law(table: Table, bits: float) -> float:
    if len(table) == 1:
        return table[0][1]
    (b1, e1), (b2, e2) = table[0], table[-1]
    return e1 * (bits / b1) ** (math.log(e2 / e1) / math.log(b2 / b1))


@dataclass(frozen=True)
class Precision:
    """Bits of the numbers; both networks have the same.

    Arguments:
        weights: Of weights, and of inputs that are not spikes.
        states: Of the states of neurons; None is twice those of the weights, at most 32.
        sums: Of the sums that weights are added up in.
        activations: Of the twin's activations; None is ceil(log2(T + 1)) for a twin without time,
            which tells as many values apart as T steps of spikes, and `weights` for one over time.
        arithmetic: ``"integer"`` or ``"float"``.

    >>> Precision(8).of_states, Precision(8).of_activations(25)
    (16, 5)
    """

    weights: int = 8
    states: int | None = None
    sums: int = 32
    activations: int | None = None
    arithmetic: Arithmetic = "integer"

    def __post_init__(self) -> None:
        for field in fields(self)[:4]:
            bits = getattr(self, field.name)
            optional = bits is None and field.name in ("states", "activations")
            if not optional and (isinstance(bits, bool) or not isinstance(bits, int) or bits < 1):
                raise ParameterError(
                    f"Precision: {field.name} must be a whole number of bits above 0, got {bits!r}."
                )
        if self.arithmetic not in ("integer", "float"):
            raise ParameterError(
                f"Precision: arithmetic is 'integer' or 'float', got {self.arithmetic!r}."
            )

    @property
    def of_states(self) -> int:
        """Bits of a state."""
        return min(2 * self.weights, 32) if self.states is None else self.states

    def of_activations(self, steps: int | None) -> int:
        """Bits of an activation that stands for so many steps; None for a twin over time."""
        if self.activations is not None:
            return self.activations
        if steps is None or self.arithmetic == "float":
            return self.weights
        return max(1, math.ceil(math.log2(steps + 1)))


@dataclass(frozen=True)
class PublishedEvent:
    """Energy of one synaptic event as a chip's makers gave it.

    Arguments:
        chip: Which.
        event_pj: pJ for one synaptic event.
        covers: ``"marginal"``: of one more event; ``"total"``: all power divided by the events.
            The two must never be mixed.
        source: Publication.
    """

    chip: str
    event_pj: float
    covers: Literal["marginal", "total"]
    source: str


PUBLISHED = (
    PublishedEvent("TrueNorth", 26.0, "total", "Merolla 2014, at 20 Hz and 128 synapses, 0.775 V"),
    PublishedEvent("TrueNorth", 2.3, "marginal", "derived from Merolla 2014"),
    PublishedEvent("Loihi", 23.6, "marginal", "Davies 2018, table 2, minimum before silicon"),
    PublishedEvent("ODIN", 8.43, "marginal", "Frenkel 2019, 28 nm"),
    PublishedEvent("ODIN", 12.7, "total", "Frenkel 2019, 28 nm"),
)
"""What chips need for one synaptic event; neuron updates and the rest of a chip come on top of the
marginal ones."""
