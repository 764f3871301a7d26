"""The reference: one neuron after another, one event after another, in NumPy and float64."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from spikeloom.engines.events.arrivals import Arrivals
from spikeloom.engines.events.record import MOST, Gradients, Record
from spikeloom.engines.events.system import EventSystem
from spikeloom.errors import NumericsError

Array = np.ndarray[Any, np.dtype[Any]]
Spikes = list[tuple[float, Array, int]]


def forward(
    system: EventSystem, arrivals: Arrivals, weights: Array, duration: float, limit: int = MOST
) -> Record:
    """Run a layer.

    Arguments:
        system: The neurons.
        arrivals: The events that reach them, none after `duration`.
        weights: (neurons, sources).
        duration: Length of the run.
        limit: Spikes after which a neuron is not looked at any more; then its state at the end
            has no meaning.

    Raises:
        NumericsError: A reset that does not leave the threshold, or too many spikes.
    """
    arrivals.check(weights.shape[1], duration)
    batch, neurons, n = arrivals.batch, weights.shape[0], system.n
    runs = [
        [
            _Walk(system, k if system.groups > 1 else 0, limit).run(
                *_events(arrivals, s, weights[k]), duration
            )
            for k in range(neurons)
        ]
        for s in range(batch)
    ]
    count = np.array([[len(spikes) for spikes, _ in row] for row in runs], np.int64)
    count = count.reshape(batch, neurons)
    room = int(count.max(initial=0))
    record = Record(
        count,
        np.full((batch, neurons, room), np.inf),
        np.zeros((batch, neurons, room, n)),
        np.zeros((batch, neurons, room), np.int64),
        np.zeros((batch, neurons, n)),
    )
    for s, row in enumerate(runs):
        for k, (spikes, end) in enumerate(row):
            record.end[s, k] = end
            for j, (time, state, place) in enumerate(spikes):
                record.times[s, k, j], record.states[s, k, j] = time, state
                record.place[s, k, j] = place
    return record


def _events(arrivals: Arrivals, sample: int, weights: Array) -> tuple[Array, Array]:
    here = slice(arrivals.offsets[sample], arrivals.offsets[sample + 1])
    return arrivals.times[here], weights[arrivals.source[here]] * arrivals.size[here]


class _Walk:
    """One neuron on its way through time."""

    def __init__(self, system: EventSystem, group: int, limit: int) -> None:
        self.system = system
        self.A, self.R, self.b = system.A[group], system.R[group], system.b[group]
        self.r, self.z = system.r[group], system.z[group].copy()
        rows, rates = system.chain
        self.rows, self.rates = rows[group], rates[group]
        self.spikes: Spikes = []
        self.limit = limit

    def run(self, times: Array, weights: Array, duration: float) -> tuple[Spikes, Array]:
        now = 0.0
        for e, (time, weight) in enumerate(zip(times, weights, strict=True)):
            if len(self.spikes) >= self.limit:
                return self.spikes, self.z
            self._flow(now, time, 2 * e)
            if len(self.spikes) >= self.limit:
                return self.spikes, self.z
            below = self.r @ self.z < 0
            self.z = self.z + weight * self.b
            if self.system.spikes and below and self.r @ self.z >= 0:
                self._spike(time, 2 * e + 1)
            now = time
        self._flow(now, duration, 2 * len(times))
        return self.spikes, self.z

    def _flow(self, now: float, until: float, place: int) -> None:
        while self.system.spikes and len(self.spikes) < self.limit:
            ahead = self._crossing(until - now)
            if ahead is None:
                break
            self.z, now = propagator(self.A, ahead) @ self.z, now + ahead
            self._spike(now, place)
        self.z = propagator(self.A, until - now) @ self.z

    def _spike(self, time: float, place: int) -> None:
        self.spikes.append((time, self.z, place))
        self.z = self.R @ self.z
        if self.system.strict and self.r @ self.z >= 0:
            raise NumericsError(
                f"{self.system.name}: a spike at {time:g} leaves the neuron at or above threshold.",
                hint="exact spike times need a reset that goes below the threshold",
            )
        if len(self.spikes) >= MOST:
            raise NumericsError(f"{self.system.name}: more than {MOST} spikes of one neuron.")

    def _crossing(self, length: float) -> float | None:
        """The first time within `length` at which f_0 has risen from below zero to zero."""
        points = [0.0, length]
        for k in range(len(self.rows) - 2, 0, -1):
            inner = [self._zero(k, a, b) for a, b in pairwise(points)]
            points = [0.0, *[t for t in inner if t is not None], length]
        for a, b in pairwise(points):
            if self._value(0, a) < 0 <= self._value(0, b):
                return self._zero(0, a, b)
        return None

    def _value(self, k: int, time: float) -> float:
        return float(self.rows[k] @ propagator(self.A, time) @ self.z)

    def _zero(self, k: int, a: float, b: float) -> float | None:
        """The one zero of f_k between a and b, by bisection; None without a change of sign."""
        left = self._value(k, a)
        if (left < 0) == (self._value(k, b) < 0):
            return None
        while True:
            middle = 0.5 * (a + b)
            if not a < middle < b:
                return b
            if (self._value(k, middle) < 0) == (left < 0):
                a = middle
            else:
                b = middle


def propagator(A: Array, time: float) -> Array:
    """exp(A t)."""
    from scipy.linalg import expm

    return expm(A * time)


def backward(
    system: EventSystem,
    arrivals: Arrivals,
    weights: Array,
    duration: float,
    record: Record,
    to_times: Array,
    to_states: Array,
    to_end: Array,
    *,
    limit: int = MOST,
    matrices: bool = False,
    slope: float = 0.0,
) -> Gradients:
    r"""Gradients of a loss by all that a layer reads.

    Between events the adjoint flows backwards by dλ/ds = Aᵀλ. At a spike, with f = A z before and
    after and ∂L/∂t_k the loss's own dependence on the time, the implicit function theorem for
    r z(t_k) = 0 gives

        λ⁻ = Rᵀλ⁺ + ∂L/∂z_k − r [λ⁺·(R f⁻ − f⁺) + ∂L/∂t_k + ∂L/∂z_k·f⁻] / (r f⁻).

    An arrival of weight w passes λ on, and ∂L/∂w = λ·b, ∂L/∂t = −w λ·A b.

    Arguments:
        system, arrivals, weights, duration, record: As in `forward`, and what it gave.
        to_times: ∂L/∂t of every spike, like ``record.times``.
        to_states: ∂L/∂z just before each reset, like ``record.states``.
        to_end: ∂L/∂z at the end, like ``record.end``.
        limit: As in `forward`; `to_end` must be 0 where it was reached.
        matrices: Whether the gradients of A, r, R, b and z are wanted.
        slope: Smallest slope r f⁻ of a crossing; a flatter one counts as this.

    Source: Wunderlich & Pehle 2021, Sci. Rep. 11:12829, for LIF; here for any A, r, R, b.
    """
    like = (system.A, system.r, system.R, system.b, system.z)
    A, r, R, b, z = (np.zeros_like(x) for x in like)
    sums = Gradients(np.zeros_like(arrivals.times), np.zeros_like(weights), A, r, R, b, z)
    clipped = 0
    for s in range(arrivals.batch):
        for k in range(weights.shape[0]):
            g = k if system.groups > 1 else 0
            walk = _Adjoint(system, g, sums, slope)
            spikes = range(int(record.count[s, k]))
            events = range(int(arrivals.offsets[s]), int(arrivals.offsets[s + 1]))
            # An arrival e comes after the spikes on the way to it, before those it sets off.
            order = [(int(record.place[s, k, j]), 0, j) for j in spikes]
            order += [(2 * e, 1, event) for e, event in enumerate(events)]
            order.sort()
            if len(spikes) >= limit:
                order = order[: order.index((int(record.place[s, k, limit - 1]), 0, limit - 1)) + 1]
            state, now, parts = walk.z, 0.0, list[tuple[float, Array, int, int]]()
            for place, arrives, index in order:
                time = arrivals.times[index] if arrives else record.times[s, k, index]
                parts.append((time - now, state, place, index if arrives else -1 - index))
                state = propagator(walk.A, time - now) @ state
                if arrives:
                    weight = weights[k, arrivals.source[index]] * arrivals.size[index]
                    state = state + weight * walk.b
                else:
                    state = walk.R @ state
                now = time
            lam = walk.flow(to_end[s, k].copy(), state, duration - now)
            carried = 0.0
            for length, start, place, index in reversed(parts):
                if index < 0:
                    j, set_off = -1 - index, place % 2 == 1
                    given = to_times[s, k, j], to_states[s, k, j]
                    lam, carried = walk.spike(lam, record.states[s, k, j], *given, set_off)
                    if set_off:
                        length = 0.0
                else:
                    source, size = arrivals.source[index], arrivals.size[index]
                    weight = weights[k, source] * size
                    sums.weights[k, source] += size * (lam @ walk.b)
                    sums.times[index] += carried - weight * (lam @ walk.A @ walk.b)
                    walk.to_b += weight * lam
                    carried = 0.0
                lam = walk.flow(lam, start, length)
            walk.to_z += lam
            clipped += walk.clipped
    if matrices:
        return replace(sums, clipped=clipped)
    return Gradients(sums.times, sums.weights, clipped=clipped)


class _Adjoint:
    """The adjoint of one neuron on its way back through time."""

    def __init__(self, system: EventSystem, g: int, sums: Gradients, slope: float) -> None:
        self.A, self.R, self.b, self.r = system.A[g], system.R[g], system.b[g], system.r[g]
        self.z, self.slope, self.clipped = system.z[g], slope, 0
        pairs = (sums.A, sums.r, sums.R, sums.b, sums.z)
        self.to_A, self.to_r, self.to_R, self.to_b, self.to_z = (
            x[g] for x in pairs if x is not None
        )

    def flow(self, lam: Array, start: Array, length: float) -> Array:
        """The adjoint `length` earlier, where the state was `start`; adds ∫ λ zᵀ dt, by A."""
        n = len(lam)
        # exp of [[Aᵀ, λ z₀ᵀ], [0, Aᵀ]] has the integral in its upper right corner.
        wide = np.zeros((2 * n, 2 * n))
        wide[:n, :n], wide[:n, n:], wide[n:, n:] = self.A.T, np.outer(lam, start), self.A.T
        both = propagator(wide, length)
        self.to_A += both[:n, n:]
        return both[:n, :n] @ lam

    def spike(
        self, lam: Array, before: Array, to_time: float, to_state: Array, set_off: bool
    ) -> tuple[Array, float]:
        """The adjoint before a spike, and what the arrival that set it off has to carry."""
        flow = self.A @ before
        total = lam @ (self.R @ flow - self.A @ (self.R @ before)) + to_time + to_state @ flow
        self.to_R += np.outer(lam, before)
        lam = self.R.T @ lam + to_state
        if set_off:
            return lam, float(total)
        rise = self.r @ flow
        self.clipped += int(rise < self.slope)
        share = total / max(rise, self.slope)
        self.to_r -= share * before
        return lam - share * self.r, 0.0
