"""A projection that is drawn anew whenever it is needed: nothing of it lies in memory.

The counter-based generator gives the same numbers for the same place, so a row that is drawn when
its source spikes is the row that a builder would have written down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from spikeloom.engines.network_plan import PopulationPlan, ProjectionPlan, check_ends
from spikeloom.engines.unpacked import Unpacked
from spikeloom.engines.wiring.choose import Wiring, wiring
from spikeloom.engines.wiring.draw import Draw
from spikeloom.engines.wiring.reference import Graph
from spikeloom.errors import EngineError

Array = np.ndarray[Any, np.dtype[Any]]
AT_ONCE = 1 << 22
"""Synapses that are drawn together to be counted."""
SAMPLE = 1 << 20
"""Synapses that tell one graph from another, about."""


@dataclass(frozen=True, slots=True)
class SkipRows:
    """Each pair with one probability."""

    probability: float


@dataclass(frozen=True, slots=True)
class PickRows:
    """A fixed number of targets for each source."""

    count: int
    multapses: bool


@dataclass(frozen=True, slots=True)
class SameRows:
    """Source i to target i."""


RowKind: TypeAlias = SkipRows | PickRows | SameRows


@dataclass(frozen=True, slots=True)
class Drawn:
    """One random number for each synapse.

    Arguments:
        key: Key of the draws.
        draw: From which distribution.
    """

    key: int
    draw: Draw


@dataclass(frozen=True, eq=False)
class Recipe:
    """How the rows of a connection are drawn.

    Arguments:
        kind: Who is connected to whom.
        key: Key of these draws.
        sources, targets: How many neurons there are on each side.
        shift: Forbids the pair (i, i + shift), one neuron with itself; None forbids nothing.
        weight: One number, or drawn.
        delay: One number of steps, or drawn.
        dtype: Of the weights.
    """

    kind: RowKind
    key: int
    sources: int
    targets: int
    shift: int | None
    weight: float | Drawn
    delay: int | Drawn
    dtype: str

    @property
    def drawn(self) -> bool:
        """Whether synapses have numbers of their own, which go by their places in the graph."""
        return isinstance(self.weight, Drawn) or isinstance(self.delay, Drawn)

    @cached_property
    def starts(self) -> Array:
        """Place of the first synapse of each row, and the end; int64 (sources + 1,)."""
        if isinstance(self.kind, PickRows):
            return np.arange(self.sources + 1, dtype=np.int64) * self.kind.count
        if isinstance(self.kind, SameRows):
            return np.arange(self.sources + 1, dtype=np.int64)
        ends = np.zeros(self.sources + 1, np.int64)
        block = max(1, int(AT_ONCE / max(self.kind.probability * self.targets, 1.0)))
        for low in range(0, self.sources, block):
            high = min(low + block, self.sources)
            ends[low + 1 : high + 1] = np.diff(self.graph(low, high)[0])
        return np.cumsum(ends, out=ends)

    def graph(self, low: int, high: int, builder: Wiring | None = None) -> Graph:
        """Some rows: indptr from 0 on, and targets."""
        made, kind, rows = wiring() if builder is None else builder, self.kind, high - low
        if isinstance(kind, SkipRows):
            return made.skip(self.key, rows, self.targets, kind.probability, self.shift, low)
        if isinstance(kind, PickRows):
            return made.pick(
                *(self.key, rows, self.targets, kind.count, kind.multapses, self.shift),
                transpose=False,
                first=low,
            )
        return np.arange(rows + 1), np.arange(low, high, dtype=np.uint32)

    def values(self, of: Drawn, low: int, high: int, dtype: str) -> Array:
        """The numbers of the synapses of some rows."""
        end = int(self.starts[high])
        return wiring().values(of.key, of.draw, end, dtype)[int(self.starts[low]) :]


@dataclass(frozen=True, eq=False)
class DrawnProjection(Unpacked):
    """Synapses from a range of one population to a range of another, a part of a connection.

    ``indptr`` and the other arrays of a `ProjectionPlan` are drawn each time they are asked for.

    Arguments:
        source, target: Places of the populations in the plan.
        channel: Impulse input of the target population.
        recipe: How the connection is drawn.
        first_row: Row of the connection that is the first neuron of the range.
        sources: First neuron of the range of sources, and the one after the last.
        first_column: Column of the connection that is the first neuron of the range.
        neurons: First neuron of the range of targets, and the one after the last.
        senders: Neurons of the source population.
        name: Of the connection.
    """

    source: int
    target: int
    channel: str
    recipe: Recipe
    first_row: int
    sources: tuple[int, int]
    first_column: int
    neurons: tuple[int, int]
    senders: int
    name: str = ""

    @property
    def learning(self) -> None:
        """Nothing: synapses that are not kept cannot learn."""

    @property
    def shortest(self) -> int:
        """No delay is shorter."""
        delay = self.recipe.delay
        return int(np.rint(delay.draw.smallest)) if isinstance(delay, Drawn) else delay

    @property
    def longest(self) -> int:
        """No delay is longer."""
        delay = self.recipe.delay
        return int(np.rint(delay.draw.largest)) if isinstance(delay, Drawn) else delay

    @property
    def empty(self) -> bool:
        """Whether there is certainly no synapse."""
        return not self.expected

    def scaled(self, factor: float) -> DrawnProjection:
        """The same with its one weight multiplied.

        Raises:
            EngineError: Its weights are drawn.
        """
        recipe = self.recipe
        if isinstance(recipe.weight, Drawn):
            raise EngineError(
                f"{self.name}: weights that are drawn at each spike cannot be scaled.",
                hint="connect(…, stored=True), or one number as weight",
            )
        return replace(self, recipe=replace(recipe, weight=recipe.weight * factor))

    def spanning(self, shortest: int, longest: int) -> DrawnProjection:
        """Itself: its delays are told by their distribution, in every process."""
        del shortest, longest
        return self

    def within(self, low: int, high: int) -> DrawnProjection:
        """The part that ends on some neurons of the target, which are counted from the first."""
        begin = max(self.neurons[0], low)
        end = min(self.neurons[1], high)
        if begin >= end:
            return replace(self, neurons=(0, 0))
        column = self.first_column + begin - self.neurons[0]
        return replace(self, first_column=column, neurons=(begin - low, end - low))

    @property
    def expected(self) -> float:
        """About how many synapses there are."""
        kind, rows = self.recipe.kind, self.sources[1] - self.sources[0]
        columns = self.neurons[1] - self.neurons[0]
        if isinstance(kind, SameRows):
            return min(rows, columns)
        if isinstance(kind, SkipRows):
            return kind.probability * rows * columns
        return rows * kind.count * columns / max(self.recipe.targets, 1)

    @property
    def count(self) -> int:
        """Number of synapses; they are drawn to be counted."""
        return self._count

    @cached_property
    def _count(self) -> int:
        """Some rows at a time, to save memory."""
        recipe, first = self.recipe, self.first_row
        if self._all_columns:
            last = first + self.sources[1] - self.sources[0]
            return int(recipe.starts[last] - recipe.starts[first])
        low, high = self.sources
        block = max(1, int(AT_ONCE * max(high - low, 1) / max(self.expected, 1.0)))
        found = 0
        for begin in range(low, high, block):
            begin_row = first + begin - low
            columns = recipe.graph(begin_row, min(begin_row + block, first + high - low))[1]
            found += int(np.sum(self._mine(columns)))
        return found

    @property
    def indptr(self) -> Array:
        """Where each row begins, and the end."""
        return self.whole.indptr

    @property
    def whole(self) -> ProjectionPlan:
        """The same with all its arrays."""
        return self.part(*self.sources)

    @property
    def sample(self) -> ProjectionPlan:
        """The rows of the first sources, about a million synapses."""
        low, high = self.sources
        share = SAMPLE / max(self.expected, 1.0)
        return self.part(low, low + max(1, int((high - low) * min(share, 1.0))))

    def part(self, low: int, high: int) -> ProjectionPlan:
        """The rows of some sources with all their arrays; other rows are empty."""
        recipe, first = self.recipe, self.first_row - self.sources[0]
        indptr, columns = recipe.graph(first + low, first + high)
        keep: Any = slice(None)
        if not self._all_columns:
            keep = self._mine(columns)
            before = np.zeros(columns.size + 1, np.int64)
            np.cumsum(keep, out=before[1:])
            indptr, columns = before[indptr], columns[keep]
        everyone = np.zeros(self.senders + 1, np.int64)
        everyone[low : high + 1] = indptr
        everyone[high + 1 :] = indptr[-1]

        def numbers(value: Any, dtype: str) -> Array:
            if isinstance(value, Drawn):
                return recipe.values(value, first + low, first + high, dtype)[keep]
            return np.asarray(value, dtype)

        return ProjectionPlan(
            source=self.source,
            target=self.target,
            channel=self.channel,
            indptr=everyone,
            targets=(columns + np.int64(self.neurons[0] - self.first_column)).astype(np.uint32),
            weights=numbers(recipe.weight, recipe.dtype),
            delays=numbers(recipe.delay, "uint16"),
            name=self.name,
        )

    @property
    def _all_columns(self) -> bool:
        size = self.neurons[1] - self.neurons[0]
        return (self.first_column, size) == (0, self.recipe.targets)

    def _mine(self, columns: Array) -> Array:
        last = self.first_column + self.neurons[1] - self.neurons[0]
        return (columns >= self.first_column) & (columns < last)

    def check(self, populations: tuple[PopulationPlan, ...]) -> None:
        """Raise unless it fits the populations."""
        where = check_ends(self, populations, self.senders)
        most = populations[self.source].senders, populations[self.target].size
        for (low, high), size in zip((self.sources, self.neurons), most, strict=True):
            if not 0 <= low <= high <= size:
                raise EngineError(f"{where}: neurons {low} to {high} are not in the population.")
