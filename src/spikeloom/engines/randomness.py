r"""Random numbers of a step by their place: the same seed, entity, name, step and neuron give the
same number, whatever else is drawn and however a run is cut.

The bits are those of SplitMix64, from a stream of its own for each name and step:

    word(step, neuron) = mix(mix(key + (step + 1) G) + (neuron + 1) G)

A uniform number is the upper 52 bits of its word, in the middle of their interval. A normal number
comes from the word of its *pair* of steps, 2k and 2k + 1, by Box and Muller: the lower half of the
word gives the distance q from the middle, the upper half two signs and the angle θ within an
eighth of the circle to either side of the diagonal,

    z(2k) = ± √(−ln q) (cos θ − sin θ),    z(2k + 1) = ± √(−ln q) (cos θ + sin θ),

which spends one logarithm and one angle on two numbers. The largest is 6.8.

Source: Box & Muller 1958, Ann. Math. Stat. 29:610; Steele, Lea & Flood 2014, OOPSLA (SplitMix64).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spikeloom.compile.program import Program
from spikeloom.compile.tick_program import TickProgram
from spikeloom.engines.poisson import GOLDEN, LAST, MIX, mix
from spikeloom.engines.wiring.arrays import make_key
from spikeloom.errors import EngineError

Array = np.ndarray[Any, np.dtype[Any]]
ANGLE_BITS = 30
_MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Chance:
    """Where the random numbers of a run come from.

    Arguments:
        keys: Name of a random number in the Program → 64 bits of its own.
        step: Number of the first step.
        first: Number of the first neuron.

    >>> from spikeloom.compile import compile_neuron
    >>> from spikeloom.models import DiffusionLIF
    >>> program = compile_neuron(DiffusionLIF())
    >>> chance = Chance.of(program, seed=1, entity="exc")
    >>> chance.draw("normal:xi", step=0, size=3).round(3).tolist()
    [0.582, -0.362, 0.082]
    """

    keys: dict[str, int]
    step: int = 0
    first: int = 0

    @classmethod
    def of(
        cls, program: Program | TickProgram, seed: int, entity: int | str, step: int = 0
    ) -> Chance:
        """The streams of a Program, by a seed and by who draws."""
        return cls({name: make_key(seed, entity, name) for name in program.random}, step)

    def at(self, step: int) -> Chance:
        """The same streams from another step on."""
        return replace(self, step=step)

    def draw(self, name: str, step: int, size: int) -> Array:
        """The numbers of a name for all neurons in one step, (N,), counted from the first."""
        now, key = self.step + step, self.keys[name]
        if name.startswith("uniform:"):
            return uniform(words(key, now, self.first, size))
        even, odd = normal_pair(words(key, now >> 1, self.first, size))
        return odd if now & 1 else even

    def draws(self, step: int, size: int) -> dict[str, Array]:
        """All numbers of one step."""
        return {name: self.draw(name, step, size) for name in self.keys}


def words(key: int, step: int, first: int, size: int) -> Array:
    """Random 64-bit words of `size` neurons from number `first` on, uint64."""
    start = (mix(key + (step + 1) * GOLDEN) + first * GOLDEN) & _MASK
    with np.errstate(over="ignore"):
        z = np.uint64(start) + np.arange(1, size + 1, dtype=np.uint64) * np.uint64(GOLDEN)
        for shift, factor in MIX:
            z = (z ^ (z >> np.uint64(shift))) * np.uint64(factor)
        return z ^ (z >> np.uint64(LAST))


def uniform(word: Array) -> Array:
    """Uniform strictly between 0 and 1, of 52 bits.

    >>> uniform(np.array([0, 2**64 - 1], np.uint64)).tolist() == [2**-53, 1 - 2**-53]
    True
    """
    return ((word >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def normal_pair(word: Array) -> tuple[Array, Array]:
    """Two standard normal numbers out of each word.

    >>> even, odd = normal_pair(np.array([2**31 - 1 + 2**61], np.uint64))
    >>> bool(np.isclose(even[0] ** 2 + odd[0] ** 2, 2 * np.log(2)))
    True
    """
    low = (word & np.uint64(2**32 - 1)).astype(np.float64)
    high = word >> np.uint64(32)
    turn = (high & np.uint64(2**ANGLE_BITS - 1)).astype(np.float64)
    angle = ((turn + 0.5) * 2.0**-ANGLE_BITS - 0.5) * (np.pi / 2)
    size = np.sqrt(-np.log((low + 0.5) * 2.0**-32))
    sine, cosine = np.sin(angle), np.cos(angle)
    even = np.where(high >> np.uint64(31) & np.uint64(1), -size, size) * (cosine - sine)
    odd = np.where(high >> np.uint64(30) & np.uint64(1), -size, size) * (cosine + sine)
    return even, odd


def check_chance(program: Program, chance: Chance | None) -> Chance:
    """The streams of a Program, which must be given if it draws anything.

    Raises:
        EngineError: They are missing, or those of another Program.
    """
    names = set(program.random)
    if chance is None and names:
        raise EngineError(
            f"{program.model}: its steps draw random numbers, and nothing says which.",
            hint="give chance=Chance.of(program, seed, entity)",
        )
    if chance is not None and set(chance.keys) != names:
        raise EngineError(
            f"{program.model}: chance has {sorted(chance.keys)}, not {sorted(names)}."
        )
    if chance is not None and not 0 <= chance.step < 1 << 62:
        raise EngineError(f"{program.model}: the first step must be at least 0, got {chance.step}.")
    return chance or Chance({})


def refuse_chance(who: str, program: Program) -> None:
    """Layers go back through the steps they ran, so their random numbers come in as inputs."""
    if program.random:
        raise EngineError(
            f"{who}: {program.model} draws random numbers, which this call takes as inputs.",
            hint="compile_neuron(neuron, given_noise=True) makes inputs of them",
        )
