"""What a run gives back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np

from spikeloom.equations.quantity import Unit
from spikeloom.errors import ParameterError, suggest
from spikeloom.network.spikes import SpikeTrains
from spikeloom.network.view import Group, Population, View

Array = np.ndarray[Any, np.dtype[Any]]
T = TypeVar("T")
SPIKES = "spikes"


@dataclass(frozen=True, eq=False)
class Recorder:
    """What `Network.record` was asked to keep; the key to find it in a `Result`.

    Arguments:
        members: Whose spikes or states.
        what: ``"spikes"`` or the name of a state.
        every: Steps between two samples of a state.
    """

    members: Group
    what: str
    every: int = 1

    def __repr__(self) -> str:
        return f"{self.what} of {self.members!r}"


@dataclass(frozen=True, eq=False)
class Trace:
    """A state of some neurons, sampled.

    Arguments:
        times: Times of the samples in ms, (samples,).
        values: In `unit`, (samples, neurons).
        unit: Unit that the model declares for the state.
        state: Name of the state.
    """

    times: Array = field(repr=False)
    values: Array = field(repr=False)
    unit: Unit
    state: str

    def __repr__(self) -> str:
        rows, size = self.values.shape
        return f"{self.state} of {size:,} neurons, {rows:,} samples in {self.unit}"


class Recorded(Mapping[Recorder, T], Generic[T]):
    """Recordings by recorder; also by population, part of one, or name where that says which.

    Arguments:
        kind: ``"spikes"`` or ``"states"``, for messages.
        found: The recordings.
    """

    def __init__(self, kind: str, found: Mapping[Recorder, T]) -> None:
        self._kind, self._found = kind, dict(found)

    def __getitem__(self, key: Recorder | Population | View | Group | str) -> T:
        if isinstance(key, Recorder):
            if key in self._found:
                return self._found[key]
            raise ParameterError(
                f"{key!r} is not among the recorded {self._kind} of this run.",
                hint="a recorder must be made before the run that it records",
            )
        name = key if isinstance(key, str) else repr(key)
        known = [r for r in self._found if name in (repr(r.members), repr(r))]
        if len(known) == 1:
            return self._found[known[0]]
        if known:
            raise ParameterError(
                f"{name} was recorded {len(known)} times.",
                hint="ask by what net.record(…) gave back",
            )
        raise ParameterError(
            f"no {self._kind} of {name!r} were recorded in this run.",
            hint=suggest(name, [repr(r.members) for r in self._found])
            if self._found
            else f'before the run: net.record({name}, "spikes")',
        )

    def __iter__(self) -> Iterator[Recorder]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return "\n".join(repr(value) for value in self._found.values()) or f"no {self._kind}"


@dataclass(frozen=True, eq=False)
class Result:
    """One run of a network. All times are plain numbers in ms.

    Arguments:
        start: When the run began.
        stop: When it ended.
        spikes: Spikes, by what `Network.record` gave back, by population or by name.
        states: Sampled states, likewise.
        seconds: How long the computer took.
        complete: False where Ctrl-C ended the run before its time.
    """

    start: float
    stop: float
    spikes: Recorded[SpikeTrains]
    states: Recorded[Trace]
    seconds: float
    complete: bool = True

    @property
    def real_time_factor(self) -> float:
        """Seconds of computing for one second of the network's time."""
        return self.seconds / max((self.stop - self.start) / 1000, 1e-12)

    def __repr__(self) -> str:
        head = f"{self.start:g} to {self.stop:g} ms, computed in {self.seconds:.3g} s"
        early = "" if self.complete else " (ended early)"
        rows = [repr(x) for x in (*self.spikes.values(), *self.states.values())]
        return "\n  ".join([f"Result  {head}{early}", *rows])
