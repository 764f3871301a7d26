"""Sweeps: a parameter goes up in small steps and down again, and the neuron goes along.

Where two answers are stable, which one it gives depends on where it comes from. The first value is
entered at rest if there is a rest, the last one in whatever moves most, so that a sweep up shows
how long rest lasts and a sweep down how long the oscillation does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from spikeloom.engines.results import Simulation
from spikeloom.lab.cycle import Motion, motion
from spikeloom.lab.stepping import Lanes
from spikeloom.lab.vector_field import Array

Rests = Callable[[float], Array]
PUSH = 1e-4
"""Size of the push at every new value, in widths of the box: off a rest that is one no more."""
STILL = 2e-3
"""Motion below this, in the same widths, is rest."""
ROUNDS = 25
"""Most times that a run is watched again until it has settled."""
STAIRS = 10
"""Steps from one value of a sweep to the next."""
ENOUGH, LONGER = 3, 16
"""Intervals that are enough, and how much longer is waited for them."""


@dataclass(frozen=True, eq=False, repr=False)
class Sweep:
    """What a neuron settled to at each value, in the order of the sweep.

    Arguments:
        values: The parameter or input, (P,).
        low, high: Extrema of every state, (P, S).
        frequency: Spikes or turns, (P,), Hz; 0 at rest.
        period: Time after which all repeats, (P,); NaN at rest and where nothing repeats.
        spikes: How many of them are in a period, (P,); 0 where nothing repeats.
        intervals: The times between them, for each value.

    >>> from spikeloom import QuadraticIF, one
    >>> from spikeloom.lab.bifurcation import bifurcation
    >>> found = bifurcation(QuadraticIF(), "I", np.array([-1.0, 1, 2]) * one)
    >>> Sweep.__name__, found.up.moves.tolist()
    ('Sweep', [False, True, True])
    """

    values: Array
    low: Array
    high: Array
    frequency: Array
    period: Array
    spikes: Array
    intervals: tuple[Array, ...]

    @property
    def moves(self) -> Array:
        """Where it does not rest, (P,)."""
        return self.frequency > 0

    def __repr__(self) -> str:
        count = int(self.moves.sum())
        return f"{len(self.values)} values, moving at {count}"


@dataclass(frozen=True, eq=False)
class Sweeper:
    """How a sweep is run.

    Arguments:
        lanes: The compiled neuron.
        watched: Row of the state that is watched.
        width: What counts as large in it.
        level: At which a spike is counted; None where more than one state decides.
        cut: Whether the state is reset there: then it is never seen higher, nor at it.
        settle: Steps before it is looked at.
        watch: Steps that are looked at.
    """

    lanes: Lanes
    watched: int
    width: float
    level: float | None
    cut: bool
    settle: int
    watch: int

    def settled(self, value: float, state: Array) -> tuple[Motion, Array]:
        """(what it does, last state (S,)) from a state (S,) at one value."""
        motions, states = self.side_by_side(np.array([value]), state)
        return motions[0], states[:, 0]

    def led(self, before: float, after: float, state: Array) -> Array:
        """The state (S,) taken from one value to the next: a jump might lose what it was in."""
        for share in np.arange(1, STAIRS + 1) / STAIRS:
            value = np.array([before + share * (after - before)])
            steps = max(1, self.settle // STAIRS)
            state = self.lanes.run(value, state[:, None], steps, watch=False).state[:, 0]
        return state

    def side_by_side(
        self, values: Array, state: Array, push: float = PUSH
    ) -> tuple[list[Motion], Array]:
        """The same for several values at once, from states (S,) or (S, N): motions, (S, N)."""
        states = state.copy() if state.ndim == 2 else np.repeat(state[:, None], len(values), 1)
        states[self.watched] += push * self.width
        now = self.lanes.run(values, states, self.settle, watch=False).state
        seen: list[Motion] = []
        length = self.watch
        for _ in range(ROUNDS):
            made = self.lanes.run(values, now, length, watch=True)
            now, before = made.state, seen
            seen = [self._motion(made, n) for n in range(len(values))]
            few = any(self._large(m) and len(m.intervals) < ENOUGH for m in seen)
            if few and length < LONGER * self.watch:
                length *= 2
            elif all(map(self._repeats, seen)) or (before and all(map(self._same, before, seen))):
                break
        return seen, now

    def _large(self, m: Motion) -> bool:
        return bool(m.high[self.watched] - m.low[self.watched] > 20 * STILL * self.width)

    def _motion(self, made: Simulation, n: int) -> Motion:
        traces = np.array([trace[:, n] for trace in made.traces.values()])
        traces[[0, self.watched]] = traces[[self.watched, 0]]
        spikes = np.empty(0)
        if made.spike_steps is not None and made.spike_ids is not None:
            spikes = made.spike_steps[made.spike_ids == n]
        level = None if self.cut else self.level
        found = motion(traces, spikes, level, self.lanes.dt, STILL * self.width)
        low, high = found.low.copy(), found.high.copy()
        for ends in (low, high):
            ends[[0, self.watched]] = ends[[self.watched, 0]]
        if self.cut and self.level is not None and len(spikes):
            high[self.watched] = self.level
        return replace(found, low=low, high=high)

    def _repeats(self, m: Motion) -> bool:
        # Small turns repeat while they still grow or shrink, so they must stay as they are, too.
        return self._large(m) and m.spikes > 0 and len(m.intervals) >= 3 * m.spikes

    def _same(self, a: Motion, b: Motion) -> bool:
        """Whether two windows show the same; small motion that still grows or shrinks does not."""
        size = [m.high[self.watched] - m.low[self.watched] for m in (a, b)]
        if max(size) < STILL * self.width and size[1] <= size[0]:
            return True  # it dies out, however slowly
        return abs(size[1] - size[0]) <= 0.02 * max(size)


def sweep(
    sweeper: Sweeper, values: Array, state: Array, hertz: float = 1.0
) -> tuple[Sweep, list[Array]]:
    """(what it did at each value, last states (S,) there), through the values in their order.

    `hertz` is a rate of one per time unit in Hz.
    """
    motions: list[Motion] = []
    states: list[Array] = []
    for k, value in enumerate(values):
        if k:
            state = sweeper.led(float(values[k - 1]), float(value), state)
        found, state = sweeper.settled(float(value), state)
        motions.append(found)
        states.append(state)
    return Sweep(
        values,
        np.array([m.low for m in motions]),
        np.array([m.high for m in motions]),
        np.array([m.rate * hertz for m in motions]),
        np.array([m.period for m in motions]),
        np.array([m.spikes for m in motions]),
        tuple(m.intervals for m in motions),
    ), states


def liveliest(sweeper: Sweeper, value: float, rests: Array, states: tuple[str, ...]) -> Array:
    """Of many starts the one that leads to the largest motion, (S,)."""
    lanes = sweeper.lanes
    begin = lanes.start(np.array([value]))[:, 0]
    origins = [begin, *(lanes.place(states, x, begin) for x in rests)]
    made = [x.copy() for x in origins]
    for x in origins:
        for kick in (-0.2, -0.08, 0.04, 0.08, 0.15, 0.3):
            made.append(x.copy())
            made[-1][sweeper.watched] += kick * sweeper.width
    motions, after = sweeper.side_by_side(np.full(len(made), value), np.array(made).T)
    size = [m.high[sweeper.watched] - m.low[sweeper.watched] for m in motions]
    return after[:, int(np.argmax(np.nan_to_num(size, nan=-1.0)))]


LANES = 15
"""Values that are tried at once."""
PATIENCE = 10
"""How much longer it may take to settle close to where it ends."""
FINEST = 1e-5
"""Where the search ends, in steps of the sweep."""


def last_moving(
    sweeper: Sweeper, moving: float, resting: float, state: Array
) -> tuple[float, Motion | None]:
    """The value up to which the motion lasts and the last motion; (NaN, None) if it lasts on.

    Each lane starts from the last motion that lasted. A step that is too long falls out of what
    attracts before the motion has ended, so the step shrinks wherever a lane is lost.
    """
    patient = replace(sweeper, settle=PATIENCE * sweeper.settle)
    first, span, step = moving, resting - moving, resting - moving
    best: Motion | None = None
    while abs(step) > FINEST * abs(span):
        values = moving + step * np.arange(1, LANES + 1) / LANES
        motions, states = patient.side_by_side(values, state, push=0.0)
        last = next((k for k, m in enumerate(motions) if not m.rate), LANES)
        if last:
            state, best, moving = states[:, last - 1], motions[last - 1], float(values[last - 1])
        if last < LANES:
            step /= 4 if last else LANES
        elif abs(moving - first) > 3 * abs(span):
            return float("nan"), None
    return moving, best
