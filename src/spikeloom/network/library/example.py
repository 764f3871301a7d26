"""What a network of the library is: how to make it, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError
from spikeloom.network.engine import EngineName
from spikeloom.network.network import Network
from spikeloom.network.result import Recorder, Result
from spikeloom.network.spikes import SpikeTrains

RATE, CV, RHYTHM = "rate (Hz)", "interval CV", "rhythm (Hz)"


@dataclass(frozen=True)
class Setup:
    """What may be chosen when a network of the library is made.

    Arguments:
        scale: Number of neurons, relative to the paper. Each keeps its number of inputs, unless
            the network says otherwise.
        seed, dtype, threads, engine: As in `Network`.
        dt: Time step.

    >>> Setup(scale=2.0).of(4000)
    8000
    """

    scale: float = 1.0
    seed: int = 0
    dtype: Literal["float32", "float64"] = "float32"
    threads: int | None = None
    engine: EngineName = "auto"
    dt: Quantity = 0.1 * ms

    def __post_init__(self) -> None:
        if not 0 < self.scale < float("inf"):
            raise ParameterError(f"scale must be above 0, got {self.scale}.")

    def of(self, neurons: int) -> int:
        """A number of neurons at this scale."""
        return max(1, round(neurons * self.scale))

    def network(self) -> Network:
        """An empty network."""
        return Network(
            self.dt, seed=self.seed, dtype=self.dtype, threads=self.threads, engine=self.engine
        )


@dataclass(frozen=True, eq=False)
class Built:
    """A network of the library, ready to run.

    Arguments:
        net: The network.
        spikes: Records the spikes of all neurons.
        potentials: Records the potentials of a few.
    """

    net: Network
    spikes: Recorder
    potentials: Recorder


@dataclass(frozen=True)
class Band:
    """Between which values a measure lies, over seeds and simulators.

    >>> Band(RATE, 5, 7).holds(5.7), Band(RATE, 5, 7).holds(float("nan"))
    (True, False)
    """

    measure: str
    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether a value lies in the band."""
        return self.low <= value <= self.high


Measure = Callable[["Built", "Result", float], dict[str, float]]
"""From a run, and the milliseconds to leave out at its beginning, to numbers by name and unit."""


def activity(built: Built, result: Result, settle: float) -> dict[str, float]:
    """Rate, coefficient of variation and strongest rhythm of all recorded spikes."""
    late = settled(result.spikes[built.spikes], settle)
    return {RATE: late.rate(), CV: late.cv(), RHYTHM: late.peak_frequency()}


def settled(trains: SpikeTrains, settle: float) -> SpikeTrains:
    """Spikes of the time after settling.

    Arguments:
        trains: The spikes.
        settle: Milliseconds to leave out; of a run that is no longer, half of it.
    """
    length = trains.stop - trains.start
    return trains.between(trains.start + (settle if settle < length else length / 2))


@dataclass(frozen=True, eq=False)
class Example:
    """A network from a paper.

    Arguments:
        name: What it is called on the command line.
        title: What it is.
        source: The paper.
        build: Makes the network.
        bands: What is known of it, at scale 1.
        settle: Milliseconds before which nothing is measured.
        duration: Milliseconds of the run that the bands hold for.
        measure: What is measured.
    """

    name: str
    title: str
    source: str
    build: Callable[[Setup], Built]
    bands: tuple[Band, ...]
    settle: float = 200.0
    duration: float = 1200.0
    measure: Measure = activity

    def measured(self, built: Built, result: Result) -> dict[str, float]:
        """What this network is measured by."""
        return self.measure(built, result, self.settle)
