# pyright: reportMissingImports=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Brian2 C++ standalone with the network of a spec. Runs in the peers' environment.

The compiled program builds the network, settles, and takes the stretch that is timed; it says on a
clock of the system when each began. It is tried in double and single precision, and with OpenMP
where the others have several threads. Its compiler flags are -O3 -march=native -ffast-math.

All populations are one group, so that everyone's neurons are one loop. A fixed in-degree is handed
over as pairs in the order of their sources: what Brian2 draws itself comes in the order of the
targets, and runs through such synapses are slower.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import brian2 as b2
import brian_program
import draws
import loop
import numpy as np

SPEC = loop.config()
CURRENT = """
dv/dt = ((E_L - v) + (exc + inh{drive}) / g_L) / (C / g_L) / ms : 1 {hold}
dexc/dt = -exc / tau_exc / ms : 1
dinh/dt = -inh / tau_inh / ms : 1
"""
CONDUCTANCE = """
dv/dt = (g_L * (E_L - v) + exc * (E_exc - v) + inh * (E_inh - v)) / C / ms : 1 {hold}
dexc/dt = -exc / tau_exc / ms : 1
dinh/dt = -inh / tau_inh / ms : 1
"""
KICK = "dv/dt = (E_L - v + (0{drive}) / g_L) / (C / g_L) / ms : 1 {hold}"
CHANNELS = """
dv/dt = (g_L * (E_L - v) + exc * (E_exc - v) + inh * (E_inh - v)
         - g_Na * m**3 * h * (v - E_Na) - g_K * n**4 * (v - E_K)) / C / ms : 1
dexc/dt = -exc / tau_exc / ms : 1
dinh/dt = -inh / tau_inh / ms : 1
dm/dt = (a_m * (1 - m) - b_m * m) / ms : 1
dh/dt = (a_h * (1 - h) - b_h * h) / ms : 1
dn/dt = (a_n * (1 - n) - b_n * n) / ms : 1
u = v - V_T : 1
a_m = 0.32 * (13 - u) / (exp((13 - u) / 4) - 1) : 1
b_m = 0.28 * (u - 40) / (exp((u - 40) / 5) - 1) : 1
a_h = 0.128 * exp((17 - u) / 18) : 1
b_h = 4 / (1 + exp((40 - u) / 5)) : 1
a_n = 0.032 * (15 - u) / (exp((15 - u) / 5) - 1) : 1
b_n = 0.5 * exp((10 - u) / 40) : 1
"""
MODELS = {
    "current": (CURRENT, "exact"),
    "kick": (KICK, "exact"),
    "conductance": (CONDUCTANCE, "exponential_euler"),
    "channels": (CHANNELS, "exponential_euler"),
}
STDP = """
w : 1
dpre/dt = -pre / tau_plus / ms : 1 (event-driven)
dpost/dt = -post / tau_minus / ms : 1 (event-driven)
"""
MARK = """{ timespec now; clock_gettime(CLOCK_MONOTONIC, &now); std::ofstream marks("marks.txt",
std::ios::app); marks << now.tv_sec << " " << now.tv_nsec << std::endl; }"""
MEMORY = """{ std::ifstream status("/proc/self/status"); std::ofstream kept("memory.txt");
std::string line; while (std::getline(status, line))
if (line.rfind("VmHWM:", 0) == 0) kept << line.substr(6) << std::endl; }"""


class Standalone:
    """The compiled program."""

    def __init__(self, folder: Path) -> None:
        self.folder, spec = folder, SPEC["spec"]
        begin = time.perf_counter()
        b2.seed(spec["seed"])
        self.cells = spec["cells"]
        model, values = self.cells[0]["model"], self.cells[0]["values"]
        if any((c["model"], c["values"]) != (model, values) for c in self.cells):
            raise ValueError("Brian2's side has one group: all populations must be alike")
        if any(w["weight_sd"] or w["delay_sd"] for w in spec["wires"]):
            raise ValueError("Brian2's side has one weight and one delay for all wires of a kind")
        self.target = {"exc": "exc", "inh": "inh"} if model != "kick" else {"exc": "v", "inh": "v"}
        self.sizes = {c["name"]: c["size"] for c in self.cells}
        self.place, first = {}, 0
        for name, size in self.sizes.items():
            self.place[name] = (first, first + size)
            first += size
        b2.defaultclock.dt = spec["dt"] * b2.ms
        self.group = self.neurons(model, values, first)
        objects: list[Any] = [self.group]
        self.synapses = []
        for number, wires in enumerate(spec["wires"]):
            self.synapses.append(self.connect(number, wires))
        objects += self.synapses
        for noise in spec["noise"]:
            objects.append(
                b2.PoissonInput(
                    self.part(noise["target"]),
                    self.target[noise["port"]],
                    noise["sources"],
                    noise["rate"] * b2.Hz,
                    noise["weight"],
                )
            )
        self.monitor = b2.SpikeMonitor(self.group)
        network = b2.Network(*objects, self.monitor)
        b2.device.insert_code("before_network_run", MARK)
        b2.device.insert_code("after_network_run", MARK)
        b2.device.insert_code("before_end", MEMORY)
        network.run(spec["settle"] * b2.ms)
        network.run(spec["stretch"] * b2.ms)
        brian_program.build(folder)
        self.build_s = time.perf_counter() - begin
        self.told: dict[str, float] = {}

    def neurons(self, model: str, values: dict[str, float], size: int) -> Any:
        equations, method = MODELS[model]
        lock = {"threshold": "v > theta", "refractory": "v > theta"}
        hold = ""
        if model != "channels":
            lock = {"threshold": "v >= theta", "reset": "v = v_reset"}
            if values.get("t_ref"):
                # Brian2 counts the step of the spike in; the others hold as many steps after it.
                lock["refractory"] = (values["t_ref"] + SPEC["spec"]["dt"]) * b2.ms
                hold = "(unless refractory)"
        group = b2.NeuronGroup(
            size,
            equations.format(hold=hold, drive=" + I" if "I" in values else ""),
            method=method,
            namespace=dict(values),
            **lock,
        )
        group.v = values["E_L"]
        drawn = [draws.start_values(SPEC["spec"], k) for k in range(len(self.cells))]
        for state in drawn[0]:
            setattr(group, state, np.concatenate([d[state] for d in drawn]))
        if model == "channels":
            for gate, value in gates(values["E_L"] - values["V_T"]).items():
                setattr(group, gate, value)
        return group

    def part(self, names: list[str]) -> Any:
        low, high = self.place[names[0]][0], self.place[names[-1]][1]
        return self.group if high - low == len(self.group) else self.group[low:high]

    def connect(self, number: int, wires: dict[str, Any]) -> Any:
        source, target = self.part([wires["source"]]), self.part(wires["target"])
        variable = self.target[wires["port"]]
        namespace: dict[str, Any] = {"weight": wires["weight"]}
        if wires["learning"]:
            namespace |= SPEC["spec"]["learning"]
            made = b2.Synapses(
                source,
                target,
                STDP,
                on_pre=f"w = w - lambda_ * alpha * w * post\n{variable}_post += w\npre += 1",
                on_post="post += 1\nw = w + lambda_ * w**mu * pre",
                delay=wires["delay"] * b2.ms,
                namespace=namespace,
            )
        else:
            made = b2.Synapses(
                source,
                target,
                on_pre=f"{variable}_post += weight",
                delay=wires["delay"] * b2.ms,
                namespace=namespace,
            )
        if wires["rule"] == "probability" and not SPEC["spec"]["twin"]:
            made.connect(p=wires["number"])
        else:
            given = draws.twin(SPEC["spec"], number)
            made.connect(i=given["i"], j=given["j"])
        if wires["learning"]:
            made.w = wires["weight"]
        return made

    def run(self) -> dict[str, float]:
        """One run of the program from its start; only the second part of it is timed."""
        marks, results = self.folder / "marks.txt", self.folder / "results"
        marks.unlink(missing_ok=True)
        begin = time.monotonic()
        program = subprocess.Popen(
            [str(self.folder / "main"), "--results_dir", f"{results}{os.sep}"],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
        )
        if code := program.wait():
            raise RuntimeError(f"the compiled program ended with {code}")
        lines = [line.split() for line in marks.read_text().splitlines()]
        settle, _, start, stop = (int(s) + int(ns) / 1e9 for s, ns in lines)
        cpu, _ = (results / "last_run_info.txt").read_text().split()
        b2.get_device().has_been_run = True
        peak = int((self.folder / "memory.txt").read_text().split()[0]) / 1024
        self.told = {"construct_s": settle - begin, "peak_mb": peak}
        return {"s": stop - start, "cpu_s": float(cpu) * max(SPEC["threads"], 1)}

    def spikes(self) -> dict[str, np.ndarray]:
        """Times in ms and neurons of the stretch, of each population."""
        since = SPEC["spec"]["settle"] - SPEC["spec"]["dt"] / 2
        # Brian2 names the beginning of the step.
        times, ids = np.asarray(self.monitor.t / b2.ms), np.asarray(self.monitor.i)
        late = times > since
        times, ids, found = times[late] + SPEC["spec"]["dt"], ids[late], {}
        for name, (low, high) in self.place.items():
            mine = (ids >= low) & (ids < high)
            found[f"times:{name}"], found[f"ids:{name}"] = times[mine], ids[mine] - low
        for wires, made in zip(SPEC["spec"]["wires"], self.synapses, strict=True):
            if wires["learning"]:
                found["weights"] = np.asarray(made.w[:])
        return found


def gates(u: float) -> dict[str, float]:
    """The gates at rest, at a potential above V_T: all sides start from those of E_L."""
    rates = {
        "m": (0.32 * (13 - u) / np.expm1((13 - u) / 4), 0.28 * (u - 40) / np.expm1((u - 40) / 5)),
        "h": (0.128 * np.exp((17 - u) / 18), 4 / (1 + np.exp((40 - u) / 5))),
        "n": (0.032 * (15 - u) / np.expm1((15 - u) / 5), 0.5 * np.exp((10 - u) / 40)),
    }
    return {name: a / (a + b) for name, (a, b) in rates.items()}


def main(folder: Path) -> None:
    variant: str = SPEC["variant"]
    brian_program.settings(
        "float32" if variant.startswith("single") else "float64",
        SPEC["threads"] if variant.endswith("openmp") else 0,
        ("-fno-finite-math-only", "-std=c++11"),
    )
    made: list[Standalone] = []

    def prepare() -> dict[str, Any]:
        made.append(Standalone(folder))
        return {"build_s": made[-1].build_s, "version": f"Brian2 {b2.__version__}"}

    def measure(ms: float) -> dict[str, float]:
        if ms != SPEC["spec"]["stretch"]:
            raise ValueError("the compiled program knows only the stretch of the spec")
        return made[-1].run()

    def prove(ms: float, to: str) -> dict[str, float]:
        told = measure(ms)
        np.savez(to, **made[-1].spikes())
        synapses = sum(len(s) for s in made[-1].synapses)
        return told | made[-1].told | {"synapses": synapses}

    def memory() -> dict[str, float]:
        peak = made[-1].told["peak_mb"]
        return {"network_mb": peak, "peak_mb": peak}

    loop.serve({"prepare": prepare, "prove": prove, "time": measure, "memory": memory})


if __name__ == "__main__":
    with brian_program.folder() as place:
        main(place)
