"""`Network`: populations, what connects them, what is recorded, and running it all."""

from __future__ import annotations

import time
import warnings
from copy import copy
from dataclasses import replace
from pathlib import Path

from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.engines.network_run import NetworkEngine
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError
from spikeloom.network import build
from spikeloom.network.adding import taken_over
from spikeloom.network.advance import advance
from spikeloom.network.check import NetworkWarning, complaints
from spikeloom.network.construction import Construction
from spikeloom.network.engine import EngineName, make_engine
from spikeloom.network.grid import milliseconds, whole_steps
from spikeloom.network.identity import identity, sums
from spikeloom.network.progress import Progress
from spikeloom.network.record import Recording
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
        engine: ``"auto"`` is compiled; ``"reference"`` is plain NumPy, slow and obvious.

    >>> from spikeloom import ConductanceLIF, ExponentialCurrent, FixedProbability
    >>> from spikeloom import kHz, ms, mV, pA, uniform
    >>> net = Network(dt=0.1 * ms, seed=1, engine="reference")
    >>> exc = net.population(40, ConductanceLIF(), name="exc", v=uniform(-60, -50) * mV)
    >>> inh = net.population(10, ConductanceLIF(), name="inh")
    >>> net.poisson(exc + inh, ExponentialCurrent(), rate=8 * kHz, weight=20 * pA)
    >>> net.connect(exc, inh, ExponentialCurrent(), FixedProbability(0.2), weight=50 * pA)
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
    ) -> None:
        super().__init__(dt, int(seed), dtype)
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

    @property
    def time(self) -> float:
        """How far the network has run, in ms."""
        return 0.0 if self._engine is None else self._engine.step * self._dt

    def build(self) -> NetworkPlan:
        """Compile and connect everything now, instead of in the first `run`.

        Raises:
            SpikeloomError: Something cannot be built as it was asked for.
        """
        return self._ready().plan

    def run(self, duration: Quantity, *, progress: bool = True) -> Result:
        """Run for some time, going on from where the last run ended.

        Ctrl-C ends the run early and gives what there is.

        Arguments:
            duration: A whole number of steps.
            progress: Whether to say how far it is, from two seconds on.

        Returns:
            Everything that was recorded.

        Raises:
            NumericsError: A state became NaN or infinite; says which and when.
        """
        steps = whole_steps("run: duration", duration, self.dt)
        engine = self._ready()
        units = [
            {s.name: s.unit for s in member.receptors.definition.states}
            for member in self._said.members
        ]
        recording = Recording(engine.plan, self._said.recorders, self._dt, units)
        start, began = self.time, time.perf_counter()
        told = Progress(steps * self._dt, show=progress)
        try:
            complete = advance(engine, steps, recording, told, self._dt, self.populations)
        finally:
            told.close()
        return Result(
            start=start,
            stop=self.time,
            spikes=recording.spikes(start, self.time),
            states=recording.states(),
            seconds=time.perf_counter() - began,
            complete=complete,
        )

    def checkpoint(self, path: str | Path) -> Path:
        """Write every bit that is needed to go on.

        Arguments:
            path: The file; an older one is replaced in one step.

        Raises:
            StorageError: It cannot be written.
        """
        engine = self._ready()
        said, plan = self._said, engine.plan
        state = engine.state_dict()
        saved = Saved(state, identity(said, plan), sums(plan), said.running, said.changes)
        save_state(Path(path), saved)
        return Path(path)

    def restore(self, path: str | Path) -> None:
        """Go on from a `checkpoint` of the same network, with the same bits.

        Arguments:
            path: The file.

        Raises:
            CheckpointError: Missing, damaged, of another version or of another network; says what
                is different.
        """
        engine, saved = self._ready(), load_state(Path(path))
        check_same(Path(path), saved, identity(self._said, engine.plan), sums(engine.plan))
        if saved.seed != engine.plan.seed:  # of a fork with a seed of its own
            engine = self._make(replace(engine.plan, seed=saved.seed))
        engine.load_state_dict(saved.arrays)
        self._engine, self._said.run_seed = engine, saved.seed
        self._said.changes = saved.changes

    def fork(self, *, seed: int | None = None) -> Network:
        """A second network in the same state, which shares the connections with this one.

        Both go on with the same bits until one of them is told otherwise: by another seed, by
        `set`, or by something that is added to it.

        Arguments:
            seed: Of its random numbers from now on; None keeps that of this network. Connections
                and everything else that has been drawn stay as they are.
        """
        engine = self._ready()
        twin = copy(self)
        twin._said, twin._pieces = self._said.copy(), self._pieces.copy()
        twin._warned = set(self._warned)
        twin._said.run_seed = self._said.running if seed is None else int(seed)
        plan = replace(engine.plan, seed=twin._said.running)
        twin._engine = make_engine(plan, self._engine_name, self._threads, like=engine)
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
        return make_engine(plan, self._engine_name, self._threads, self._engine)

    def _complain(self) -> None:
        """Warn of what looks like a mistake; of each thing once."""
        if self._engine is None:
            return
        for text in complaints(self._said, self._engine.plan):
            if text not in self._warned:
                self._warned.add(text)
                warnings.warn(text, NetworkWarning, stacklevel=4)
