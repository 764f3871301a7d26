"""Inputs that fluctuate by chance and remember: each is a small model that runs by itself.

What it gives in step n is its first state at the beginning of that step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from spikeloom.compile.program import Program
from spikeloom.engines.inputs.drives import DrivePlan
from spikeloom.engines.inputs.series import digest
from spikeloom.engines.randomness import Chance

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Wander:
    """A model that runs by itself, of each neuron or of all together.

    Arguments:
        program: Its equations, without inputs; the first state is what it gives. It begins with
            a standard normal number, so it must fluctuate around 0 with standard deviation 1.
        coefs: Coefficient → number or (size,), from `bind`.
        size: Neurons that each have their own; 1 where they share it.
        shared: Whether they do.
        entity: Sets its random numbers apart.
        first: Number of the first neuron, for its random numbers.
    """

    program: Program
    coefs: Mapping[str, Array]
    size: int
    shared: bool
    entity: str
    first: int = 0

    @property
    def width(self) -> int | None:
        """Neurons; None for one number that all share."""
        return None if self.shared else self.size

    @property
    def text(self) -> str:
        """Equal for those that are equal."""
        named = sorted(self.coefs.items())
        numbers = digest(*(np.asarray(value) for _, value in named))
        return f"{self.program.key} {numbers} {self.size} {self.shared} {self.entity} {self.first}"

    def columns(self, chosen: Array | slice) -> Wander:
        """That of some of the neurons, which follow each other; itself where all share one."""
        if self.shared:
            return self
        picked = np.arange(self.size)[chosen]
        coefs = {n: x if np.ndim(x) == 0 else x[chosen] for n, x in self.coefs.items()}
        first = self.first + (int(picked[0]) if len(picked) else 0)
        return replace(self, coefs=coefs, size=len(picked), first=first)

    def sample(self, first: int, count: int) -> Array:
        """Only a `Walk` has numbers."""
        raise NotImplementedError


class Simulate(Protocol):
    """How an engine runs a population; see `Reference.simulate`."""

    def __call__(
        self,
        program: Program,
        coefs: Mapping[str, Array],
        state: Array,
        steps: int,
        inputs: Any,
        *,
        record: tuple[str, ...] = ...,
        chance: Chance | None = ...,
    ) -> Any: ...


@dataclass(eq=False)
class Walk:
    """A `Wander` under way in an engine.

    Arguments:
        plan: What wanders.
        seed: Of the run.
        simulate: What steps it, in float64.
    """

    plan: Wander
    seed: int
    simulate: Simulate
    step: int = 0
    """Where it stands, with what goes before it told and done."""
    state: Array = field(init=False)
    """There, (states, size)."""

    def __post_init__(self) -> None:
        begin = Chance.of(self.plan.program, self.seed, f"{self.plan.entity}, start")
        begin = replace(begin, first=self.plan.first)
        name = next(n for n in begin.keys if n.startswith("normal:"))
        self.state = np.zeros((len(self.plan.program.states), self.plan.size))
        self.state[0] = begin.draw(name, 0, self.plan.size)
        chance = Chance.of(self.plan.program, self.seed, self.plan.entity)
        self._chance = replace(chance, first=self.plan.first)
        self._ahead = (self.step, self.state)

    @property
    def width(self) -> int | None:
        """As that of the plan."""
        return self.plan.width

    def sample(self, first: int, count: int) -> Array:
        """Numbers of some steps that begin where it stands, or where the last sample ended."""
        start = self.state if first == self.step else self._ahead[1]
        made, after = self._run(start, first, count)
        self._ahead = (first + count, after)
        return made[:, 0] if self.plan.shared else made

    @property
    def text(self) -> str:
        """As that of the plan."""
        return self.plan.text

    def columns(self, chosen: Array | slice) -> Walk:
        """Plans are cut, not what runs."""
        raise NotImplementedError

    def settle(self, step: int) -> None:
        """Stand at a step up to which numbers have been taken."""
        if step == self._ahead[0]:
            self.state = self._ahead[1]
        elif step != self.step:
            self.state = self._run(self.state, self.step, step - self.step)[1]
        self.step = step
        self._ahead = (step, self.state)

    def stand(self, step: int, state: Array) -> None:
        """Go on from a saved state."""
        self.step, self.state = step, np.array(state, np.float64)
        self._ahead = (step, self.state)

    def _run(self, state: Array, first: int, count: int) -> tuple[Array, Array]:
        program = self.plan.program
        run = self.simulate(
            program,
            self.plan.coefs,
            state,
            count,
            {},
            record=program.states[:1],
            chance=self._chance.at(first),
        )
        after = run.traces[program.states[0]]
        return np.concatenate([state[:1], after[: count - 1]])[:count], np.asarray(run.state)


class Walks:
    """All that wanders in one engine.

    Arguments:
        drives: Of the plan.
        seed: Of the run.
        sizes: Neurons of each population.
        simulate: What steps it.
    """

    def __init__(
        self, drives: Sequence[DrivePlan], seed: int, sizes: Sequence[int], simulate: Simulate
    ) -> None:
        self._sizes = sizes
        self.drives: list[DrivePlan] = []
        """The drives, with walks where the plan says that something wanders."""
        self._named: dict[str, tuple[DrivePlan, Walk]] = {}
        counts: dict[int, int] = {}
        for drive in drives:
            if isinstance(drive.term.series, Wander):
                walk = Walk(drive.term.series, seed, simulate)
                drive = replace(drive, term=replace(drive.term, series=walk))
                number = counts[drive.target] = counts.get(drive.target, -1) + 1
                kind = "wave" if walk.plan.shared else "walk"
                self._named[f"{kind}.{drive.target}.{number}"] = drive, walk
            self.drives.append(drive)

    def settle(self, step: int) -> None:
        """All stand at a step."""
        for _, walk in self._named.values():
            walk.settle(step)

    def states(self, step: int) -> dict[str, Array]:
        """Where all stand: of neurons (states, N), of what is shared (states,)."""
        self.settle(step)
        return dict(self._tables())

    def load(self, step: int, states: Mapping[str, Array]) -> None:
        """Go on from saved `states`."""
        for name, (drive, walk) in self._named.items():
            saved = np.asarray(states[name])
            ids = slice(None) if drive.term.ids is None else drive.term.ids
            walk.stand(step, saved[:, None] if walk.plan.shared else saved[:, ids])

    def _tables(self) -> Iterator[tuple[str, Array]]:
        for name, (drive, walk) in self._named.items():
            if walk.plan.shared:
                yield name, walk.state[:, 0].copy()
                continue
            table = np.zeros((len(walk.state), self._sizes[drive.target]))
            table[:, slice(None) if drive.term.ids is None else drive.term.ids] = walk.state
            yield name, table
