"""Recorded spikes one at a time: when would the model have fired next, and what moves that time?

Each interval begins at the recorded spike before it, in the state in which the model itself fired.
Nothing adds up over a recording then: a spike that comes late moves no later one, none is missing
and none too many, and what is left of each interval is a smooth function of the parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from spikeloom.compile import bind
from spikeloom.compile.numeric import run_block
from spikeloom.engines.population import native
from spikeloom.lab.candidates import Candidates
from spikeloom.lab.passage import (
    BEST,
    CROSSED,
    NEVER,
    SPAN,
    WHEN,
    Passage,
    passage,
)
from spikeloom.lab.tangent import tangent

Array = np.ndarray[Any, np.dtype[Any]]
State = dict[str, Array]
LANDING = 48
"""Steps from the last point below threshold to the threshold: an upstroke may explode there."""
TOO_FAR = 3.0
"""How far below threshold counts, in distances from the starting state to threshold."""


@dataclass(frozen=True, eq=False)
class Intervals:
    """What is left of every interval between recorded spikes.

    Arguments:
        candidates: The neuron and its recording.
    """

    candidates: Candidates

    @cached_property
    def kernel(self) -> Passage:
        """The neuron up to its next spike."""
        ready = self.candidates.ready
        return passage(ready.neuron, self.candidates.ranges.names, ready.method)

    @cached_property
    def times(self) -> Array:
        """Recorded spikes in ms."""
        return self.candidates.recording.times

    @cached_property
    def seen_late(self) -> float:
        """How long after a spike it was noticed, on average, in ms."""
        times, dt = self.candidates.recording.times, self.candidates.ready.step
        on_grid = np.abs(times / dt - np.rint(times / dt)).max(initial=0.0) < 1e-6
        return dt / 2 if on_grid else 0.0

    @cached_property
    def inputs(self) -> dict[str, Array]:
        """Input → (T,)."""
        found = self.candidates.plain
        return {n: np.broadcast_to(np.asarray(x, float), (self.candidates.steps,))
                for n, x in found.items()}  # fmt: skip

    def left(self, places: Array) -> tuple[Array, Array]:
        """(what is left of each interval in ms (K, N), its slopes by the places (K, P, N)).

        Arguments:
            places: Candidates, (P, N) between 0 and 1.
        """
        ranges, ready = self.candidates.ranges, self.candidates.ready
        values, size = ranges.values(places), places.shape[1]
        named = {**ready.numbers, **dict(zip(ranges.names, values, strict=True))}
        state = self._begun(named, size)
        far = np.maximum(self._span(state, named, np.zeros(size, int))[SPAN], 1e-9)
        ends = np.append(self.times, self.candidates.steps * ready.step)
        gaps = np.diff(ends[:-1], prepend=0.0)
        usual = float(np.median(gaps)) if len(gaps) else ready.step
        kept, slopes, begin = [], [], 0.0
        for k, end in enumerate(ends):
            state = self._run(named, state, begin, end)
            known = k < len(ends) - 1
            more = min(end + max(gaps[k], usual), ends[-1]) if known else end
            ahead = state
            if more > end and (state[CROSSED] < 0.5).any():
                ahead = self._run(named, state, end, more)
            ahead = self._landed(named, ahead, begin)
            found, by = self._judged(ahead, end - begin, more - begin, far, known)
            kept.append(found)
            slopes.append(by)
            if known:
                crossed = ahead[CROSSED] > 0.5
                state = {n: np.where(crossed, ahead[n], state[n]) for n in state}
                state = self._cleared(state, named, size)
            begin = end
        table = np.array(slopes) * ranges.slopes(values)
        return np.array(kept), table

    def _judged(
        self, state: State, due: float, last: float, far: Array, known: bool
    ) -> tuple[Array, Array]:
        """What is left of one interval (N,) in ms, and its slopes by the values (P, N)."""
        scale, count = self.candidates.ready.scale, len(self.kernel.names)
        crossed = state[CROSSED] > 0.5
        late = state[WHEN] * scale + self.seen_late - due
        by_time = np.array([state[tangent(k, WHEN)] for k in range(count)]) * scale
        if not known:  # the recording ends: any time beyond would be right
            return np.where(crossed, np.minimum(late, 0), 0), np.where(crossed, by_time, 0)
        missing = np.clip(-state[BEST] / far, 0, TOO_FAR)
        near = (missing > 0) & (missing < TOO_FAR)
        wait = max(last - due, self.candidates.ready.step)
        by_best = np.array([state[tangent(k, BEST)] for k in range(count)])
        by_miss = np.where(near, -by_best / far, 0) * wait
        left = np.where(crossed, late, wait * (1 + missing))
        return left, np.where(crossed, by_time, by_miss)

    def _begun(self, named: Mapping[str, Any], size: int) -> State:
        program, ready = self.kernel.program, self.candidates.ready
        first = bind(program, named, ready.step / ready.scale).initial(size)
        return dict(zip(program.states, first, strict=True))

    def _span(self, state: State, named: Mapping[str, Any], steps: Array) -> State:
        """Distance to threshold and its tangents, under the inputs of these steps (N,)."""
        leaves = {f"state:{n}": x for n, x in state.items()}
        leaves |= {f"param:{n}": x for n, x in named.items()}
        leaves |= {f"input:{n}": x[steps] for n, x in self.inputs.items()}
        found = run_block(self.kernel.span, leaves)
        return {n.removeprefix("state:"): np.broadcast_to(x, steps.shape) for n, x in found.items()}

    def _landed(self, named: Mapping[str, Any], state: State, begin: float) -> State:
        """Those that have crossed, at the threshold; the others as they are."""
        crossed = state[CROSSED] > 0.5
        if not crossed.any():
            return state
        ready, program = self.candidates.ready, self.kernel.landing
        now = begin + state[WHEN] * ready.scale
        steps = np.floor(now / ready.step + 1e-6).astype(np.int64)
        steps = np.clip(steps, 0, self.candidates.steps - 1)
        every = {**state, **self._span(state, named, steps)}
        rows = np.array([every[n] for n in program.states])
        given = {n: np.ascontiguousarray(x[steps]) for n, x in self.inputs.items()}
        bound = bind(program, named, 1 / LANDING)
        run = native().simulate(program, bound.coefs, rows, LANDING, given, spikes="none")
        made = dict(zip(program.states, run.state, strict=True))
        good = crossed & np.isfinite(run.state).all(0)
        return {n: np.where(good, made.get(n, x), x) for n, x in state.items()}

    def _cleared(self, state: State, named: Mapping[str, Any], size: int) -> State:
        """States at the beginning of the next interval."""
        leaves = {f"state:{n}": x for n, x in state.items()}
        leaves |= {f"param:{n}": x for n, x in named.items()}
        found = {n: np.zeros(size) for n in state}
        found |= {n.removeprefix("state:"): np.broadcast_to(x, (size,))
                  for n, x in run_block(self.kernel.reset, leaves).items()}  # fmt: skip
        found[BEST] = np.full(size, NEVER)
        return found

    def _run(self, named: Mapping[str, Any], state: State, begin: float, end: float) -> State:
        """From one time in ms to another, with a broken step at either end off the grid."""
        dt = self.candidates.ready.step
        first, last = begin / dt, end / dt
        a, b = int(np.ceil(first - 1e-6)), int(np.floor(last + 1e-6))
        if b < a:  # both within one step
            return self._steps(named, state, b, 1, end - begin, again=True)
        if a - first > 1e-6:
            state = self._steps(named, state, a - 1, 1, a * dt - begin, again=True)
        if b > a:
            state = self._steps(named, state, a, b - a, dt)
        if last - b > 1e-6:
            state = self._steps(named, state, b, 1, end - b * dt)
        return state

    def _steps(
        self,
        named: Mapping[str, Any],
        state: State,
        first: int,
        count: int,
        dt: float,
        *,
        again: bool = False,
    ) -> State:
        """Steps of one length; `again` where what arrived in this step has arrived already."""
        ready, program = self.candidates.ready, self.kernel.program
        rows = np.array([state[n] for n in program.states])
        impulses = {i.name for i in ready.neuron.definition.inputs if i.kind == "impulse"}
        given = {}
        for n, course in self.inputs.items():
            part = course[first : first + count]
            if again and n in impulses:
                part = np.zeros(count)
            given[n] = np.ascontiguousarray(np.repeat(part[:, None], rows.shape[1], 1))
        bound = bind(program, named, dt / ready.scale)
        run = native().simulate(program, bound.coefs, rows, count, given, spikes="none")
        return dict(zip(program.states, run.state, strict=True))
