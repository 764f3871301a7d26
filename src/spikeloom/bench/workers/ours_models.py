# pyright: reportMissingImports=false
"""Our native stepping of every model, for `spikeloom.bench.models`."""

from __future__ import annotations

import time

import loop
import numpy as np

from spikeloom.bench.models.populations import DT, populations
from spikeloom.compile.bind import bind
from spikeloom.compile.values import numbers
from spikeloom.engines.cpu import CPU
from spikeloom.engines.randomness import Chance
from spikeloom.engines.results import Simulation

SPEC = loop.config()
ENGINE = CPU(dtype=SPEC["dtype"], threads=1)
ALL = populations()
with np.load(SPEC["arrays"]) as data:
    DRIVES = {name: data[name].astype(SPEC["dtype"]) for name in data}


class Stepper:
    """One population, ready to run."""

    def __init__(self, name: str) -> None:
        told = ALL[name]
        self.program = told.program
        bound = bind(self.program, numbers(told.neuron), DT)
        self.coefs = {n: np.asarray(x, SPEC["dtype"]) for n, x in bound.coefs.items()}
        size = len(DRIVES[name])
        self.start = np.stack([np.full(size, bound.start[n]) for n in self.program.states])
        self.start = self.start.astype(SPEC["dtype"])
        self.inputs = {n: DRIVES[name] if n == told.drive else None for n in self.program.inputs}

    def run(self, steps: int) -> Simulation:
        chance = Chance.of(self.program, 0, "bench") if self.program.random else None
        return ENGINE.simulate(
            self.program, self.coefs, self.start.copy(), steps, self.inputs,
            spikes="indices" if self.program.spikes else "none", chance=chance,
        )  # fmt: skip


STEPPERS = {name: Stepper(name) for name in SPEC["models"]}


def prove(to: str) -> None:
    made: dict[str, np.ndarray] = {}
    for name, stepper in STEPPERS.items():
        few = stepper.run(SPEC["few"])
        for state, values in zip(stepper.program.states, few.state, strict=True):
            made[f"{name}.{state}"] = values
        found = stepper.run(SPEC["few"] + SPEC["steps"])
        if found.spike_ids is not None:
            size = len(DRIVES[name])
            made[f"{name}:counts"] = np.bincount(found.spike_ids, minlength=size)
    np.savez(to, **made)


def timed() -> dict[str, float]:
    """Processor time of each population."""
    took: dict[str, float] = {}
    for name, stepper in STEPPERS.items():
        start = time.process_time()
        found = stepper.run(SPEC["steps"])
        took[name] = time.process_time() - start
        del found
    return took


def warm() -> None:
    for stepper in STEPPERS.values():
        stepper.run(2)


if __name__ == "__main__":
    loop.serve({"prepare": warm, "prove": prove, "time": timed})
