# pyright: reportMissingImports=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Brian2 C++ standalone: every model in one program. Runs in the peers' environment.

The program runs one population after the other: a few steps, its states copied aside, then the
steps that are timed by what the program notes before and after them, on the wall and in processor
time. A monitor counts the spikes of each neuron and keeps nothing else. It is built in two ways:
`serial`, and `openmp` with the threads that the others get.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import brian2 as b2
import brian_program
import loop
import numpy as np

SPEC = loop.config()
with np.load(SPEC["arrays"]) as data:
    ARRAYS = {name: data[name] for name in data}
LAP = """{
    timespec now; clock_gettime(CLOCK_MONOTONIC, &now);
    std::ofstream laps("results/laps.txt", std::ios::app);
    laps << now.tv_sec << " " << now.tv_nsec << " " << std::clock() << std::endl;
}"""
ASIDE = """{{
    using namespace brian;
    std::ofstream file("results/{file}", std::ios::binary);
    file.write(reinterpret_cast<const char*>({array}), sizeof({array}[0]) * SIZE);
}}""".replace("SIZE", str(SPEC["size"]))
CLOCKS_PER_SEC = 1e6
"""By POSIX, whatever the machine's clock can tell."""


class Population:
    """One model: its group, its monitor, and their run."""

    def __init__(self, name: str, told: dict[str, Any]) -> None:
        self.name = name
        self.states = told["states"]
        # Brian's exact step refuses a constant rate; its exponential Euler is exact there, too.
        exact = told["method"] == "exact"
        options: dict[str, Any] = {
            "method": ["exact", "exponential_euler"] if exact else told["method"]
        }
        if told["threshold"] is not None:
            options |= {"threshold": told["threshold"], "reset": told["reset"]}
            if told["rising"]:
                # No second spike while the condition still holds.
                options |= {"refractory": told["threshold"]}
        if not options.get("reset", True):
            options.pop("reset")
        dt = SPEC["dt"] * b2.ms
        self.group = b2.NeuronGroup(
            SPEC["size"], told["equations"], namespace=told["parameters"], dt=dt,
            name=f"pop_{name.lower()}", **options,
        )  # fmt: skip
        for state in self.states:
            setattr(self.group, f"s_{state}", ARRAYS[f"{name}/{state}"])
        if told["drive"] is not None:
            setattr(self.group, f"d_{told['drive']}", ARRAYS[f"{name}/drive"])
        parts = [self.group]
        self.spikes = None
        if told["threshold"] is not None:
            self.spikes = b2.SpikeMonitor(self.group, record=False, name=f"count_{name.lower()}")
            parts.append(self.spikes)
        network = b2.Network(parts, name=f"net_{name.lower()}")
        network.run(SPEC["few"] * dt)
        for state in self.states:
            # A statement of Brian would be one more file to compile for each state.
            array = b2.device.get_array_name(self.group.variables[f"s_{state}"])
            b2.device.insert_code("main", ASIDE.format(file=self.file(state), array=array))
        # What is compiled goes on: a second `network.run` of Brian's writes all of it once more.
        rest = f"{network.name}.run({float(SPEC['steps'] * dt)!r}, NULL, 10.0);"
        for line in (LAP, rest, LAP):
            b2.device.insert_code("main", line)

    def file(self, state: str) -> str:
        return f"few.{self.name}.{state}"

    def results(self, folder: Path) -> dict[str, Any]:
        made = {f"{self.name}.{s}": np.fromfile(folder / "results" / self.file(s), SPEC["dtype"])
                for s in self.states}  # fmt: skip
        if self.spikes is not None:
            made[f"{self.name}:counts"] = np.array(self.spikes.count[:])
        return made


class Populations:
    """All of them as one compiled program."""

    def __init__(self, folder: Path) -> None:
        start = time.perf_counter()
        self.folder = folder
        self.all = [Population(name, told) for name, told in SPEC["models"].items()]
        brian_program.build(folder, many=True)
        self.build_s = time.perf_counter() - start

    def run(self, *, spinning: bool = False) -> dict[str, list[float]]:
        """Seconds of each on the wall and of the processor; threads may wait for one another in a
        loop, which is quick, in place of asleep.
        """
        laps = self.folder / "results" / "laps.txt"
        laps.unlink(missing_ok=True)
        if spinning:
            os.environ["OMP_WAIT_POLICY"] = "active"
        else:
            os.environ.pop("OMP_WAIT_POLICY", None)
        b2.device.run(str(self.folder), with_output=False, run_args=[])
        lines = [[int(x) for x in line.split()] for line in laps.read_text().splitlines()]
        told = [(s + ns / 1e9, ticks / CLOCKS_PER_SEC) for s, ns, ticks in lines]
        return {
            each.name: [after - before for before, after in zip(told[k], told[k + 1], strict=True)]
            for each, k in zip(self.all, range(0, len(told), 2), strict=True)
        }

    def prove(self, to: str) -> dict[str, list[float]]:
        """Write states and spikes; gives the seconds of this run."""
        took = self.run()
        np.savez(to, **{k: v for each in self.all for k, v in each.results(self.folder).items()})
        return took


if __name__ == "__main__":
    several = SPEC["variant"] == "openmp"
    brian_program.settings(SPEC["dtype"], SPEC["threads"] if several else 0)
    b2.prefs.codegen.cpp.headers += ["<ctime>", "<fstream>", "<time.h>"]
    brian_program.serve(Populations)
