# pyright: reportMissingImports=false
"""Our native stepping, for `spikeloom.bench.step`."""

from __future__ import annotations

import loop
import numpy as np

from spikeloom.bench.populations import POPULATIONS
from spikeloom.compile.bind import bind
from spikeloom.engines.cpu import CPU
from spikeloom.engines.results import Simulation

SPEC = loop.config()
POPULATION = POPULATIONS[SPEC["model"]]
PROGRAM = POPULATION.program()
BOUND = bind(PROGRAM, POPULATION.parameters(), POPULATION.dt)
ENGINE = CPU(dtype=SPEC["dtype"], threads=SPEC["threads"])

with np.load(SPEC["arrays"]) as data:
    ARRAYS = {name: data[name].astype(SPEC["dtype"]) for name in data}
START = np.stack([ARRAYS[name] for name in PROGRAM.states])
COEFS = {name: np.asarray(value, SPEC["dtype"]) for name, value in BOUND.coefs.items()}
INPUTS = {name: ARRAYS["drive"] if name == POPULATION.input else None for name in PROGRAM.inputs}


def run(steps: int) -> Simulation:
    return ENGINE.simulate(PROGRAM, COEFS, START.copy(), steps, INPUTS, spikes="indices")


def prove(to: str) -> float:
    first = run(SPEC["few"])
    result, peak = loop.peak_mb(lambda: run(SPEC["few"] + SPEC["steps"]))
    states = dict(zip(PROGRAM.states, first.state, strict=True))
    counts = np.bincount(result.spike_ids, minlength=START.shape[1])
    np.savez(to, counts=counts, **states)
    return peak


if __name__ == "__main__":
    loop.serve_steps(run, prove, SPEC["steps"])
