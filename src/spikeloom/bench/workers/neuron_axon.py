# pyright: reportMissingImports=false
"""The squid axon in NEURON: its own `hh`, Crank-Nicolson. Runs in an environment of its own.

Three ways: `tables` (how `hh` comes: rates looked up in a table of 1 mV), `exact` (rates computed),
and `core`, the engine CoreNEURON of the same package. Each is one thread.
"""

from __future__ import annotations

import time

import loop
import numpy as np
from neuron import coreneuron, h

SPEC = loop.config()


class Axon:
    """The cable, a current at its beginning, and the potentials at two places."""

    def __init__(self) -> None:
        start = time.perf_counter()
        n = SPEC["compartments"]
        self.section = section = h.Section(name="axon")
        section.nseg, section.L, section.diam = n, SPEC["length_um"], SPEC["diameter_um"]
        section.Ra, section.cm = SPEC["Ri"], SPEC["C"]
        section.insert("hh")
        section.ena, section.ek = SPEC["E_Na"], SPEC["E_K"]
        for segment in section:
            segment.hh.gnabar, segment.hh.gkbar = SPEC["g_Na"] * 1e-3, SPEC["g_K"] * 1e-3
            segment.hh.gl, segment.hh.el = SPEC["g_L"] * 1e-3, SPEC["E_L"]
        h.usetable_hh = int(SPEC["variant"] == "tables")
        h.celsius, h.dt, h.secondorder = 6.3, SPEC["dt"], 2
        self.clamp = h.IClamp(section(0.5 / n))
        self.clamp.delay, self.clamp.dur = 0, SPEC["kick_ms"]
        self.clamp.amp = SPEC["kick_nA"]
        at = [section((k + 0.5) / n) for k in SPEC["watch"]]
        self.traces = [h.Vector().record(segment._ref_v) for segment in at]
        self.parallel = h.ParallelContext()
        self.parallel.set_maxstep(10)
        coreneuron.enable = SPEC["variant"] == "core"
        coreneuron.verbose = 0
        self.build_s = time.perf_counter() - start

    def run(self) -> float:
        h.finitialize(SPEC["v"])
        start = time.process_time()
        self.parallel.psolve(SPEC["steps"] * SPEC["dt"])
        return time.process_time() - start

    def prove(self, to: str) -> None:
        self.run()
        rows = [np.array(trace)[: SPEC["steps"] + 1] for trace in self.traces]
        np.savez(to, v=np.array(rows).T)


if __name__ == "__main__":
    loop.serve_one(Axon)
