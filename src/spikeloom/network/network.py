"""`Network`: populations, what connects them, what is recorded, and running it all."""

from __future__ import annotations

import time
import warnings
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spikeloom.compile import Method
from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.engines.network_run import NetworkEngine
from spikeloom.equations import Cell, Neuron, Refractory
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError
from spikeloom.network import asked, build
from spikeloom.network.advance import advance
from spikeloom.network.check import NetworkWarning, complaints
from spikeloom.network.description import Description, Setting
from spikeloom.network.engine import EngineName, make_engine
from spikeloom.network.grid import milliseconds, whole_steps
from spikeloom.network.progress import Progress
from spikeloom.network.receptors import Impulse
from spikeloom.network.record import Recording
from spikeloom.network.result import SPIKES, Recorder, Result
from spikeloom.network.rules import Rule
from spikeloom.network.save import load_state, save_state
from spikeloom.network.view import Group, Members, Population, parts

if TYPE_CHECKING:
    from spikeloom.equations import Synapse


class Network:
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
        self._dt = milliseconds("Network: dt", dt)
        if not self._dt > 0:
            raise ParameterError(f"Network: dt must be above 0, got {dt}.")
        if dtype not in ("float32", "float64"):
            raise ParameterError(f"Network: dtype must be float32 or float64, got {dtype!r}.")
        if threads is not None and threads < 1:
            raise ParameterError(f"Network: threads must be at least 1, got {threads}.")
        self._dtype: build.DType = dtype
        self._threads = threads
        self._engine_name: EngineName = engine
        self._said = Description(dt, int(seed))
        self._engine: NetworkEngine | None = None
        self._token = object()

    @property
    def dt(self) -> Quantity:
        """The time step."""
        return self._said.dt

    @property
    def time(self) -> float:
        """How far the network has run, in ms."""
        return 0.0 if self._engine is None else self._engine.step * self._dt

    @property
    def populations(self) -> tuple[Population, ...]:
        """All populations, in the order in which they were made."""
        return tuple(member.population for member in self._said.members)

    def population(
        self,
        size: int,
        neuron: Neuron | Refractory | Cell,
        *,
        name: str | None = None,
        positions: Any = None,
        method: Method | None = None,
        **values: Any,
    ) -> Population:
        """Neurons of one kind.

        Arguments:
            size: How many.
            neuron: What each is. Parameters may be arrays (size,) or distributions.
            name: For results, figures and messages; must be new.
            positions: Where they are, (size,) or (size, 1 to 3), for rules of distance.
            method: How to integrate; None chooses.
            values: Start values of states, and constant currents into inflows, by name.

        Raises:
            ParameterError: Not a neuron, no neurons, a name that is taken, or no such state.
            UnitError: A value in the wrong unit.
        """
        self._open("population")
        member = asked.population(
            self._said, self._token, size, neuron, name, positions, method, values
        )
        self._said.members.append(member)
        return member.population

    def connect(
        self,
        source: Members,
        target: Members,
        synapse: Synapse | Impulse,
        rule: Rule,
        *,
        weight: Any,
        delay: Any = 0 * ms,
        receptor: str | None = None,
        name: str | None = None,
    ) -> None:
        """Let spikes of the source act on the target.

        Equal synapses that end on one population share one receptor and its states.

        Arguments:
            source, target: Populations, parts of them, or sums of these.
            synapse: What an arriving spike does, or an impulse input that the neuron has.
            rule: Who is connected to whom.
            weight: A number, an array or a distribution, in the unit of the synapse's impulse.
            delay: Likewise, a time from 0 on; rounded to the nearest step.
            receptor: Name of the receptor, by which its states are recorded: ``exc`` gives
                ``exc_g``. By default ``syn1``, ``syn2``, …
            name: Of the connection, for messages. It also sets its random numbers apart.

        Raises:
            ParameterError: Not of this network, or something that cannot be connected.
            UnitError: A weight or delay in the wrong unit.
        """
        self._open("connect")
        sender, receiver = self._group(source), self._group(target)
        made = asked.connection(
            self._said, sender, receiver, synapse, rule, weight, delay, receptor, name
        )
        self._said.connections.append(made)

    def poisson(
        self,
        target: Members,
        synapse: Synapse | Impulse,
        *,
        rate: Any,
        weight: Any,
        n: float = 1,
        receptor: str | None = None,
    ) -> None:
        """Independent Poisson spikes for each neuron of the target.

        Arguments:
            target: Who receives.
            synapse: As in `connect`.
            rate: Of one source: one number, or one for each neuron of the target.
            weight: Of each spike, one number.
            n: Sources on each neuron; their sum is drawn as one source of n times the rate.
            receptor: As in `connect`.

        Raises:
            ParameterError: A negative rate, or a weight that is not one number.
            UnitError: The wrong unit.
        """
        self._open("poisson")
        made = asked.source(self._said, self._group(target), synapse, rate, weight, n, receptor)
        self._said.sources.append(made)

    def record(
        self, members: Members, what: str = SPIKES, *, every: Quantity | None = None
    ) -> Recorder:
        """Keep something while running; it is found in the `Result` of each later run.

        Arguments:
            members: Whose.
            what: ``"spikes"``, or the name of a state.
            every: Time between two samples of a state; None keeps every step.

        Raises:
            ParameterError: No such state, or a time that falls between two steps.
        """
        made = asked.recorder(self._said, self._group(members), what, every)
        self._said.recorders.append(made)
        return made

    def set(self, members: Members, **values: Any) -> None:
        """Set states of some neurons, before the first run or between two.

        Arguments:
            members: Whose.
            values: New values by name of the state: numbers, arrays or distributions.

        Raises:
            ParameterError: No such state.
            UnitError: The wrong unit.
        """
        for part in self._group(members).parts:
            member = self._said.members[part.population.index]
            for state, value in values.items():
                setting = Setting(part, state, asked.value(member, state, value))
                self._said.settings.append(setting)
                self._change(setting)

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
        save_state(Path(path), engine.state_dict(), engine.plan, self._dt)
        return Path(path)

    def restore(self, path: str | Path) -> None:
        """Go on from a `checkpoint` of the same network, with the same bits.

        Arguments:
            path: The file.

        Raises:
            CheckpointError: Missing, damaged, or of another network.
        """
        engine = self._ready()
        engine.load_state_dict(load_state(Path(path), engine.plan, self._dt))

    def fork(self) -> Network:
        """A second network in the same state, which shares the connections with this one."""
        engine = self._ready()
        twin = copy(self)
        twin._said = replace(
            self._said,
            recorders=list(self._said.recorders),
            settings=list(self._said.settings),
        )
        twin._engine = make_engine(engine.plan, self._engine_name, self._threads)
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
            plan = build.plan(self._said, self._dtype)
            self._engine = make_engine(plan, self._engine_name, self._threads)
            for text in complaints(self._said, plan):
                warnings.warn(text, NetworkWarning, stacklevel=3)
        return self._engine

    def _open(self, what: str) -> None:
        if self._engine is not None:
            raise ParameterError(
                f"{what}: the network has been built already.",
                hint="add populations, connections and sources before the first run",
            )

    def _group(self, members: Members) -> Group:
        group = Group(parts(members))
        for part in group.parts:
            if part.population.owner is not self._token:
                raise ParameterError(f"{part.population.name!r} belongs to another network.")
        return group

    def _change(self, setting: Setting) -> None:
        """Set states of a network that has been built."""
        if self._engine is None:
            return
        place = setting.view.population.index
        member = self._said.members[place]
        unit = member.receptors.definition.state(setting.state).unit
        entity = f"{setting.view.population.name}.{setting.state}.{len(self._said.settings)}"
        drawn = build.sized(setting.value, unit, entity, len(setting.view), self._said.seed)
        states = self._engine.state(place)
        row = self._engine.plan.populations[place].program.states.index(setting.state)
        states[row, setting.view.ids] = drawn
        self._engine.set_state(place, states)
