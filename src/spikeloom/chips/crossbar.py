"""A core of TrueNorth: axons of four types, a crossbar of single bits, and neurons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.engines import Run, simulate
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError, ShapeError
from spikeloom.models import TrueNorthNeuron

Array = np.ndarray[Any, np.dtype[Any]]
TYPES = 4
LARGEST = 256
"""Axons, and neurons, of one core."""


@dataclass(frozen=True, eq=False)
class Core:
    r"""Neurons behind a crossbar: an event on an axon reaches every neuron it is connected to.

    With A the events of a tick and W the bits of the crossbar, the neurons get for each type g the
    number of events a_g = A_g^T W_g, over the axons of that type, and v grows by Σ s_g a_g.

    Arguments:
        neuron: What its neurons are; a parameter may be an array with one value for each.
        connected: W, zeros and ones, (axons, neurons), at most 256 of each.
        types: Type of each axon, 0 to 3.

    Raises:
        ShapeError: The arrays do not fit, or are too large.
        ParameterError: Something else than zeros and ones, or another type.

    Source: Merolla et al. 2014, Science 345:668; Cassidy et al. 2013, IJCNN.

    >>> core = Core(TrueNorthNeuron(s=(2, -1, 0, 0), alpha=9), np.eye(3), [0, 0, 1])
    >>> run = core.run(np.ones((2, 3)))
    >>> run.state["v"].tolist()
    [4, 4, 0]
    """

    neuron: TrueNorthNeuron
    connected: Array
    types: Array

    def __post_init__(self) -> None:
        bits, types = np.asarray(self.connected), np.asarray(self.types)
        if bits.ndim != 2 or max(bits.shape) > LARGEST:
            raise ShapeError(
                f"Core: connected must be (axons, neurons), at most {LARGEST} of each, got shape "
                f"{bits.shape}.",
                hint="spread larger layers over several cores",
            )
        if types.shape != bits.shape[:1]:
            raise ShapeError(
                f"Core: types must hold one number for each of {len(bits)} axons, got shape "
                f"{types.shape}."
            )
        if not np.isin(bits, (0, 1)).all():
            raise ParameterError(
                "Core: connected holds something else than 0 and 1.",
                hint="the weight of an event is s of the neuron, by the type of its axon",
            )
        if not np.isin(types, range(TYPES)).all():
            raise ParameterError("Core: types of axons are 0, 1, 2 and 3.")
        object.__setattr__(self, "connected", bits.astype(np.int64))
        object.__setattr__(self, "types", types.astype(np.int64))

    @property
    def size(self) -> int:
        """Number of neurons."""
        return self.connected.shape[1]

    def counts(self, events: Any) -> dict[str, Array]:
        """What reaches the neurons.

        Arguments:
            events: Of each tick and axon, 0 or 1, (T, axons).

        Returns:
            ``a0`` to ``a3``, each (T, neurons).
        """
        given = np.asarray(events)
        if given.ndim != 2 or given.shape[1] != len(self.connected):
            raise ShapeError(
                f"Core: events must be (ticks, {len(self.connected)}), got shape {given.shape}."
            )
        if not np.isin(given, (0, 1)).all():
            raise ParameterError(
                "Core: an axon carries one event in a tick, or none.",
                hint="events are 0 and 1; several sources need several axons",
            )
        whole = given.astype(np.int64)
        return {
            f"a{g}": whole[:, self.types == g] @ self.connected[self.types == g]
            for g in range(TYPES)
        }

    def run(
        self,
        events: Any,
        *,
        tick: Quantity = 1 * ms,
        seed: int = 0,
        state: Mapping[str, Array] | None = None,
        first: int = 0,
        engine: Any = None,
    ) -> Run:
        """Run the core for as many ticks as there are rows of events.

        Arguments:
            events: As in `counts`.
            tick: How long a tick takes.
            seed, state, first, engine: As in `simulate`.
        """
        arrived: dict[str, Any] = self.counts(events)
        return simulate(
            self.neuron,
            len(events) * tick,
            dt=tick,
            size=self.size,
            seed=seed,
            state=state,
            first=first,
            engine=engine,
            **{name: rows for name, rows in arrived.items() if rows.any()},
        )
