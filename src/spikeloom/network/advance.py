"""Running an engine piece by piece: between them there is time for progress, Ctrl-C, and NaN."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from spikeloom.engines.network_run import NetworkEngine, NetworkRun
from spikeloom.errors import NumericsError
from spikeloom.interrupt import Interrupt
from spikeloom.network import rewards
from spikeloom.network.blame import Ill, blame, find_ill
from spikeloom.network.description import Description
from spikeloom.network.progress import Progress
from spikeloom.network.ranks.engine import SpreadEngine
from spikeloom.network.recording.recording import Recording

Array = np.ndarray[Any, np.dtype[Any]]
PIECE = 0.25
"""Seconds of computing between two looks around."""
LARGEST_COPY = 1 << 28
"""Bytes of state up to which a copy is kept, to find out when a state went wrong."""
MOST_PAIRS = 1 << 21
"""Pairs of neurons between which synapses learn, up to which one is kept: for a copy all weights
must be brought up to date."""
LARGEST_PIECE = 1 << 25
"""Bytes of recorded states that one piece may hold."""


def advance(
    engine: NetworkEngine,
    steps: int,
    recording: Recording,
    progress: Progress,
    dt: float,
    said: Description,
    halt: Interrupt | None = None,
) -> bool:
    """Run some steps; the result does not depend on how they are cut.

    Arguments:
        engine: What runs.
        steps: How many.
        recording: Takes what the engine gives.
        progress: Hears how far it is.
        dt: Time step in ms.
        said: The network, for messages.
        halt: Ends it early, from another thread.

    Returns:
        False where Ctrl-C ended it early.

    Raises:
        NumericsError: A state is NaN or infinite. All that was recorded before is kept, and the
            engine stands at the last step that was well.
        StorageError: What was recorded cannot be written.
    """
    longest = max(1, int(LARGEST_PIECE / max(recording.row_bytes, 1)))
    if isinstance(engine, SpreadEngine):
        longest = engine.least(longest)
    done, piece, stop, start = 0, min(steps, 100), False, time.perf_counter()
    with Interrupt() as interrupt:
        while done < steps and not stop:
            rewards.give(engine, said)
            piece = rewards.until(engine, said, min(piece, steps - done, longest))
            before = _copy(engine)
            began = time.perf_counter()
            made = engine.run(piece, *recording.asked)
            took = time.perf_counter() - began
            if (ill := find_ill(engine)) is not None:
                raise _failure(engine, before, ill, made, recording, dt, said)
            recording.add(made, time.perf_counter() - start)
            done += piece
            progress.at(done * dt)
            stop = interrupt.asked or (halt is not None and halt.asked)
            if isinstance(engine, SpreadEngine):
                took, stop = engine.agree(took, stop)
            piece = int(min(max(piece * PIECE / max(took, 1e-6), 1), 8 * piece))
    return done == steps


def _copy(engine: NetworkEngine) -> dict[str, Array] | None:
    plan = engine.plan
    sizes = sum(p.senders * len(p.program.states) for p in plan.populations)
    rings = sum(p.senders * len(p.channels) for p in plan.populations) * plan.slots
    # Numbers that all processes of a network have alike: they must decide alike.
    senders = [p.senders for p in plan.populations]
    pairs = [senders[p.source] * senders[p.target] for p in plan.projections if p.learning]
    small = sum(pairs) <= MOST_PAIRS and 8 * (sizes + rings) <= LARGEST_COPY
    return engine.state_dict() if small else None


def _failure(
    engine: NetworkEngine,
    before: dict[str, Array] | None,
    ill: Ill,
    made: NetworkRun,
    recording: Recording,
    dt: float,
    said: Description,
) -> NumericsError:
    """The first NaN or infinity in words; with a copy from before, its very step and term."""
    when, why = f"at or before {engine.step * dt:g} ms", ""
    if before is None:
        recording.add(made, 0.0)
    else:
        count = _first(engine, before, made.steps)
        when = f"at {engine.step * dt:g} ms"
        ill = find_ill(engine) or ill
        engine.load_state_dict(before)
        recording.add(engine.run(count - 1, *recording.asked), 0.0)
        why = blame(engine, ill, said)
    name = said.members[ill.population].population.name
    state = engine.plan.populations[ill.population].program.states[ill.row]
    return NumericsError(
        f"{name}[{ill.neuron}].{state} is {ill.value} {when}{why}.",
        hint="a smaller dt, another method=…, or smaller weights; "
        f'net.record({name}[{ill.neuron}], "{state}") shows the way there',
    )


def _first(engine: NetworkEngine, before: dict[str, Array], steps: int) -> int:
    """After how many steps a state is ill for the first time; leaves the engine there."""
    wishes = [False] * len(engine.plan.populations)

    def ill_after(count: int) -> bool:
        engine.load_state_dict(before)
        engine.run(count, wishes)
        return find_ill(engine) is not None

    least = bisect(ill_after, steps)
    ill_after(least)
    return least


def bisect(true_after: Callable[[int], bool], most: int) -> int:
    """The least number from 1 to `most` from which on something holds, if it holds at `most`.

    >>> bisect(lambda n: n >= 37, 100)
    37
    """
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if true_after(middle) else (middle, high)
    return high
