"""Stand-ins for the two sides: small NumPy scripts, so that no peer is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikeloom.bench import worker
from spikeloom.bench.contest import Side

LIF = """
import sys
sys.path.insert(0, {workers!r})
import loop
import numpy as np

SPEC = loop.config()
X, W = np.load(SPEC["drive"]), np.load(SPEC["upstream"])

def run():
    y, gx = np.zeros_like(X), np.zeros_like(X)
    h, v = np.zeros(X.shape), np.zeros(X.shape[1:])
    for t in range(len(X)):
        h[t] = SPEC["decay"] * v + X[t]
        y[t] = h[t] >= 1
        v = np.where(h[t] >= 1, 0.0, h[t])
    carry = np.zeros(X.shape[1:])
    for t in reversed(range(len(X))):
        carry = W[t] / (1 + abs(h[t] - 1)) ** 2 + SPEC["decay"] * carry * (h[t] < 1)
        gx[t] = carry
    {fault}
    return y, gx

def prove(to):
    (y, gx), peak = loop.peak_mb(run)
    np.savez(to, output=y, input_gradient=gx)
    return peak

loop.serve({{"prepare": lambda: None, "prove": prove, "copy": lambda: loop.seconds(X.copy),
            "time": lambda: loop.seconds(run)}})
"""

FAULTS = {
    "none": "",
    "sign": "gx *= -1",
    "dropped spike": "y[np.unravel_index(y.argmax(), y.shape)] = 0",
    "late by a step": "y = np.roll(y, 1, axis=0)",
    "slope": "gx *= 1.0001",
    "not a number": "gx[0] = np.nan",
    "one step short": "y = y[:-1]",
}


@pytest.fixture
def lif_side(tmp_path: Path):
    """A LIF side by the name of its fault."""

    def make(fault: str = "none", name: str = "ours") -> Side:
        script = tmp_path / f"{name}.py"
        workers = str(worker.SCRIPTS)
        script.write_text(LIF.format(workers=workers, fault=FAULTS[fault]))
        return Side(name, script)

    return make
