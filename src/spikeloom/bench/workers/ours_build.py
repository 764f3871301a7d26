# pyright: reportMissingImports=false
"""Building all kernels of one model: equations to machine code for stepping and for training."""

from __future__ import annotations

import time

import loop
import numpy as np

from spikeloom.bench.populations import POPULATIONS
from spikeloom.compile.bind import bind
from spikeloom.engines.cpu import CPU
from spikeloom.models import ATan

SPEC = loop.config()


def build() -> float:
    """Seconds from the equations to the first result of each kernel; a first use builds it."""
    population = POPULATIONS[SPEC["model"]]
    engine = CPU(dtype="float32", threads=1)
    begin = time.perf_counter()
    program = population.program(surrogate=ATan())
    values = population.parameters() | {"surrogate.slope": 2.0}
    bound = bind(program, values, population.dt)
    coefs = {name: np.asarray(value, "float32") for name, value in bound.coefs.items()}
    state = bound.initial(1, 1).astype("float32")
    inputs = {name: np.zeros((1, 1, 1), "float32") for name in program.inputs}
    engine.simulate(program, coefs, state[:, 0], 1, {name: None for name in inputs})
    run = engine.forward(program, coefs, inputs, state, 1, checkpoint_every=1)
    if run.checkpoints is None:
        raise RuntimeError("no checkpoints came back")
    engine.backward(
        program, coefs, inputs, run.checkpoints, 1, np.ones_like(run.out), None,
        want_inputs=program.inputs, want_coefs=(),
    )  # fmt: skip
    return time.perf_counter() - begin


if __name__ == "__main__":
    loop.serve({"build": build})
