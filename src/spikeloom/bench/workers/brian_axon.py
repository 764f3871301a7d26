# pyright: reportMissingImports=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
"""The squid axon as Brian2's SpatialNeuron, C++ standalone. Runs in the peers' environment.

The time is what the compiled program itself reports for its run, without start and loading.
"""

from __future__ import annotations

import time
from pathlib import Path

import brian2 as b2
import brian_program
import loop
import numpy as np

SPEC = loop.config()

EQUATIONS = """
Im = g_L * (E_L - v) + g_Na * m**3 * h * (E_Na - v) + g_K * n**4 * (E_K - v) : amp/meter**2
I : amp (point current)
dm/dt = a_m * (1 - m) - b_m * m : 1
dh/dt = a_h * (1 - h) - b_h * h : 1
dn/dt = a_n * (1 - n) - b_n * n : 1
a_m = 1 / exprel(-(v + 40 * mV) / (10 * mV)) / ms : Hz
a_n = 0.1 / exprel(-(v + 55 * mV) / (10 * mV)) / ms : Hz
a_h = 0.07 * exp(-(v + 65 * mV) / (20 * mV)) / ms : Hz
b_m = 4 * exp(-(v + 65 * mV) / (18 * mV)) / ms : Hz
b_n = 0.125 * exp(-(v + 65 * mV) / (80 * mV)) / ms : Hz
b_h = 1 / (1 + exp(-(v + 35 * mV) / (10 * mV))) / ms : Hz
"""


class Axon:
    """The compiled program."""

    def __init__(self, folder: Path) -> None:
        start = time.perf_counter()
        self.folder, dt = folder, SPEC["dt"] / SPEC["finer"] * b2.ms
        b2.defaultclock.dt = dt
        namespace = {k: SPEC[k] * b2.msiemens / b2.cm**2 for k in ("g_Na", "g_K", "g_L")}
        namespace |= {k: SPEC[k] * b2.mV for k in ("E_Na", "E_K", "E_L")}
        shape = b2.Cylinder(
            length=SPEC["length_um"] * b2.um,
            diameter=SPEC["diameter_um"] * b2.um,
            n=SPEC["compartments"],
        )
        cell = b2.SpatialNeuron(
            morphology=shape,
            model=EQUATIONS,
            Cm=SPEC["C"] * b2.uF / b2.cm**2,
            Ri=SPEC["Ri"] * b2.ohm * b2.cm,
            method="exponential_euler",
            namespace=namespace,
        )
        cell.v = SPEC["v"] * b2.mV
        for gate in "mhn":
            setattr(cell, gate, f"a_{gate} / (a_{gate} + b_{gate})")
        self.trace = b2.StateMonitor(cell, "v", record=SPEC["watch"], when="end")
        network = b2.Network(cell, self.trace)
        cell.I[0] = SPEC["kick_nA"] * b2.nA
        network.run(SPEC["kick_ms"] * b2.ms)
        cell.I[0] = 0 * b2.nA
        network.run((SPEC["steps"] * SPEC["dt"] - SPEC["kick_ms"]) * b2.ms)
        brian_program.build(folder)
        self.build_s = time.perf_counter() - start

    def run(self) -> float:
        """Seconds of both of its runs, as the program itself counts them."""
        start = time.perf_counter()
        b2.device.run(str(self.folder), with_output=False, run_args=[])
        whole = time.perf_counter() - start
        took, _ = (self.folder / "results" / "last_run_info.txt").read_text().split()
        # The short kick is a run of its own, whose time is not kept: its share is added.
        return min(whole, float(took) / (1 - SPEC["kick_ms"] / (SPEC["steps"] * SPEC["dt"])))

    def prove(self, to: str) -> None:
        self.run()
        first = np.full((1, len(SPEC["watch"])), SPEC["v"])
        rows = np.asarray(self.trace.v / b2.mV).T[SPEC["finer"] - 1 :: SPEC["finer"]]
        np.savez(to, v=np.concatenate([first, rows]))


if __name__ == "__main__":
    brian_program.settings()
    brian_program.serve(Axon)
