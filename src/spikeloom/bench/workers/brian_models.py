# pyright: reportMissingImports=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Brian2 C++ standalone: every model in one program. Runs in the peers' environment.

The program runs one population after the other: a few steps, its states copied aside, then the
steps that are timed by the processor time that the program notes before and after them. A monitor
counts the spikes of each neuron and keeps nothing else.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import brian2 as b2
import loop
import numpy as np

SPEC = loop.config()
with np.load(SPEC["arrays"]) as data:
    DRIVES = {name: data[name] for name in data}
LAP = """{
    std::ofstream laps("results/laps.txt", std::ios::app);
    laps << std::clock() << std::endl;
}"""
ASIDE = """{{
    using namespace brian;
    std::ofstream file("results/{file}", std::ios::binary);
    file.write(reinterpret_cast<const char*>({array}), sizeof({array}[0]) * SIZE);
}}""".replace("SIZE", str(SPEC["size"]))
CLOCKS_PER_SEC = 1e6
"""By POSIX, whatever the machine's clock can tell."""


class Population:
    """One model: its group, its monitor, and their two runs."""

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
        for state, value in told["start"].items():
            setattr(self.group, f"s_{state}", value)
        if told["drive"] is not None:
            setattr(self.group, f"d_{told['drive']}", DRIVES[name])
        parts = [self.group]
        self.spikes = None
        if told["threshold"] is not None:
            self.spikes = b2.SpikeMonitor(self.group, record=False, name=f"count_{name.lower()}")
            parts.append(self.spikes)
        network = b2.Network(parts)
        network.run(SPEC["few"] * dt)
        for state in self.states:
            # A statement of Brian would be one more file to compile for each state.
            array = b2.device.get_array_name(self.group.variables[f"s_{state}"])
            b2.device.insert_code("main", ASIDE.format(file=self.file(state), array=array))
        b2.device.insert_code("main", LAP)
        network.run(SPEC["steps"] * dt)
        b2.device.insert_code("main", LAP)

    def file(self, state: str) -> str:
        return f"few.{self.name}.{state}"

    def results(self, folder: Path) -> dict[str, Any]:
        made = {f"{self.name}.{s}": np.fromfile(folder / "results" / self.file(s), SPEC["dtype"])
                for s in self.states}  # fmt: skip
        if self.spikes is not None:
            made[f"{self.name}:counts"] = np.array(self.spikes.count[:])
        return made


def settings() -> None:
    b2.set_device("cpp_standalone", build_on_run=False)
    b2.prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O3", "-march=native", "-ffast-math"]
    b2.prefs.codegen.cpp.headers += ["<ctime>", "<fstream>"]
    b2.prefs.core.default_float_dtype = np.dtype(SPEC["dtype"]).type
    b2.prefs.logging.file_log = False
    b2.prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]


def main() -> None:
    settings()
    folder = Path(tempfile.mkdtemp(prefix="bench-brian-"))
    built: list[Population] = []

    def prepare() -> float:
        start = time.perf_counter()
        built.extend(Population(name, told) for name, told in SPEC["models"].items())
        b2.device.build(directory=str(folder), compile=True, run=False)
        return time.perf_counter() - start

    def timed() -> dict[str, float]:
        laps = folder / "results" / "laps.txt"
        laps.unlink(missing_ok=True)
        b2.device.run(str(folder), with_output=False, run_args=[])
        ticks = [int(line) for line in laps.read_text().split()]
        took = [(b - a) / CLOCKS_PER_SEC for a, b in zip(ticks[::2], ticks[1::2], strict=True)]
        return dict(zip(SPEC["models"], took, strict=True))

    def prove(to: str) -> None:
        timed()
        np.savez(to, **{k: v for each in built for k, v in each.results(folder).items()})

    try:
        loop.serve({"prepare": prepare, "prove": prove, "time": timed})
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
