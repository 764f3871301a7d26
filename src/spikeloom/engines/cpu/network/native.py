"""A network in native code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from spikeloom.engines.coupling import check_exchange
from spikeloom.engines.cpu.engine import CPU
from spikeloom.engines.cpu.network.call import Call
from spikeloom.engines.cpu.network.coupling import junctions
from spikeloom.engines.cpu.network.exchange import exchanged
from spikeloom.engines.cpu.network.logs import joined, spikes_of, under
from spikeloom.engines.cpu.network.memory import Array
from spikeloom.engines.cpu.network.parts import Neurons, Synapses
from spikeloom.engines.cpu.network.plastic import PlasticSynapses, Watch, looking, saving
from spikeloom.engines.cpu.network.projection import PackedProjection
from spikeloom.engines.cpu.network.redrawn import Redrawn, grouped
from spikeloom.engines.cpu.network.sharing import LONGEST_BLOCK, block_of, threads_worth
from spikeloom.engines.cpu.network.trains import Sources
from spikeloom.engines.cpu.network.windows import room
from spikeloom.engines.drawn_plan import DrawnProjection
from spikeloom.engines.exchange import Exchange
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
    check_weights,
    check_wishes,
    trace_steps,
)
from spikeloom.errors import EngineError, ShapeError

LOG = 1 << 20
"""Spikes that a log holds at least, beyond those of one block."""
CHUNK = 4096
"""Most steps in one native call."""


class NativeNetwork:
    """Runs a plan as native code, in the precision of the plan.

    The same plan gives the same bits at any number of threads and in any division into calls of
    `run`, whatever is recorded.

    Arguments:
        plan: The network.
        threads: How many; None for as many as are worth while.
        like, exchange: As in `NetworkEngine`.
    """

    def __init__(
        self,
        plan: NetworkPlan,
        threads: int | None = None,
        like: NativeNetwork | None = None,
        exchange: Exchange | None = None,
    ) -> None:
        if threads is not None and threads < 1:
            raise EngineError(f"network: threads must be at least 1 or None, got {threads!r}.")
        if exchange is not None:
            check_exchange(plan)
        self.plan = plan
        self.exchange = exchange
        self.step = 0
        """Steps done since the beginning."""
        self.block = block_of(plan.stride)
        self.threads = _threads(plan) if threads is None else threads
        sizes = [p.size for p in plan.populations]
        walk = CPU("float64", self.threads).simulate
        self.walks = Walks(plan.drives, plan.seed, sizes, walk)
        """Inputs that fluctuate and remember."""
        self.neurons = [self.population(k) for k in range(len(plan.populations))]
        self.window = self._allocate()
        """Steps for which inputs over time are written beforehand."""
        self.deliveries = list(self._deliveries(like))
        """What delivers spikes, in the order of the plan."""
        self.junctions = junctions(plan, self.neurons)
        self.room = LOG
        """Spikes that all logs may hold together before the last block."""
        most = self.room + sum(n.padded for n in self.neurons) * self.block
        self.logs = [np.empty(most, np.uint32) for _ in range(self.threads)]

    def population(self, place: int) -> Neurons | Sources:
        """A population in the form that kernels read."""
        kind = Neurons if self.plan.populations[place].trains is None else Sources
        return kind(self.plan, place, self.threads, self.walks.drives)

    def check(self) -> None:
        """Raise if something went wrong in the steps of the last native call."""

    def _deliveries(
        self, like: NativeNetwork | None
    ) -> Iterator[Synapses | Redrawn | PlasticSynapses]:
        plan = self.plan
        known = {} if like is None else {id(s.plan): s for s in like.synapses}
        learnt = {} if like is None else {id(s.plan): s for s in like.learning}
        ahead = self.block if self.exchange is None else min(CHUNK, plan.stride)
        for parts in grouped(plan.projections):
            first, targets = parts[0], [self.neurons[p.target] for p in parts]
            drawn = [p for p in parts if isinstance(p, DrawnProjection) and p.expected]
            if first.learning is not None:
                yield PlasticSynapses(plan, first, targets[0], ahead, learnt.get(id(first)))
            elif drawn:
                own = [self.neurons[p.target] for p in drawn]
                yield Redrawn(drawn, own, plan.slots)
            elif first.expected:
                yield Synapses(plan, first, targets[0], self.threads, known.get(id(first)))

    @property
    def synapses(self) -> list[Synapses]:
        """The projections whose synapses are in memory."""
        return [d for d in self.deliveries if isinstance(d, Synapses)]

    @property
    def learning(self) -> list[PlasticSynapses]:
        """The projections whose synapses learn."""
        return [d for d in self.deliveries if isinstance(d, PlasticSynapses)]

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
            record_weights: Weights to keep.

        Returns:
            Spikes, traces and weights.
        """
        masks, ids = check_wishes(self.plan, steps, record_spikes, record_states)
        first = self.step
        for s in self.learning:
            s.check_steps(first + steps)
        at = [trace_steps(first, steps, trace.every) for trace in record_states]
        traces = [np.empty((len(a), len(i)), self.plan.dtype) for a, i in zip(at, ids, strict=True)]
        found: list[list[tuple[Array, Array]]] = [[] for _ in masks]
        watch = Watch(self.plan, record_weights)
        call = Call(self, record_states, ids, traces, [len(a) and int(a[0]) for a in at])
        while self.step < first + steps:
            left = watch.until(self.step, first + steps - self.step)
            if self.exchange is None:
                done, ends = call.run(self.prepare(left))
                logs: Sequence[Array] = self.logs
            else:
                done = min(left, CHUNK, self.plan.stride)
                logs, ends = exchanged(call, done, self.exchange)
            if any(mask is not None for mask in masks):
                spikes = spikes_of(logs, ends, len(masks), self.step, done)
                for parts, mask, some in zip(found, masks, spikes, strict=True):
                    if mask is not None:
                        parts.append(under(mask, some))
            self.step += done
            self.check()
            watch.look(self.step - 1, self.some_weights)
        spikes = tuple(joined(parts) for parts in found)
        kept = (watch.rows, watch.steps(first, steps))
        self.walks.settle(self.step)
        return NetworkRun(first, steps, spikes, tuple(traces), tuple(at), *kept)

    def prepare(self, steps: int) -> int:
        """Write the inputs over time of the next steps, of no more than one native call takes.

        Returns:
            Of how many steps.
        """
        count = min(CHUNK, steps, self.window)
        self.walks.settle(self.step)
        for n in self.neurons:
            for window in n.windows:
                window.fill(self.step, count)
        return count

    def _allocate(self) -> int:
        windows = [window for n in self.neurons for window in n.windows]
        steps = room(windows, CHUNK, LONGEST_BLOCK)
        for window in windows:
            window.allocate(steps)
        return steps

    def state(self, population: int) -> Array:
        """A copy of the states (S, N) of a population."""
        n = self.neurons[population]
        return n.states[:, : n.size].copy()

    def set_state(self, population: int, value: Array) -> None:
        """Replace the states of a population."""
        n = self.neurons[population]
        if np.shape(value) != (len(n.states), n.size):
            raise ShapeError(
                f"network: states must have shape {(len(n.states), n.size)}, got {np.shape(value)}."
            )
        n.states[:, : n.size] = value

    def weights(self, projection: int) -> Array:
        """A copy of the weights (nnz,) of a projection as they are now, in the plan's unit."""
        return self.some_weights(projection, None)

    def some_weights(self, projection: int, synapses: Array | None) -> Array:
        """As `weights`, of some synapses; None for all."""
        count = check_synapses(self.plan, projection, synapses)
        for s in self.learning:
            if s.place == projection:
                return looking.weights(s, self.step - 1, synapses)
        fixed = np.asarray(self.plan.projections[projection].weights, np.float64)
        if synapses is not None and fixed.ndim:
            fixed = fixed[synapses]
        return np.broadcast_to(fixed, (count,)).copy()

    def set_weights(self, projection: int, values: Array, synapses: Array | None = None) -> None:
        """Replace weights of synapses that learn, in the plan's unit and order; None for all."""
        check_rule(self.plan, projection, "")
        given = check_weights(self.plan, projection, values, synapses)
        looking.set_weights(self._learns(projection), self.step - 1, given, synapses)

    def traces(self, projection: int) -> dict[str, Array]:
        """Every trace of a rule that is no state of the target; nothing for static synapses."""
        check_synapses(self.plan, projection, None)
        found = [s for s in self.learning if s.place == projection]
        return looking.traces(found[0], self.step - 1) if found else {}

    def freeze(self, projection: int, frozen: bool) -> None:
        """Hold the weights of a projection, or let them go; all else goes on."""
        check_rule(self.plan, projection, "")
        looking.freeze(self._learns(projection), self.step - 1, frozen)

    def reward(self, projection: int, value: float) -> None:
        """Give the rule of a projection a reward, now."""
        check_rule(self.plan, projection, "on_reward")
        self._learns(projection).reward(value, self.step - 1)

    def _learns(self, projection: int) -> PlasticSynapses:
        return next(s for s in self.learning if s.place == projection)

    def state_dict(self) -> dict[str, Array]:
        """Every array that is needed to go on bit for bit."""
        saved = {"step": np.array(self.step)}
        for k, n in enumerate(self.neurons):
            saved[f"states.{k}"] = self.state(k)
            for name, ring in zip(n.plan.channels, n.rings, strict=True):
                saved[f"coming.{k}.{name}"] = ring[:, : n.size].copy()
        for s in self.learning:
            found = saving.save(s, self.step)
            saved |= {f"learning.{s.place}.{name}": x for name, x in found.items()}
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
                ring[:, : n.size] = state[f"coming.{k}.{name}"]
        for s in self.learning:
            start = f"learning.{s.place}."
            own = {n.removeprefix(start): x for n, x in state.items() if n.startswith(start)}
            saving.load(s, own, self.step)


def _threads(plan: NetworkPlan) -> int:
    """As many as the rows of synapses have been cut for, or as are worth while."""
    cut = [p.packed.threads for p in plan.projections if isinstance(p, PackedProjection)]
    if cut:
        return max(cut)
    synapses = sum(p.expected for p in plan.projections)
    return threads_worth(plan.populations, synapses, plan.stride)
