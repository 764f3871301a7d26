"""One run with all that is recorded of it, whichever way it ends."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from spikeloom.engines.network_run import NetworkEngine
from spikeloom.equations.quantity import Unit
from spikeloom.errors import SpikeloomError
from spikeloom.interrupt import Interrupt
from spikeloom.network.advance import advance
from spikeloom.network.description import Description
from spikeloom.network.progress import Progress
from spikeloom.network.recording.collector import Frame
from spikeloom.network.recording.recording import Recording
from spikeloom.network.recording.store import Memory, Store
from spikeloom.network.result import Result, result_of
from spikeloom.network.view import View

Array = np.ndarray[Any, np.dtype[Any]]


def run(
    engine: NetworkEngine,
    steps: int,
    said: Description,
    *,
    dt: float,
    about: Mapping[str, Any],
    store: Store | None = None,
    progress: bool = True,
    halt: Interrupt | None = None,
) -> Result:
    """Run some steps and give back what was recorded.

    Arguments:
        engine: What runs.
        steps: How many.
        said: The network with its recorders.
        dt: Time step in ms.
        about: Where the recording comes from, see `provenance`.
        store: Where recordings are kept; None for memory.
        progress: Whether to say how far it is.
        halt: Ends the run early, from another thread.

    Raises:
        SpikeloomError: Something went wrong; its ``result`` holds what there is.
    """
    store = store or Memory()
    first, began = engine.step, time.perf_counter()
    recording = Recording(engine.plan, said.recorders, _frame(engine, said, dt), store)
    told = Progress(steps * dt, show=progress)

    def result(complete: bool) -> Result:
        return result_of(
            recording.recorders,
            recording.stored(),
            start=first * dt,
            stop=engine.step * dt,
            seconds=time.perf_counter() - began,
            complete=complete,
            path=store.path,
            dt=dt,
            about=about,
        )

    try:
        complete = advance(engine, steps, recording, told, dt, said, halt)
        recording.finish(engine.step, time.perf_counter() - began, complete)
    except SpikeloomError as error:
        _keep(recording, engine.step, time.perf_counter() - began)
        error.result = result(complete=False)
        raise
    finally:
        told.close()
        recording.close()
    return result(complete)


def _keep(recording: Recording, step: int, seconds: float) -> None:
    """Put what is open into the result; a file that cannot be written was told of already."""
    with contextlib.suppress(SpikeloomError):
        recording.finish(step, seconds, False)


def _frame(engine: NetworkEngine, said: Description, dt: float) -> Frame:
    plan = engine.plan

    def unit(view: View, state: str) -> Unit:
        return said.members[view.population.index].receptors.definition.state(state).unit

    def now(view: View, state: str) -> Array:
        row = plan.populations[view.population.index].program.states.index(state)
        return engine.state(view.population.index)[row, view.ids]

    return Frame(dt, engine.step, str(engine.state(0).dtype), unit, now)


def provenance(said: Description, engine: NetworkEngine, text: str) -> dict[str, Any]:
    """Where a recording comes from, as JSON holds it."""
    import platform

    import spikeloom

    return {
        "spikeloom": spikeloom.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "engine": type(engine).__name__,
        "dtype": engine.plan.dtype,
        "seed": said.seed,
        "network": text,
    }
