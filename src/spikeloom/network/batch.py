"""`Batch`: many variants of one network, run at once over the same connections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError, ShapeError, SpikeloomError
from spikeloom.interrupt import Interrupt
from spikeloom.network.engine import processors
from spikeloom.network.poisson_input import PoissonInput
from spikeloom.network.progress import Progress
from spikeloom.network.projection import Projection
from spikeloom.network.result import Result
from spikeloom.network.view import Members

if TYPE_CHECKING:
    from spikeloom.network.network import Network

GLANCE = 0.1
"""Seconds between two looks at how far a batch is."""


@dataclass(frozen=True, eq=False)
class Each:
    """One value for each member of a batch; `each` makes it.

    >>> from spikeloom import ms
    >>> len(each([10, 20, 30] * ms).values)
    3
    """

    values: Sequence[Any]


def each(*values: Any) -> Each:
    """Values for the members of a batch, one for each of them in turn.

    Arguments:
        values: One after the other, or all in one list or array with a unit.

    >>> from spikeloom import ms
    >>> [str(x) for x in each(10 * ms, 20 * ms).values], [str(x) for x in each([1, 2] * ms).values]
    (['10 ms', '20 ms'], ['1 ms', '2 ms'])
    """
    if len(values) != 1:
        return Each(values)
    (only,) = values
    if isinstance(only, Quantity) and only.shape:
        return Each([Quantity(row, only.unit) for row in np.asarray(only.value)])
    if isinstance(only, np.ndarray | Sequence) and not isinstance(only, str):
        return Each(list(only))
    return Each(values)


class Batch(Sequence["Network"]):
    """Variants of one network. `Network.batch` makes them.

    They are forks: each has its own states and parameters, and they hold the connections in memory
    once. Each has the bits that it would have alone, on any number of threads.

    >>> from spikeloom import LIF, AllToAll, Delta, Network, each, ms, mV, nA
    >>> net = Network(dt=0.1 * ms, engine="reference")
    >>> a = net.population(5, LIF(), name="a", I=0.3 * nA)
    >>> loop = net.connect(a, a, Delta(), AllToAll(), weight=0.1 * mV)
    >>> spikes = net.record(a)
    >>> batch = net.batch(3)
    >>> batch.set(a, tau=each([10, 20, 40] * ms))
    >>> batch.scale_weights(loop, each(0, 1, 2))
    >>> [len(result.spikes[spikes]) for result in batch.run(50 * ms)]
    [35, 15, 5]
    """

    def __init__(self, members: Sequence[Network], threads: int) -> None:
        self._members, self._threads = tuple(members), threads
        self.results: list[Result | None] = [None] * len(self._members)
        """What the last run gave of each, also one that went wrong."""

    @classmethod
    def of(
        cls,
        branch: Callable[[int, int], Network],
        seed: int,
        size: int | None,
        seeds: Iterable[int] | None,
        threads: int | None,
    ) -> Batch:
        """Variants by number or by seed; arguments as in `Network.batch`."""
        if (size is None) == (seeds is None):
            raise ParameterError(
                "batch: give either the number of variants or their seeds.",
                hint="net.batch(8), or net.batch(seeds=range(8))",
            )
        if seeds is None:
            chosen = [seed] * _whole("size", size)
        else:
            chosen = [_whole("a seed", each, least=0) for each in seeds]
        if not chosen:
            raise ParameterError("batch: there are no seeds.", hint="net.batch(seeds=range(8))")
        threads = processors() if threads is None else threads
        at_once = min(_whole("threads", threads), len(chosen))
        return cls([branch(number, 1) for number in chosen], at_once)

    def __len__(self) -> int:
        return len(self._members)

    @overload
    def __getitem__(self, place: int) -> Network: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Network]: ...
    def __getitem__(self, place: int | slice) -> Network | Sequence[Network]:
        """One of them, a `Network` like any other; or several."""
        return self._members[place]

    def __repr__(self) -> str:
        one = repr(self._members[0]).partition("\n")[0]
        return f"Batch of {len(self)}, {self._threads} at a time: {one}"

    def set(self, members: Members, **values: Any) -> None:
        """Set states, parameters or currents, as `Network.set` does.

        Arguments:
            members: Whose.
            values: For all variants, or `each(…)`. A distribution is drawn anew for each seed.

        Raises:
            ShapeError: `each` has not one value for each of them.
        """
        given = {name: self._spread(name, value) for name, value in values.items()}
        for place, member in enumerate(self):
            member.set(members, **{name: row[place] for name, row in given.items()})

    def set_poisson(self, source: PoissonInput, *, rate: Any = None, weight: Any = None) -> None:
        """Change the rate or weight of a Poisson input.

        Arguments:
            source: What `Network.poisson` gave.
            rate, weight: For all variants, or `each(…)`; None leaves it.
        """
        if not isinstance(source, PoissonInput) or not self[0].holds(source.network):
            raise ParameterError(
                f"batch: {source!r} is no Poisson input of this network.",
                hint="what net.poisson(…) gave back",
            )
        rates, weights = self._spread("rate", rate), self._spread("weight", weight)
        for place, member in enumerate(self):
            own = member.poisson_inputs[source.place]
            own.set(rate=rates[place], weight=weights[place])

    def scale_weights(self, projection: Projection, factor: Any) -> None:
        """Multiply the weights of a connection.

        Arguments:
            projection: What `Network.connect` gave.
            factor: For all variants, or `each(…)`.
        """
        factors = self._spread("factor", factor)
        asked = getattr(projection, "connection", None)
        places = [k for k, p in enumerate(self[0].projections) if p.connection is asked]
        if not places:
            raise ParameterError(
                f"batch: {projection!r} is no connection of this network.",
                hint="what net.connect(…) gave back",
            )
        for place, member in enumerate(self):
            member.projections[places[0]].scale_weights(factors[place])

    def run(self, duration: Quantity, *, progress: bool = True) -> list[Result]:
        """Run all of them for some time, several at once.

        Ctrl-C ends all of them early.

        Arguments:
            duration: A whole number of steps.
            progress: Whether to say how far they are.

        Returns:
            A result for each, in their order.

        Raises:
            SpikeloomError: One of them went wrong, and the others were stopped; `results` holds
                what there is of each.
        """
        for member in self:
            member.build()
        before = [member.time for member in self]
        self.results = [None] * len(self)
        failed: list[SpikeloomError] = []
        with Interrupt() as interrupt, ThreadPoolExecutor(self._threads) as pool:

            def run(place: int) -> None:
                try:
                    member = self._members[place]
                    self.results[place] = member.run_beside(duration, interrupt)
                except SpikeloomError as error:
                    interrupt.asked = True
                    error.message = f"variant {place}: {error.message}"
                    self.results[place] = error.result
                    failed.append(error)
                except BaseException:
                    interrupt.asked = True
                    raise

            waiting = {pool.submit(run, place) for place in range(len(self))}
            told = Progress(_milliseconds(duration) * len(self), show=progress)
            while waiting:
                over, waiting = wait(waiting, GLANCE)
                for future in over:
                    future.result()
                told.at(sum(m.time - start for m, start in zip(self, before, strict=True)))
            told.close()
        if failed:
            raise failed[0]
        return [result for result in self.results if result is not None]

    def _spread(self, what: str, value: Any) -> Sequence[Any]:
        if not isinstance(value, Each):
            return [value] * len(self)
        if len(value.values) != len(self):
            raise ShapeError(
                f"batch: {what} has {len(value.values)} values for {len(self)} variants."
            )
        return value.values


def _whole(what: str, value: Any, least: int = 1) -> int:
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= least:
        return int(value)
    raise ParameterError(f"batch: {what} must be a whole number from {least} on, got {value!r}.")


def _milliseconds(duration: Any) -> float:
    """For the progress; what is no time is refused by each run."""
    fits = isinstance(duration, Quantity) and duration.unit.fits(ms)
    return float(np.max(duration.to(ms))) if fits else 0.0
