"""Running an engine piece by piece: between them there is time for progress, Ctrl-C, and NaN."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from spikeloom.engines.network_run import NetworkEngine
from spikeloom.errors import NumericsError
from spikeloom.interrupt import Interrupt
from spikeloom.network.progress import Progress
from spikeloom.network.record import Recording
from spikeloom.network.view import Population

Array = np.ndarray[Any, np.dtype[Any]]
PIECE = 0.25
"""Seconds of computing between two looks around."""
LARGEST_COPY = 1 << 28
"""Bytes of state up to which a copy is kept, to find out when a state went wrong."""


def advance(
    engine: NetworkEngine,
    steps: int,
    recording: Recording,
    progress: Progress,
    dt: float,
    populations: Sequence[Population],
) -> bool:
    """Run some steps; the result does not depend on how they are cut.

    Arguments:
        engine: What runs.
        steps: How many.
        recording: Takes what the engine gives.
        progress: Hears how far it is.
        dt: Time step in ms.
        populations: For messages.

    Returns:
        False where Ctrl-C ended it early.

    Raises:
        NumericsError: A state is NaN or infinite.
    """
    done, piece = 0, min(steps, 100)
    with Interrupt() as interrupt:
        while done < steps and not interrupt.asked:
            piece = min(piece, steps - done)
            before = _copy(engine)
            began = time.perf_counter()
            made = engine.run(piece, recording.masks, recording.wishes)
            took = time.perf_counter() - began
            _look(engine, before, piece, dt, populations)
            recording.add(made)
            done += piece
            progress.at(done * dt)
            piece = int(min(max(piece * PIECE / max(took, 1e-6), 1), 8 * piece))
    return done == steps


def _copy(engine: NetworkEngine) -> dict[str, Array] | None:
    sizes = sum(p.size * len(p.program.states) for p in engine.plan.populations)
    rings = sum(p.size * len(p.channels) for p in engine.plan.populations) * engine.plan.slots
    return engine.state_dict() if 8 * (sizes + rings) <= LARGEST_COPY else None


def _look(
    engine: NetworkEngine,
    before: dict[str, Array] | None,
    steps: int,
    dt: float,
    populations: Sequence[Population],
) -> None:
    """Stop at the first NaN or infinity; with a copy from before, name its very step."""
    if _ill(engine) is None:
        return
    when = f"at or before {engine.step * dt:g} ms"
    if before is not None:
        step = _first(engine, before, steps)
        when = f"at {step * dt:g} ms"
    place, row, neuron, value = _ill(engine) or (0, 0, 0, float("nan"))
    state = engine.plan.populations[place].program.states[row]
    name = populations[place].name
    if before is not None:
        engine.load_state_dict(before)
    raise NumericsError(
        f"{name}[{neuron}].{state} is {value} {when}.",
        hint="a smaller dt, another method=…, or smaller weights; "
        f'net.record({name}[{neuron}], "{state}") shows the way there',
    )


def _first(engine: NetworkEngine, before: dict[str, Array], steps: int) -> int:
    """The step count after which a state is first ill; leaves the engine there."""
    wishes = [False] * len(engine.plan.populations)

    def ill_after(count: int) -> bool:
        engine.load_state_dict(before)
        engine.run(count, wishes)
        return _ill(engine) is not None

    least = bisect(ill_after, steps)
    ill_after(least)
    return engine.step


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


def _ill(engine: NetworkEngine) -> tuple[int, int, int, float] | None:
    """Population, state, neuron and value of the first number that is none."""
    for place in range(len(engine.plan.populations)):
        states = engine.state(place)
        bad = ~np.isfinite(states)
        if bad.any():
            row, neuron = np.unravel_index(int(np.argmax(bad)), bad.shape)
            return place, int(row), int(neuron), float(states[row, neuron])
    return None
