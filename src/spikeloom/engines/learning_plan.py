r"""The plan of learning on one projection, and what every engine must do with it.

**Time.** Everything is counted in whole steps. Step n ends with the spikes of step n. A synapse
with a delay of d steps, of which a lie before it (`axonal`, the same for all synapses of the
projection) and e = d − a behind it (the dendrite), sees

- a spike that its source fires in step k, in step k + a: that is its *event of the source*;
- an event of its target in step m, in step m + e: its *event of the target*. Whatever else the
  synapse sees of its target is also e steps old.

An event of the target is its spike, or, where the rule has a block ``post_event``, a step at whose
end the block gives 1; it reads the target's states as they stand after the step, after any reset.

**One step of a projection**, after all populations have done step n:

1. *Post traces.* For each target with an event in step n, in the neuron's own time: its traces are
   brought to step n by ``decay.post``, then ``on_post.post`` gives the new ones.
2. *Which synapses.* P: those whose target had an event in step n − e. Q: those whose source fired
   in step n − a.
3. *What they see.* Pre traces of the source, shared traces, and the synapse's own states just
   before step n's events; post traces of the target just before the events of step n − e; states
   of the target (``post:NAME``, `reads` says which) as they stood after step n − e, or, if they
   are seen late, `lags` steps before.
4. *P:* ``on_post.synapse`` gives new values.
5. *Q:* ``on_pre.synapse`` gives new values. ``state:`` leaves are those of point 3, also for a
   synapse that is in P; ``own:`` leaves are what point 4 has left. So no event sees the jump of
   another one of the same step, while both changes of one state add up.
6. *Sending.* ``sends`` runs for each synapse of Q with ``state:`` leaves of point 3 and ``after:``
   leaves as they are after point 5 (and 7); what it gives arrives at the channel at the start of
   step n + 1 + e, in the order of sources and then of places in the row.
7. *Pre traces* of the sources that fired in step n − a: ``on_pre.pre``.
8. *Tick*, if `every` > 0 and n + 1 is a multiple of it: all ``on_tick`` blocks, for all neurons and
   synapses. They read everything as it stands after the events of step n (of the target: after the
   events of step n − e), all of it before any of them writes.

A *reward*, and a new weight from the user, comes between two steps, after n and before n + 1; the
reward's blocks read and write as those of a tick do. Rewards therefore follow the tick of step n.

**Between events** a state moves by its block ``decay`` over a whole number of steps, from the step
of its last event to the one where it is needed; it is *never* brought forward for any other reason
(looking at it, a checkpoint, the end of a run). The events of a level are those for which the rule
has a block of that level: spikes of the source, events of the target, ticks, rewards; where w
flows, also a new weight from the user and `freeze`, for all synapses. At an event *all* states of
the level move together, those too that the event leaves as they are. Before the first step every
trace stands at its start as if after an event of step −1; a synapse sees its target that way until
step e, and the target's states as they were before the first step.

**Arithmetic.** Coefficients and blocks in the precision of the engine; ``event:steps`` is exact. A
state that a block does not give stays as it is. ``w`` is stored in the unit of the rule;
``sends`` turns it into that of the channel. While a projection is frozen no block changes w, and
all else goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spikeloom.compile.learning_program import RuleProgram
from spikeloom.compile.program import Program
from spikeloom.compile.tick_program import TickProgram
from spikeloom.errors import EngineError, NumericsError, suggest


@dataclass(frozen=True, eq=False)
class LearningPlan:
    """How the synapses of a projection learn.

    Arguments:
        program: The compiled rule.
        coefs: Coefficient → number, float64, from `bind_rule`.
        start: Trace → its value before the first step, from `bind_rule`.
        reads: Name in the rule (``post:NAME``) → state of the target population's program.
        lags: Name in the rule → steps by which a state of the target is seen late, wherever a block
            reads it; none for 0.
        axonal: Steps of every delay that lie before the synapse; at most the shortest delay.
        every: Steps between two ticks; 0 for a rule without.
    """

    program: RuleProgram
    coefs: Mapping[str, float]
    start: Mapping[str, float]
    reads: Mapping[str, str] = field(default_factory=dict[str, str])
    lags: Mapping[str, int] = field(default_factory=dict[str, int])
    axonal: int = 0
    every: int = 0

    def check(self, where: str, target: Program | TickProgram, shortest: int) -> None:
        """Raise unless it fits the projection.

        Arguments:
            where: Beginning of messages.
            target: Program of the target population.
            shortest: Shortest delay of the projection, in steps.
        """
        p = self.program
        for name in p.coefs:
            if name not in self.coefs:
                raise EngineError(f"{where}: no value for coefficient {name!r} of {p.rule}.")
        for name in (*p.pre, *p.post, *p.synapse[1:], *p.shared):
            if name not in self.start:
                raise EngineError(f"{where}: no start for trace {name!r} of {p.rule}.")
        for name in p.reads:
            state = self.reads.get(name, name)
            if state not in target.states:
                raise EngineError(
                    f"{where}: {p.rule} reads {state!r}, which {target.model} does not have.",
                    hint=suggest(state, target.states),
                )
        if p.blocks.get("post_event") is None and not target.spikes and p.gives("on_post.synapse"):
            raise EngineError(f"{where}: {p.rule} waits for spikes, and {target.model} has none.")
        if not 0 <= self.axonal <= shortest:
            raise EngineError(
                f"{where}: the axonal share of the delays is {self.axonal} steps; it must be"
                f" between 0 and the shortest delay, {shortest}."
            )
        ticks = any(name.startswith("on_tick") for name in p.blocks)
        if (self.every > 0) != ticks:
            raise EngineError(f"{where}: every is {self.every} steps for {p.rule}.")
        for name, value in (*self.coefs.items(), *self.start.items()):
            if not abs(value) < float("inf"):
                raise NumericsError(f"{where}: {name!r} of {p.rule} is {value}.")
