"""Models of whole numbers tick by tick in NumPy int64: the answer that native code must give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from spikeloom.compile.tick_numeric import run_whole
from spikeloom.compile.tick_program import TickProgram
from spikeloom.engines.fixed.check import given
from spikeloom.engines.fixed.draws import drawn
from spikeloom.engines.randomness import Chance
from spikeloom.engines.results import Simulation

Array = np.ndarray[Any, np.dtype[Any]]


class Ticker(Protocol):
    """What steps neurons of whole numbers."""

    @property
    def simulate(self) -> Callable[..., Simulation]:
        """See `FixedReference.simulate`."""
        ...


@dataclass(frozen=True)
class FixedReference:
    """The integer engine that defines what the native one must answer, to the last bit.

    Every result of every instruction is held against the range that was proved for it.

    >>> from spikeloom import LoihiNeuron, ms, simulate
    >>> run = simulate(LoihiNeuron(du=4095, bias=1000), 8 * ms, engine=FixedReference())
    >>> run.train().tolist()
    [8.0]
    """

    @property
    def dtype(self) -> str:
        """Of states and inputs."""
        return "int64"

    def simulate(
        self,
        program: TickProgram,
        coefs: Mapping[str, Array],
        state: Array,
        steps: int,
        inputs: Mapping[str, Array | None],
        *,
        spikes: Literal["indices", "bits", "none"] = "indices",
        record: tuple[str, ...] = (),
        every: int = 1,
        chance: Chance | None = None,
    ) -> Simulation:
        """Run a population; arguments and answer as in `Reference.simulate`, all int64.

        Raises:
            NumericsError: A result is outside its range: a fault of the compiler.
        """
        g = given(program, coefs, state, steps, inputs, record, every, spikes, chance)
        bits = {f"draw:{name}": b for name, b in program.draws}
        width = g.state.shape[1]
        fixed = {f"param:{n}": x for n, x in g.params.items()}
        now = g.state
        fired = np.zeros((steps, width), bool)
        traces: dict[str, list[Array]] = {name: [] for name in record}
        for t in range(steps):
            leaves = dict(fixed)
            for name, row in zip(program.states, now, strict=True):
                leaves[f"state:{name}"] = row
            for name, value in g.inputs.items():
                leaves[f"input:{name}"] = value[t] if value.ndim == 2 else value

            def stream(name: str, k: int, t: int = t) -> Array:
                return drawn(g.chance, name, bits[name], t, width, k)

            made = run_whole(program.model, program.forward, leaves, program.spans, stream)
            rows = [np.broadcast_to(made[f"state:{n}"], (width,)) for n in program.states]
            now = np.array(rows, np.int64).reshape(len(rows), width)
            fired[t] = program.spikes & (made["out"] != 0)
            if t % every == 0:
                for name in record:
                    traces[name].append(now[program.states.index(name)])
        at, who = np.nonzero(fired) if spikes == "indices" and program.spikes else (None, None)
        wanted = spikes == "bits" and program.spikes
        return Simulation(
            state=now,
            spike_steps=at,
            spike_ids=who,
            bits=np.packbits(fired, axis=1, bitorder="little") if wanted else None,
            traces={
                n: np.array(rows, np.int64).reshape(len(rows), width) for n, rows in traces.items()
            },
        )
