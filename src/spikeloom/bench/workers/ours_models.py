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
TRUTH = "float64"
ALL = populations()
with np.load(SPEC["arrays"]) as data:
    ARRAYS = {name: data[name].astype(SPEC["dtype"]) for name in data}


class Stepper:
    """One population, ready to run."""

    def __init__(self, name: str, dtype: str) -> None:
        told, self.dtype = ALL[name], dtype
        self.program = told.program
        bound = bind(self.program, numbers(told.neuron), DT)
        self.coefs = {n: np.asarray(x, dtype) for n, x in bound.coefs.items()}
        start = [ARRAYS[f"{name}/{n}"] for n in self.program.states]
        self.start = np.stack(start).astype(dtype)
        drive = ARRAYS[f"{name}/drive"].astype(dtype)
        self.inputs = {n: drive if n == told.drive else None for n in self.program.inputs}

    def run(self, steps: int, threads: int = 1) -> Simulation:
        chance = Chance.of(self.program, 0, "bench") if self.program.random else None
        return CPU(self.dtype, threads).simulate(  # type: ignore[arg-type]
            self.program, self.coefs, self.start.copy(), steps, self.inputs,
            spikes="indices" if self.program.spikes else "none", chance=chance,
        )  # fmt: skip

    def few(self) -> dict[str, np.ndarray]:
        """Each state after the first steps."""
        return dict(zip(self.program.states, self.run(SPEC["few"]).state, strict=True))


STEPPERS = {name: Stepper(name, SPEC["dtype"]) for name in SPEC["models"]}


def prove(to: str) -> None:
    """States after a few steps, those of float64 for the same drive, and spikes of each neuron."""
    made: dict[str, np.ndarray] = {}
    for name, stepper in STEPPERS.items():
        made |= {f"{name}.{state}": values for state, values in stepper.few().items()}
        if not stepper.program.random:
            true = Stepper(name, TRUTH).few()
            made |= {f"true:{name}.{state}": values for state, values in true.items()}
        found = stepper.run(SPEC["few"] + SPEC["steps"])
        if found.spike_ids is not None:
            made[f"{name}:counts"] = np.bincount(found.spike_ids, minlength=SPEC["size"])
    np.savez(to, **made)


def timed(threads: int) -> dict[str, list[float]]:
    """Seconds of each population on the wall and of the processor."""
    took: dict[str, list[float]] = {}
    for name, stepper in STEPPERS.items():
        stepper.run(SPEC["few"], threads)  # the peer's few steps, too, come before the clock
        wall, used = time.perf_counter(), time.process_time()
        found = stepper.run(SPEC["steps"], threads)
        took[name] = [time.perf_counter() - wall, time.process_time() - used]
        del found
    return took


def warm() -> None:
    for stepper in STEPPERS.values():
        stepper.run(2)


if __name__ == "__main__":
    loop.serve({"prepare": warm, "prove": prove, "time": timed})
