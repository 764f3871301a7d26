# pyright: reportMissingImports=false
"""From the start of the process to the first spikes of 100 neurons: our side."""

from __future__ import annotations

import time

import loop

SPEC = loop.config()
MARKS: dict[str, float] = {}

import numpy as np  # noqa: E402  (importing is part of what is timed)

import spikeloom as sl  # noqa: E402

MARKS["imported"] = time.monotonic()
currents = np.linspace(SPEC["currents"][0], SPEC["currents"][1], SPEC["size"])
result = sl.simulate(
    sl.LIF(),
    SPEC["duration_ms"] * sl.ms,
    dt=SPEC["dt_ms"] * sl.ms,
    size=SPEC["size"],
    record=(),
    I=currents * sl.nA,
)
MARKS["first"] = float(result.spike_times[0])
MARKS["done"] = time.monotonic()
MARKS["spikes"] = len(result.spike_ids)

if __name__ == "__main__":
    loop.serve({"marks": lambda: MARKS})
