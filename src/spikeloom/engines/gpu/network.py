"""A network on a GPU."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from spikeloom.engines.exchange import Exchange
from spikeloom.engines.gpu.grid import grid_of, on_grid
from spikeloom.engines.gpu.limits import check_plan
from spikeloom.engines.gpu.machine import find_machine
from spikeloom.engines.gpu.neurons import Kept, Log, Neurons, Sources
from spikeloom.engines.gpu.synapses import Synapses
from spikeloom.engines.inputs import Walks
from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.engines.network_run import (
    NetworkRun,
    SpikeWish,
    Trace,
    WeightTrace,
    check_rule,
    check_state,
    check_synapses,
    check_weight_wishes,
    check_wishes,
    trace_steps,
)
from spikeloom.engines.reference.engine import Reference
from spikeloom.errors import ShapeError

Array = np.ndarray[Any, np.dtype[Any]]
LONGEST_BLOCK = 256
"""Most steps in one launch."""
MOST_BLOCKS = 128
"""Most blocks before the processor looks at the spikes."""
LOG = 1 << 24
"""Spikes that all logs may hold, of which each has room for every neuron in every step."""
WINDOW = 1 << 23
"""Numbers that inputs over time may take at once, unless a single block takes more."""


class GpuNetwork:
    """Runs a plan with Triton kernels, in the precision of the plan.

    The same plan gives the same bits in any division into calls of `run`, whatever is recorded,
    in every run: what arrives is summed exactly, see `engines.gpu.grid`.

    Arguments:
        plan: The network.
        like, exchange: As in `NetworkEngine`; there is no exchange yet.

    Raises:
        EngineError: There is no GPU, or the plan has something that this engine cannot run.
    """

    def __init__(
        self,
        plan: NetworkPlan,
        like: GpuNetwork | None = None,
        exchange: Exchange | None = None,
    ) -> None:
        check_plan(plan, exchange)
        self.plan, self.exchange = plan, exchange
        self.machine = find_machine()
        self.step = 0
        """Steps done since the beginning."""
        sizes = [p.size for p in plan.populations]
        self.walks = Walks(plan.drives, plan.seed, sizes, Reference().simulate)
        """Inputs that fluctuate and remember."""
        self.neurons = [
            Neurons(self.machine, plan, k, self.walks.drives)
            if p.trains is None
            else Sources(self.machine, plan, k)
            for k, p in enumerate(plan.populations)
        ]
        self.block = min(plan.stride, LONGEST_BLOCK, max(LOG // sum(sizes), 1))
        """Steps in one launch."""
        self.blocks = min(max(LOG // (sum(sizes) * self.block), 1), MOST_BLOCKS)
        """Launches before the processor looks at the spikes."""
        driven = sum(n.size * len(n.drives) for n in self.neurons if isinstance(n, Neurons))
        if driven:
            self.blocks = min(self.blocks, max(WINDOW // (driven * self.block), 1))
        self.logs = [Log(self.machine, self.blocks, n * self.block) for n in sizes]
        self.grids = dict(self._grids())
        """Of each population and channel, on which its weights lie."""
        known = {} if like is None else {(id(s.plan), s.grid): s for s in like.synapses}
        self.synapses = list(self._synapses(known))

    def _grids(self) -> Iterator[tuple[tuple[int, str], float]]:
        for place, population in enumerate(self.plan.populations):
            for channel in population.channels:
                ending = [
                    p.whole
                    for p in self.plan.projections
                    if (p.target, p.channel) == (place, channel)
                ]
                yield (place, channel), grid_of(ending, population.size)

    def _synapses(self, known: dict[tuple[int, float], Synapses]) -> Iterator[Synapses]:
        for p in self.plan.projections:
            grid = self.grids[p.target, p.channel]
            senders = self.plan.populations[p.source].size
            if p.count and self.plan.populations[p.source].program.spikes:
                found = known.get((id(p), grid))
                yield found or Synapses(self.machine, p, senders, grid, self.plan.dtype)

    def run(
        self,
        steps: int,
        record_spikes: SpikeWish = None,
        record_states: Sequence[Trace] = (),
        record_weights: Sequence[WeightTrace] = (),
    ) -> NetworkRun:
        """Run some steps, going on from where the last call ended.

        Arguments:
            steps: How many.
            record_spikes: Of each population: all, none, or a mask (N,). None: of all.
            record_states: States to keep.
            record_weights: Weights to keep; they stay as they are.

        Returns:
            Spikes, traces and weights.
        """
        masks, ids = check_wishes(self.plan, steps, record_spikes, record_states)
        chosen = check_weight_wishes(self.plan, record_weights)
        first, end = self.step, self.step + steps
        at = [trace_steps(first, steps, trace.every) for trace in record_states]
        kept = [
            Kept(self.machine, t.state, i, t.every, a, self.neurons[t.population].size)
            for t, i, a in zip(record_states, ids, at, strict=True)
        ]
        for place, n in enumerate(self.neurons):
            own = zip(record_states, kept, strict=True)
            n.keep([k for t, k in own if t.population == place])
        none = (np.empty(0, np.int64), np.empty(0, np.int64))
        found: list[list[tuple[Array, Array]]] = [[none] for _ in masks]
        while self.step < end:
            now = self.step
            starts = self._segment(end - now)
            for place, mask in enumerate(masks):
                if mask is not None:
                    log, size = self.logs[place], self.neurons[place].size
                    when, who = log.fetch(self.machine, starts, size)
                    found[place].append(((when + now)[mask[who]], who[mask[who]]))
        rows = [trace_steps(first, steps, wish.every) for wish in record_weights]
        weights = [
            np.tile(self.weights(w.projection)[c], (len(r), 1))
            for w, c, r in zip(record_weights, chosen, rows, strict=True)
        ]
        return NetworkRun(
            first,
            steps,
            tuple(
                (np.concatenate([a for a, _ in parts]), np.concatenate([w for _, w in parts]))
                for parts in found
            ),
            tuple(k.read(self.plan.dtype) for k in kept),
            tuple(at),
            tuple(weights),
            tuple(rows),
        )

    def _segment(self, most: int) -> list[int]:
        """Run as many blocks as the logs hold; gives their first steps, counted from now."""
        steps = min(most, self.blocks * self.block)
        starts = list(range(0, steps, self.block))
        self.walks.settle(self.step)
        for n, log in zip(self.neurons, self.logs, strict=True):
            n.prepare(self.step, starts, steps, log)
        for k, start in enumerate(starts):
            now, count = self.step + start, min(self.block, steps - start)
            for n, log in zip(self.neurons, self.logs, strict=True):
                n.advance(k, now, start, count, log)
            for s in self.synapses:
                target = self.neurons[s.target]
                if isinstance(target, Neurons):
                    s.deliver(k, now, self.logs[s.source], target)
        self.step += steps
        return starts

    def weights(self, projection: int) -> Array:
        """A copy of the weights (nnz,) of a projection, in the plan's unit."""
        count = check_synapses(self.plan, projection, None)
        fixed = np.asarray(self.plan.projections[projection].weights, np.float64)
        return np.broadcast_to(fixed, (count,)).copy()

    def set_weights(self, projection: int, values: Array, synapses: Array | None = None) -> None:
        """There are no synapses that learn.

        Raises:
            EngineError: Always.
        """
        check_rule(self.plan, projection, "")

    def traces(self, projection: int) -> dict[str, Array]:
        """There are none."""
        check_synapses(self.plan, projection, None)
        return {}

    def freeze(self, projection: int, frozen: bool) -> None:
        """There are no synapses that learn.

        Raises:
            EngineError: Always.
        """
        check_rule(self.plan, projection, "")

    def reward(self, projection: int, value: float) -> None:
        """There are no synapses that learn.

        Raises:
            EngineError: Always.
        """
        check_rule(self.plan, projection, "on_reward")

    def state(self, population: int) -> Array:
        """A copy of the states (S, N) of a population."""
        return self.neurons[population].states.cpu().numpy().copy()

    def set_state(self, population: int, value: Array) -> None:
        """Replace the states of a population."""
        states = self.neurons[population].states
        if np.shape(value) != tuple(states.shape):
            raise ShapeError(
                f"network: states must have shape {tuple(states.shape)}, got {np.shape(value)}."
            )
        states.copy_(self.machine.put(np.asarray(value, self.plan.dtype)))

    def state_dict(self) -> dict[str, Array]:
        """Every array that is needed to go on bit for bit; what is on its way is float64."""
        saved = {"step": np.array(self.step)}
        for k, n in enumerate(self.neurons):
            saved[f"states.{k}"] = self.state(k)
            for name, ring in zip(n.plan.channels, n.rings, strict=True):
                saved[f"coming.{k}.{name}"] = ring.cpu().numpy().copy()
        return saved | self.walks.states(self.step)

    def load_state_dict(self, state: dict[str, Array]) -> None:
        """Go on from a `state_dict`.

        Raises:
            CheckpointError: It is of another network.
        """
        check_state(self.plan, state, self.state_dict())
        self.step = int(state["step"])
        self.walks.load(self.step, state)
        for k, n in enumerate(self.neurons):
            self.set_state(k, state[f"states.{k}"])
            for name, ring in zip(n.plan.channels, n.rings, strict=True):
                # Sums of a network that had other synapses may lie beside the grid of this one.
                coming = on_grid(state[f"coming.{k}.{name}"], self.grids[k, name])
                ring.copy_(self.machine.put(coming))
