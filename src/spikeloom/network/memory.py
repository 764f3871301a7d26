"""How much memory a network will take, from what was said about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from spikeloom.equations.quantity import Quantity
from spikeloom.equations.values import Distribution
from spikeloom.network.description import Connection, Description
from spikeloom.network.keep import delay_bounds
from spikeloom.network.rules.memory import available_bytes

DType = Literal["float32", "float64"]
RUN = 0.2
"""Bytes a synapse for runs of equal delay, about: two for each run, ten synapses in each."""


@dataclass(frozen=True)
class Memory:
    """What a network is expected to take, beside the program itself.

    Arguments:
        neurons: Their number.
        synapses: Those in memory, about.
        drawn: Those that are drawn at each spike, about.
        running: Bytes while it runs.
        building: Most bytes while it is built.
        available: Bytes that can be had now; None where the system does not tell.

    >>> Memory(1000, 1e8, 0.0, 550_000_000, 1_200_000_000, None)
    1,000 neurons, about 100,000,000 synapses: 0.55 GB to run, 1.20 GB to build
    """

    neurons: int
    synapses: float
    drawn: float
    running: int
    building: int
    available: int | None

    def __repr__(self) -> str:
        text = f"{self.neurons:,} neurons, about {self.synapses:,.0f} synapses"
        if self.drawn:
            text += f" and {self.drawn:,.0f} that are drawn at each spike"
        text += f": {self.running / 1e9:.2f} GB to run, {self.building / 1e9:.2f} GB to build"
        return text if self.available is None else f"{text}; {self.available / 1e9:.2f} GB are free"


def estimate(said: Description, dtype: DType) -> Memory:
    """What a network will take.

    Arguments:
        said: The network.
        dtype: Precision of states and weights.
    """
    number = 4 if dtype == "float32" else 8
    slots = 1 + max((delay_bounds(c, said.dt)[1] for c in said.connections), default=0)
    neurons, states, kept, most, stored, drawn = 0, 0.0, 0.0, 0.0, 0.0, 0.0
    for member in said.members:
        definition = member.receptors.definition
        channels = sum(i.kind == "impulse" for i in definition.inputs)
        neurons += member.population.size
        states += member.population.size * number * (len(definition.states) + channels * slots)
    for c in said.connections:
        count = c.rule.synapses(len(c.source), len(c.target))
        if not c.stored:
            drawn += count
            continue
        arrays, packed = synapse_bytes(c, dtype)
        rows = 32.0 * sum(part.population.size for part in c.source.parts) * len(c.target.parts)
        stored += count
        most = max(most, kept + count * (arrays + packed) + rows)
        kept += count * packed + rows
    return Memory(
        neurons, stored, drawn, int(states + kept), int(states + max(most, kept)), available_bytes()
    )


def synapse_bytes(connection: Connection, dtype: DType) -> tuple[float, float]:
    """Bytes of a synapse while its connection is built, and afterwards."""

    def one_number(value: object) -> bool:
        return isinstance(value, Quantity) and not value.shape

    full = 4.0 if dtype == "float32" else 8.0
    weight = 0.0 if one_number(connection.weight) else full
    delay = 0.0 if one_number(connection.delay) else 2.0
    working = max(4.0 + weight + delay, connection.rule.working_bytes)
    if connection.learning is not None:
        return working, 4.0 + full + delay
    short = isinstance(connection.weight, Distribution) and connection.weight.kind != "lognormal"
    packed = 3.0 if short and dtype == "float32" else weight
    narrow = max(len(part) for part in connection.target.parts) <= 1 << 16
    return working, packed + (2.0 + (RUN if delay else 0.0) if narrow else 4.0)
