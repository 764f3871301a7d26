# pyright: reportMissingImports=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
"""From the start of the process to the first spikes of 100 neurons: Brian2."""

from __future__ import annotations

import time

import loop

SPEC = loop.config()
MARKS: dict[str, float] = {}

import brian2 as b2  # noqa: E402  (importing is part of what is timed)
import numpy as np  # noqa: E402

MARKS["imported"] = time.monotonic()
b2.prefs.logging.file_log = False
if SPEC["variant"] == "standalone":
    b2.set_device("cpp_standalone", directory=SPEC["cache"])
else:
    b2.prefs.codegen.target = "cython"
    b2.prefs.codegen.runtime.cython.cache_dir = SPEC["cache"]

b2.defaultclock.dt = SPEC["dt_ms"] * b2.ms
group = b2.NeuronGroup(
    SPEC["size"],
    "dv/dt = (E - v + R * I) / tau : volt\nI : amp (constant)",
    threshold="v >= theta",
    reset="v = E",
    method="exact",
    namespace={
        "tau": 20 * b2.ms,
        "R": 100 * b2.Mohm,
        "E": -65 * b2.mV,
        "theta": -50 * b2.mV,
    },
)
group.v = -65 * b2.mV
group.I = np.linspace(SPEC["currents"][0], SPEC["currents"][1], SPEC["size"]) * b2.nA
monitor = b2.SpikeMonitor(group)
b2.run(SPEC["duration_ms"] * b2.ms)
MARKS["first"] = float(monitor.t[0] / b2.ms) + SPEC["dt_ms"]  # Brian names the step's beginning
MARKS["done"] = time.monotonic()
MARKS["spikes"] = len(monitor.t)

if __name__ == "__main__":
    loop.serve({"marks": lambda: MARKS})
