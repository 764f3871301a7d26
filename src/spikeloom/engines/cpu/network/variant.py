"""Which step kernel of a population, and the words that it is given."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Stepping:
    """One way to step the neurons of a Program.

    Arguments:
        dtype: ``float32`` or ``float64``.
        columns: Coefficients that differ from neuron to neuron; the others are one number.
        channels: Impulse inputs that are read from rings.
        constants: Inputs that stay as they are; those not named are 0.
        poisson: Channel of each Poisson source, and whether its rate differs from neuron to neuron.
        spikes: Whether the model spikes.
        record: States that are kept after each step.
        unroll: Groups of neurons that go through time together.
    """

    dtype: str
    columns: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    poisson: tuple[tuple[str, bool], ...] = ()
    spikes: bool = True
    record: tuple[str, ...] = ()
    unroll: int = 1

    @property
    def inputs(self) -> tuple[str, ...]:
        """Inputs that are given."""
        return self.channels + self.constants

    @property
    def text(self) -> str:
        """Itself as text, for the key of the cache."""
        return "|".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self))


NUMBERS = ("steps", "slot", "step", "slots", "padded", "row_bytes", "origin")
"""The slots that are numbers. The first three are set anew for each block of steps; ``origin`` is
what the number of the first neuron adds to every key."""


def step_slots(variant: Stepping) -> tuple[str, ...]:
    """Names of the 64-bit words of a step kernel, in order: numbers and addresses."""
    sources = range(len(variant.poisson))
    return (
        *NUMBERS,
        *("states", "scalars", "columns", "bits", "levels"),
        *(f"ring:{name}" for name in variant.channels),
        *(f"plane:{name}" for name in variant.record),
        *(f"{part}:{k}" for k in sources for part in ("key", "weight", "table", "rows")),
    )


def is_number(slot: str) -> bool:
    """Whether a slot holds a number; otherwise it holds an address."""
    return slot in NUMBERS or slot.startswith("key:")
