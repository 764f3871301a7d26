"""What a run gives back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from spikeloom.errors import ParameterError, suggest
from spikeloom.network.recording.collector import Stored, Wish
from spikeloom.network.spikes import SpikeTrains
from spikeloom.network.state_trace import StateTrace
from spikeloom.network.view import Group, Population, View
from spikeloom.network.weight_trace import WeightTrace
from spikeloom.network.windows import Windows

Array = np.ndarray[Any, np.dtype[Any]]
T = TypeVar("T")
SPIKES = "spikes"


@dataclass(frozen=True, eq=False, repr=False)
class Recorder(Generic[T]):
    """What `Network.record` was asked to keep; the key to find it in a `Result`.

    Arguments:
        of: Whose, in words.
        what: ``"spikes"``, the name of a state, or what is measured.
        more: What sets it apart from other recorders of the same, in words.
        wish: What it was asked for; None where it comes from a file.
    """

    of: str
    what: str
    more: str = ""
    wish: Wish[T] | None = None

    def __repr__(self) -> str:
        return f"{self.what} of {self.of}{self.more}"


class Recorded(Mapping[Recorder[T], T], Generic[T]):
    """Recordings by recorder; also by population, part of one, or name where that says which.

    Arguments:
        kind: What they are, for messages: ``"spikes"``, ``"states"``, …
        found: The recordings.
    """

    def __init__(self, kind: str, found: Mapping[Recorder[Any], T] | None = None) -> None:
        self._kind, self._found = kind, dict(found or {})

    def __getitem__(self, key: Recorder[Any] | Population | View | Group | str) -> T:
        known = self._matching(key)
        if len(known) == 1:
            return self._found[known[0]]
        if known:
            differ = len({repr(r) for r in known}) > 1
            raise ParameterError(
                f"{key} was recorded {len(known)} times.",
                hint="ask by what net.record(…) gave back"
                + (f", or by name: {repr(known[0])!r}" if differ else ""),
            )
        if isinstance(key, Recorder):
            raise ParameterError(
                f"{key!r} is not among the recorded {self._kind} of this run.",
                hint="a recorder must be made before the run that it records",
            )
        raise ParameterError(
            f"no {self._kind} of {str(key)!r} were recorded in this run.",
            hint=suggest(str(key), [r.of for r in self._found])
            if self._found
            else f'before the run: net.record({key}, "spikes")',
        )

    def __contains__(self, key: object) -> bool:
        return len(self._matching(key)) == 1

    def _matching(self, key: object) -> list[Recorder[T]]:
        if isinstance(key, Recorder):
            if key in self._found:
                return [key]
            # What is read from a file has recorders of its own, which say the same.
            return [r for r in self._found if r.wish is None and repr(r) == repr(key)]
        name = key if isinstance(key, str) else repr(key)
        return [r for r in self._found if name in (r.of, repr(r))]

    def __iter__(self) -> Iterator[Recorder[T]]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return "\n".join(repr(value) for value in self._found.values()) or f"no {self._kind}"


@dataclass(frozen=True, eq=False)
class Result:
    """One run of a network. All times are plain numbers in ms.

    ``result[recorder]`` gives what a recorder has kept, whatever it is.

    Arguments:
        start: When the run began.
        stop: When it ended.
        spikes: Spikes, by what `Network.record` gave back, by population or by name.
        states: Sampled states, likewise.
        seconds: How long the computer took.
        complete: False where Ctrl-C or an error ended the run before its time.
        windows: States around moments.
        weights: Weights over time.
        measures: What measures have computed.
        path: The file that the run was streamed to or read from; None for memory.
        dt: Time step in ms.
        about: Where it comes from: versions, seed and the network in words.
        stored: All of it, as it is kept.
    """

    start: float
    stop: float
    spikes: Recorded[SpikeTrains]
    states: Recorded[StateTrace]
    seconds: float
    complete: bool = True
    windows: Recorded[Windows] = field(default_factory=lambda: Recorded("windows"))
    weights: Recorded[WeightTrace] = field(default_factory=lambda: Recorded("weights"))
    measures: Recorded[Any] = field(default_factory=lambda: Recorded("measures"))
    path: Path | None = None
    dt: float = 0.1
    about: Mapping[str, Any] = field(default_factory=dict, repr=False)
    stored: Mapping[Recorder[Any], Stored] = field(default_factory=dict, repr=False)

    @property
    def real_time_factor(self) -> float:
        """Seconds of computing for one second of the network's time."""
        return self.seconds / max((self.stop - self.start) / 1000, 1e-12)

    def __getitem__(self, recorder: Recorder[T]) -> T:
        """What a recorder has kept.

        Raises:
            ParameterError: It is not of this run.
        """
        if not isinstance(recorder, Recorder):
            raise ParameterError(
                f"result[…] wants what net.record(…) gave back, got {recorder!r}.",
                hint='by population or name: result.spikes[exc], result.states["exc"]',
            )
        holds: Any = next((x for x in self._all() if recorder in x), self.spikes)
        return holds[recorder]

    @classmethod
    def load(cls, path: str | Path) -> Result:
        """What `Network.run` has streamed to a file, or `save` has written.

        Rows are read when they are asked for, and the file may still be growing: what was valid
        when it was opened is seen.

        Arguments:
            path: The file.

        Raises:
            DataError: Missing, damaged, or not such a file.
        """
        from spikeloom.network.recording.file import load, place

        return load(place(path))

    def save(self, path: str | Path, *, replace: bool = False) -> Path:
        """Write everything to an HDF5 file that `load` reads.

        Arguments:
            path: The file.
            replace: Whether a file that exists may be replaced.

        Raises:
            StorageError: It exists, or cannot be written.
        """
        from spikeloom.network.recording.file import place
        from spikeloom.network.recording.saving import save

        return save(self, place(path), replace)

    def to_neo(self) -> Any:
        """Everything as a `neo.Block` with one segment, with units and annotations.

        Spikes become one `neo.SpikeTrain` of each neuron; states, windows, weights and population
        rates become `neo.AnalogSignal`; other measures are told in the block's annotations. Neo
        holds all of it in memory.

        Raises:
            ParameterError: Neo is not installed.
        """
        from spikeloom.network.neo_export import block

        return block(self)

    def __repr__(self) -> str:
        head = f"{self.start:g} to {self.stop:g} ms, computed in {self.seconds:.3g} s"
        early = "" if self.complete else " (ended early)"
        rows = [repr(x) for each in self._all() for x in each.values()]
        return "\n  ".join([f"Result  {head}{early}", *rows])

    def _all(self) -> Sequence[Recorded[Any]]:
        return (self.spikes, self.states, self.windows, self.weights, self.measures)


def result_of(
    recorders: Sequence[Recorder[Any]],
    stored: Sequence[Stored],
    *,
    start: float,
    stop: float,
    seconds: float,
    complete: bool,
    path: Path | None,
    dt: float,
    about: Mapping[str, Any],
) -> Result:
    """A result from what is kept of each recorder."""
    from spikeloom.network.recording.kinds import VALUES

    found: dict[str, dict[Recorder[Any], Any]] = {kind: {} for kind in VALUES}
    for recorder, kept in zip(recorders, stored, strict=True):
        kind = str(kept.about["kind"])
        found[kind][recorder] = VALUES[kind](kept)
    return Result(
        start=start,
        stop=stop,
        seconds=seconds,
        complete=complete,
        path=path,
        dt=dt,
        about=about,
        stored=dict(zip(recorders, stored, strict=True)),
        **{kind: Recorded(kind, values) for kind, values in found.items()},
    )
