"""The squid axon as a Cable."""

from __future__ import annotations

import time

import loop
import numpy as np

from spikeloom.cable import Cable, CableRun, Morphology
from spikeloom.engines.cpu import CPU
from spikeloom.equations.units import Ohm, cm, cm2, mS, ms, mV, nA, uF, um
from spikeloom.models.neurons.hodgkin_huxley import HodgkinHuxley
from spikeloom.network.waveforms import Step

SPEC = loop.config()


class Axon:
    """The cable, a current at its beginning, and the potentials at two places."""

    def __init__(self) -> None:
        start = time.perf_counter()
        n = SPEC["compartments"]
        conductances = {k: SPEC[k] * mS / cm2 for k in ("g_Na", "g_K", "g_L")}
        reversals = {k: SPEC[k] * mV for k in ("E_Na", "E_K", "E_L")}
        membrane = HodgkinHuxley(C=SPEC["C"] * uF / cm2, **conductances, **reversals)
        shape = Morphology.cylinder(SPEC["length_um"] * um, SPEC["diameter_um"] * um)
        self.cable = Cable(shape, membrane, Ri=SPEC["Ri"] * Ohm * cm, compartments=n)
        self.watch = [("cable", (k + 0.5) / n) for k in SPEC["watch"]]
        self.engine = CPU(SPEC["dtype"], threads=1)
        self.build_s = time.perf_counter() - start

    def steps(self, finer: int = 1) -> CableRun:
        return self.cable.run(
            SPEC["steps"] * SPEC["dt"] * ms,
            dt=SPEC["dt"] / finer * ms,
            inject={("cable", 0): Step(SPEC["kick_nA"] * nA, stop=SPEC["kick_ms"] * ms)},
            record=self.watch,
            v=SPEC["v"] * mV,
            engine=self.engine,
        )

    def run(self) -> float:
        start = time.process_time()
        self.steps()
        return time.process_time() - start

    def prove(self, to: str, finer: int = 1) -> None:
        np.savez(to, v=self.steps(finer).v[::finer])


if __name__ == "__main__":
    loop.serve_one(Axon)
