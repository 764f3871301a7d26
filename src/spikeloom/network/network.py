"""`Network`: populations, what connects them, what is recorded, and running it all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.engines.network_run import NetworkEngine
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import NumericsWarning, ParameterError, warn
from spikeloom.interrupt import Interrupt
from spikeloom.network import build, running
from spikeloom.network.adding import taken_over
from spikeloom.network.batch import Batch
from spikeloom.network.check import NetworkWarning, complaints, outside
from spikeloom.network.construction import Construction
from spikeloom.network.engine import EngineName, make_engine
from spikeloom.network.grid import milliseconds, whole_steps
from spikeloom.network.identity import identity, sums
from spikeloom.network.keep import make_keep
from spikeloom.network.late import late
from spikeloom.network.memory import Memory, estimate
from spikeloom.network.ranks import Choice, Team, found, together
from spikeloom.network.ranks.engine import SpreadEngine
from spikeloom.network.ranks.ranks import threads_of_a_rank
from spikeloom.network.ranks.state import own_state, whole_state
from spikeloom.network.recording.file import place
from spikeloom.network.recording.follower import Follower
from spikeloom.network.recording.store import Store
from spikeloom.network.recording.stream import Stream
from spikeloom.network.result import Result
from spikeloom.network.save import Saved, check_same, load_state, save_state


class Network(Construction):
    """Populations of neurons that send each other spikes.

    A spike happens at the end of a step and arrives, its delay later, at the beginning of another;
    without a delay, of the next. The same seed gives the same bits, with any number of threads,
    recorders and runs in a row.

    Arguments:
        dt: Time step.
        seed: Of connections, parameters, start values and Poisson sources.
        dtype: Precision of states and weights.
        threads: None takes what the computer has.
        engine: ``"auto"`` is compiled; ``"gpu"`` needs one; ``"reference"`` is plain NumPy, slow
            and obvious. ``"fixed"``, which "auto" takes where neurons compute with whole numbers,
            is native and has the reference's bits, of other neurons beside them too; where
            native code would not, NumPy runs the network.
        ranks: ``"auto"`` spreads the neurons over the processes of a ``torchrun``, if there is
            one; 1 stays in this process.

    >>> from spikeloom import ConductanceLIF, ExponentialCurrent, FixedProbability
    >>> from spikeloom import kHz, ms, mV, pA, uniform
    >>> net = Network(dt=0.1 * ms, seed=1, engine="reference")
    >>> exc = net.population(40, ConductanceLIF(), name="exc", v=uniform(-60, -50) * mV)
    >>> inh = net.population(10, ConductanceLIF(), name="inh")
    >>> drive = net.poisson(exc + inh, ExponentialCurrent(), rate=8 * kHz, weight=20 * pA)
    >>> _ = net.connect(exc, inh, ExponentialCurrent(), FixedProbability(0.2), weight=50 * pA)
    >>> spikes = net.record(exc, "spikes")
    >>> result = net.run(20 * ms)
    >>> result.spikes[exc].size, result.stop
    (40, 20.0)
    """

    def __init__(
        self,
        dt: Quantity = 0.1 * ms,
        *,
        seed: int = 0,
        dtype: build.DType = "float32",
        threads: int | None = None,
        engine: EngineName = "auto",
        ranks: Choice = "auto",
    ) -> None:
        super().__init__(dt, _seed("Network", seed), dtype)
        self._dt = milliseconds("Network: dt", dt)
        if not self._dt > 0:
            raise ParameterError(f"Network: dt must be above 0, got {dt}.")
        if dtype not in ("float32", "float64"):
            raise ParameterError(f"Network: dtype must be float32 or float64, got {dtype!r}.")
        if threads is not None and threads < 1:
            raise ParameterError(f"Network: threads must be at least 1, got {threads}.")
        self._threads = threads
        self._engine_name: EngineName = engine
        self._warned: set[str] = set()
        chosen = found(ranks)
        if chosen is not None:
            self._team = self._pieces.team = Team(chosen)
            self._threads = threads or threads_of_a_rank()
        self._pieces.keep = make_keep(engine, self._threads)

    @property
    def rank(self) -> int:
        """Which of the processes that hold this network this is; 0 where it is alone."""
        return 0 if self._team is None else self._team.share.rank

    @property
    def ranks(self) -> int:
        """How many processes hold this network."""
        return 1 if self._team is None else self._team.share.size

    @property
    def time(self) -> float:
        """How far the network has run, in ms."""
        return 0.0 if self._engine is None else self._engine.step * self._dt

    @together
    def build(self) -> NetworkPlan:
        """Compile and connect everything now, instead of in the first `run`.

        Returns:
            What there is, in plain arrays; of several processes, what this one holds.

        Raises:
            SpikeloomError: Something cannot be built as it was asked for.
        """
        return self._ready().plan

    def memory(self) -> Memory:
        """What the network will take, told before anything is built.

        >>> from spikeloom import LIF, Delta, FixedInDegree, Network, mV
        >>> net = Network()
        >>> many = net.population(100_000, LIF())
        >>> _ = net.connect(many, many, Delta(), FixedInDegree(5000), weight=0.1 * mV)
        >>> print(f"{net.memory().synapses:,.0f}")
        500,000,000
        """
        return estimate(self._said, self._pieces.dtype)

    @together
    def run(
        self,
        duration: Quantity,
        *,
        to: str | Path | None = None,
        replace: bool = False,
        progress: bool = True,
    ) -> Result:
        """Run for some time, going on from where the last run ended.

        Ctrl-C ends the run early and gives what there is. Where an error ends it, the error holds
        what there is: ``error.result``.

        Arguments:
            duration: A whole number of steps.
            to: An HDF5 file to which all that is recorded is written while the network runs, so
                that a run of any length needs no more memory. It can be read at any time, also
                after a crash, by ``Result.load``. None keeps everything in memory.
            replace: Whether a file that exists may be replaced.
            progress: Whether to say how far it is, from two seconds on.

        Returns:
            Everything that was recorded.

        Raises:
            NumericsError: A state became NaN or infinite; says which, when and why.
            StorageError: The file exists, or it cannot be written any more.
        """
        return self._run(duration, None if to is None else place(to), replace, progress)

    def run_beside(self, duration: Quantity, halt: Interrupt) -> Result:
        """Run in a thread of its own, until another thread ends it."""
        return self._run(duration, progress=False, halt=halt)

    def _run(
        self,
        duration: Quantity,
        to: Path | None = None,
        replace: bool = False,
        progress: bool = True,
        halt: Interrupt | None = None,
    ) -> Result:
        steps = whole_steps("run: duration", duration, self.dt)
        engine = self._ready()
        if self._team is not None:
            self._team.gather(f"a run of {steps} steps", b"")
        if steps:
            self._look_at_times(self.time + steps * self._dt)
        about = running.provenance(self._said, engine, repr(self))
        store = None if to is None else self._store(to, about, engine.step, replace)
        told = progress and self.rank == 0
        result = running.run(
            engine,
            steps,
            self._said,
            dt=self._dt,
            about=about,
            store=store,
            progress=told,
            halt=halt,
        )
        if self._team is not None:
            self._team.gather("the end of a run", b"")
        return result

    @together
    def checkpoint(self, path: str | Path) -> Path:
        """Write every bit that is needed to go on.

        Arguments:
            path: The file; an older one is replaced in one step.

        Raises:
            StorageError: It cannot be written.
        """
        file = _path("checkpoint", path)
        engine = self._ready()
        said, plan, team = self._said, engine.plan, self._team
        state = engine.state_dict()
        if team is not None:
            state = whole_state(team, plan, state)
        if self.rank == 0:
            parts, checks = identity(said, plan), self._sums(plan)
            save_state(file, Saved(state, parts, checks, said.running, said.changes))
        else:
            self._sums(plan)
        if team is not None:
            team.gather("the file has been written", b"")
        return file

    @together
    def restore(self, path: str | Path) -> None:
        """Go on from a `checkpoint` of the same network, with the same bits.

        Arguments:
            path: The file.

        Raises:
            CheckpointError: Missing, damaged, of another version or of another network; says what
                is different.
        """
        file = _path("restore", path)
        engine, saved = self._ready(), load_state(file)
        check_same(file, saved, identity(self._said, engine.plan), self._sums(engine.plan))
        if saved.seed != engine.plan.seed:  # of a fork with a seed of its own
            engine = self._make(replace(engine.plan, seed=saved.seed))
        state = saved.arrays
        if self._team is not None:
            state = own_state(self._team, engine.plan, state)
        engine.load_state_dict(state)
        self._engine, self._said.run_seed = engine, saved.seed
        self._said.changes = saved.changes
        self._look_at_times(inf, silent=True)  # earlier runs may have had what lies behind

    @together
    def fork(self, *, seed: int | None = None) -> Network:
        """A second network in the same state, which shares the connections with this one.

        Both go on with the same bits until one of them is told otherwise: by another seed, by
        `set`, or by something that is added to it.

        Arguments:
            seed: Of its random numbers from now on; None keeps that of this network. Connections
                and everything else that has been drawn stay as they are.
        """
        chosen = None if seed is None else _seed("fork", seed)
        return self._branch(chosen, self._threads)

    def batch(
        self,
        size: int | None = None,
        *,
        seeds: Iterable[int] | None = None,
        threads: int | None = None,
    ) -> Batch:
        """Many variants of this network, to be run at once: forks that share its connections.

        Arguments:
            size: How many, if all have the seed of this network.
            seeds: Of the random numbers of each from now on.
            threads: How many are run at a time; None takes what the computer has.

        Raises:
            ParameterError: No variants, or a network that is spread over processes.

        >>> from spikeloom import LIF, Delta, Network, kHz, ms, mV
        >>> net = Network(dt=0.1 * ms, engine="reference")
        >>> a = net.population(5, LIF(), name="a")
        >>> noise = net.poisson(a, Delta(), rate=2 * kHz, weight=1 * mV)
        >>> spikes = net.record(a)
        >>> results = net.batch(seeds=range(3)).run(20 * ms)
        >>> [result.stop for result in results]
        [20.0, 20.0, 20.0]
        """
        if self._team is not None:
            raise ParameterError(
                "batch: the neurons of this network are spread over processes.",
                hint="Network(ranks=1), or without torchrun",
            )
        return Batch.of(self._branch, self._said.running, size, seeds, threads)

    def _branch(self, seed: int | None, threads: int | None) -> Network:
        engine = self._ready()
        twin = copy(self)
        twin._threads = threads
        twin._said, twin._pieces = self._said.copy(), self._pieces.copy()
        twin._warned = set(self._warned)
        twin._said.run_seed = self._said.running if seed is None else seed
        plan = replace(engine.plan, seed=twin._said.running)
        twin._engine = twin._make(plan)
        twin._engine.load_state_dict(engine.state_dict())
        return twin

    def __repr__(self) -> str:
        rows = [f"{p.name}: {p.size:,} {p.neuron!r}" for p in self.populations]
        rows += [f"{c.name}: {c.rule!r}" for c in self._said.connections]
        built = "" if self._engine is None else f", at {self.time:g} ms"
        return "\n  ".join([f"Network  dt {self.dt}, seed {self._said.seed}{built}", *rows])

    def _ready(self) -> NetworkEngine:
        if self._engine is None:
            if not self._said.members:
                raise ParameterError("the network has no populations.", hint="net.population(…)")
            self._engine = self._make(build.plan(self._said, self._pieces))
            self._complain()
        elif self._grown is not None:
            self._engine = taken_over(self._engine, self._grown, self._make)
            self._grown = None
            self._complain()
        return self._engine

    def _make(self, plan: NetworkPlan) -> NetworkEngine:
        team, like = self._team, self._engine
        if team is None:
            return make_engine(plan, self._engine_name, self._threads, like)
        like = like.own if isinstance(like, SpreadEngine) else None
        own = make_engine(plan, self._engine_name, self._threads, like, team.exchange)
        return SpreadEngine(own, team)

    def _store(self, path: Path, about: Mapping[str, Any], step: int, replace: bool) -> Store:
        """A file, which the first process writes and all can read."""
        team = self._team
        if self.rank > 0 and team is not None:
            return Follower(path, team.gather("the file of a run", b"")[0].decode())
        made = Stream(path, about, self._dt, step, replace)
        if team is not None:
            team.gather("the file of a run", made.id.encode())
        return made

    def _sums(self, plan: NetworkPlan) -> list[list[int]]:
        own = sums(plan)
        return own if self._team is None else self._team.added("sums over synapses", own)

    def _complain(self) -> None:
        """Warn of what looks like a mistake; of each thing once."""
        if self._engine is None or self.rank > 0:
            return
        for text in complaints(self._said, self._engine.plan):
            self._warn(text, text)
        for name, text in late(self._said, self._engine.plan):
            self._warn(f"late: {name}", text, NumericsWarning)

    def _look_at_times(self, stop: float, *, silent: bool = False) -> None:
        """Warn of inputs that do nothing in the first run that could have had them."""
        for what, why in outside(self._said, self.time, stop):
            key = f"seen: {what}"
            if why and not silent:
                self._warn(key, why)
            self._warned.add(key)

    def _warn(self, key: str, text: str, kind: type[UserWarning] = NetworkWarning) -> None:
        if key not in self._warned and self.rank == 0:
            self._warned.add(key)
            warn(text, kind)


def _seed(what: str, seed: Any) -> int:
    if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
        return int(seed)
    raise ParameterError(f"{what}: seed must be a whole number, got {seed!r}.")


def _path(what: str, path: Any) -> Path:
    if isinstance(path, (str, Path)) and str(path):
        return Path(path)
    raise ParameterError(f"{what}: the name of a file is needed, got {path!r}.")
