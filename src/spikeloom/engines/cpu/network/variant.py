"""Which step kernel of a population, and the words that it is given."""

from __future__ import annotations

from dataclasses import dataclass, fields

from spikeloom.engines.cpu.network.windows import Shape
from spikeloom.engines.cpu.variant import slot_of


@dataclass(frozen=True, slots=True)
class Stepping:
    """One way to step the neurons of a Program.

    Arguments:
        dtype: ``float32`` or ``float64``.
        columns: Coefficients that differ from neuron to neuron; the others are one number.
        channels: Impulse inputs that are read from rings.
        constants: Inputs that stay as they are; those not named are 0.
        poisson: Channel of each Poisson source; bounds of its distribution that are compared in
            any case, 0 where the rate differs from neuron to neuron; and the bundle of its rate if
            that changes over time.
        driven: The bundle of each inflow that changes over time, with its name as label.
        spikes: Whether the model spikes.
        record: States that are kept after each step.
        unroll: Groups of neurons that go through time together.
        random: Random numbers that a step draws.
        ahead: Neurons by which memory is asked for before its turn; 0 for none.
        tile: Neurons that take each step of a block together; 0 for one group after the other.
        trial: Potentials, and whether a spike sets them, of a step that is only tried: it leaves
            everything as it is and gives their means between its two ends. None for real steps.
        fused: Whether a product that is added to something is rounded only once.
    """

    dtype: str
    columns: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    poisson: tuple[tuple[str, int, Shape | None], ...] = ()
    driven: tuple[Shape, ...] = ()
    spikes: bool = True
    record: tuple[str, ...] = ()
    unroll: int = 1
    random: tuple[str, ...] = ()
    ahead: int = 0
    tile: int = 0
    trial: tuple[tuple[str, bool], ...] | None = None
    fused: bool = True

    @property
    def inputs(self) -> tuple[str, ...]:
        """Inputs that are given."""
        return self.channels + self.constants

    @property
    def text(self) -> str:
        """Itself as text, for the key of the cache."""
        return "|".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self))


NUMBERS = ("steps", "slot", "step", "slots", "padded", "row_bytes", "origin", "window")
"""The slots that are numbers. The first three are set anew for each block of steps; ``origin`` is
what the number of the first neuron adds to every key; ``window`` is one less than the steps, a
power of two, for which there are rows of inputs over time."""


def step_slots(variant: Stepping) -> tuple[str, ...]:
    """Names of the 64-bit words of a step kernel, in order: numbers and addresses."""
    rates = [rate for _, _, rate in variant.poisson]
    return (
        *NUMBERS,
        *("states", "scalars", "columns", "bits", "levels"),
        *(f"ring:{name}" for name in variant.channels),
        *(f"plane:{name}" for name in variant.record),
        *(slot for shape in variant.driven for slot in shape.slots),
        *(slot_of(name) for name in variant.random),
        *(f"middle:{name}" for name, _ in variant.trial or ()),
        *(
            slot
            for k, rate in enumerate(rates)
            for slot in (
                *(f"key:{k}", f"weight:{k}"),
                *((f"table:{k}", f"rows:{k}") if rate is None else rate.slots),
            )
        ),
    )


def is_number(slot: str) -> bool:
    """Whether a slot holds a number; otherwise it holds an address."""
    return slot in NUMBERS or slot.startswith(("key:", "chance:"))
