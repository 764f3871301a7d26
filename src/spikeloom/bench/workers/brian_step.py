# pyright: reportMissingImports=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Brian2 C++ standalone with the same equations, method and dt. Runs in the peers' environment.

The program takes a few steps, copies the states aside, and then takes the steps that are timed.
The time is what the compiled program itself reports for its run, without start and loading. It is
tried in two ways: `serial`, and `openmp` with the threads that the others get. Spikes are counted
for each neuron by a monitor that keeps nothing else.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import brian2 as b2
import brian_program
import loop
import numpy as np

SPEC = loop.config()
P: dict[str, float] = SPEC["parameters"]
with np.load(SPEC["arrays"]) as data:
    ARRAYS = {name: data[name] for name in data}

# Rates are per ms, as in the other versions; Brian counts time in seconds, so each is over ms.
CUBA = """
dv/dt = (E - v + R * i_syn) / tau / ms : 1
di_syn/dt = -i_syn / tau_syn / ms : 1
"""
ADEX = """
dv/dt = (g * (E - v) + g * D * exp((v - v_T) / D) - w + drive) / C / ms : 1
dw/dt = (a * (v - E) - w) / tau_w / ms : 1
drive : 1 (constant)
"""
IZHIKEVICH = """
dv/dt = (0.04 * v ** 2 + 5 * v + 140 - u + drive) / ms : 1
du/dt = a * (b * v - u) / ms : 1
drive : 1 (constant)
"""
HH = """
dv/dt = (drive - sodium - potassium - g_L * (v - E_L)) / C / ms : 1
sodium = g_Na * m**3 * h * (v - E_Na) : 1
potassium = g_K * n**4 * (v - E_K) : 1
dm/dt = phi * (a_m * (1 - m) - b_m * m) / ms : 1
dh/dt = phi * (a_h * (1 - h) - b_h * h) / ms : 1
dn/dt = phi * (a_n * (1 - n) - b_n * n) / ms : 1
a_m = 0.1 * (v + 40) / (1 - exp(-(v + 40) / 10)) : 1
a_n = 0.01 * (v + 55) / (1 - exp(-(v + 55) / 10)) : 1
a_h = 0.07 * exp(-(v + 65) / 20) : 1
b_m = 4 * exp(-(v + 65) / 18) : 1
b_n = 0.125 * exp(-(v + 65) / 80) : 1
b_h = 1 / (1 + exp(-(v + 35) / 10)) : 1
drive : 1 (constant)
"""
EULER = {"method": "euler", "threshold": "v >= peak"}
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "CUBA-LIF": (CUBA, {"method": "exact", "threshold": "v >= theta", "reset": "v = E"}),
    "AdEx": (ADEX, EULER | {"reset": "v = v_reset; w += b"}),
    "Izhikevich": (IZHIKEVICH, EULER | {"reset": "v = c; u += d"}),
    "HH": (
        HH,
        # Counted where v rises through theta: no second spike while it stays above.
        {"method": "exponential_euler", "threshold": "v >= theta", "refractory": "v >= theta"},
    ),
}


def own_name(name: str) -> str:
    """In Brian, i is the index of a neuron."""
    return "i_syn" if name == "i" else name


class Standalone:
    """The compiled program: a few steps, the states copied aside, then the steps that are timed."""

    def __init__(self, folder: Path) -> None:
        start = time.perf_counter()
        self.folder = folder
        equations, options = MODELS[SPEC["model"]]
        self.states = [name for name in ARRAYS if name != "drive"]
        copies = "".join(f"{name}_few : 1\n" for name in self.states if SPEC["few"])
        dt = SPEC["dt"] * b2.ms
        group = b2.NeuronGroup(len(ARRAYS["v"]), equations + copies, namespace=P, dt=dt, **options)
        for name, values in ARRAYS.items():
            setattr(group, own_name(name), values)
        spikes = b2.SpikeMonitor(group, record=False)
        network = b2.Network(group, spikes)
        if SPEC["few"]:
            network.run(SPEC["few"] * dt)
            for name in self.states:
                setattr(group, f"{name}_few", own_name(name))
        network.run(SPEC["steps"] * dt)
        brian_program.build(folder)
        self.group, self.spikes = group, spikes
        self.build_s = time.perf_counter() - start

    def run(self) -> float:
        """Seconds of the last of its runs, as the program itself says."""
        b2.device.run(str(self.folder), with_output=False, run_args=[])
        took, _ = (self.folder / "results" / "last_run_info.txt").read_text().split()
        return float(took)

    def prove(self, to: str) -> None:
        self.run()
        states: dict[str, Any] = {
            name: np.array(getattr(self.group, f"{name}_few")[:]) for name in self.states
        }
        np.savez(to, counts=np.array(self.spikes.count[:]), **states)


if __name__ == "__main__":
    several = SPEC["variant"] == "openmp"
    brian_program.settings(SPEC["dtype"], SPEC["threads"] if several else 0)
    brian_program.serve(Standalone)
