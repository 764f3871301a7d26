# pyright: reportMissingImports=false
"""Our side of the network benchmark: a spec said in the words of `spikeloom.Network`."""

from __future__ import annotations

import time
from typing import Any, Self

import draws
import loop
import numpy as np
import one_process

import spikeloom as sl
from spikeloom.compile import ExponentialEuler
from spikeloom.equations import Param, Trace, post, pre
from spikeloom.models import (
    ConductanceLIF,
    Delta,
    ExponentialConductance,
    ExponentialCurrent,
    TraubMiles,
)

SPEC = loop.config()
UNITS = {
    "C": sl.pF, "g_L": sl.nS, "g_Na": sl.nS, "g_K": sl.nS, "E_L": sl.mV, "E_Na": sl.mV,
    "E_K": sl.mV, "V_T": sl.mV, "theta": sl.mV, "v_reset": sl.mV,
}  # fmt: skip
WEIGHTS = {"current": sl.pA, "kick": sl.mV, "conductance": sl.nS, "channels": sl.nS}


def neuron(cells: dict[str, Any]) -> Any:
    """The model of a population, with receptors where their states have start values."""
    given, model = cells["values"], cells["model"]
    own = {name: given[name] * unit for name, unit in UNITS.items() if name in given}
    made = TraubMiles(**own) if model == "channels" else ConductanceLIF(**own)
    if given.get("t_ref"):
        made = sl.Refractory(made, given["t_ref"] * sl.ms)
    if model in ("conductance", "channels"):
        ports = {port: synapse(cells, port) for port in ("exc", "inh")}
        made = sl.Cell(made, **ports)
    return made


def synapse(cells: dict[str, Any], port: str) -> Any:
    """What a spike does that arrives at a port."""
    given, model = cells["values"], cells["model"]
    if model == "kick":
        return Delta()
    tau = given[f"tau_{port}"] * sl.ms
    if model == "current":
        return ExponentialCurrent(tau=tau)
    return ExponentialConductance(tau=tau, E=given[f"E_{port}"] * sl.mV)


class PowerLaw(sl.LearningRule):
    """STDP whose growth follows a power of the weight (Morrison et al. 2007, eqs. 3 and 4)."""

    rise: Param = 0.1
    fall: Param = 0.00513
    mu: Param = 0.4
    tau_plus: Param = 15 * sl.ms
    tau_minus: Param = 30 * sl.ms

    x: Trace = pre()
    y: Trace = post()

    def flow(self, d: Self) -> None:
        d.x = -self.x / self.tau_plus
        d.y = -self.y / self.tau_minus

    def on_pre(self, after: Self) -> None:
        after.w = self.w - self.fall * self.w * self.y
        after.x = self.x + 1

    def on_post(self, after: Self) -> None:
        after.w = self.w + self.rise * self.w**self.mu * self.x
        after.y = self.y + 1


def power_law(rule: dict[str, float], unit: Any) -> PowerLaw:
    """The rule of the spec."""
    return PowerLaw(
        rise=rule["lambda_"],
        fall=rule["lambda_"] * rule["alpha"],
        mu=rule["mu"],
        tau_plus=rule["tau_plus"] * sl.ms,
        tau_minus=rule["tau_minus"] * sl.ms,
        scale=1 * unit,
    )


class Net:
    """The network, built and settled."""

    def __init__(self) -> None:
        spec = SPEC["spec"]
        self.before = draws.memory_mb()
        begin = time.perf_counter()
        self.net = sl.Network(
            dt=spec["dt"] * sl.ms,
            seed=spec["seed"],
            dtype=SPEC["dtype"],
            threads=SPEC["threads"],
            engine=SPEC.get("engine", "auto"),
        )
        self.cells = {c["name"]: c for c in spec["cells"]}
        self.members: dict[str, Any] = {}
        for place, cells in enumerate(spec["cells"]):
            self.members[cells["name"]] = self.population(cells, draws.start_values(spec, place))
        self.wires = [self.connect(k, wires) for k, wires in enumerate(spec["wires"])]
        for noise in spec["noise"]:
            self.net.poisson(
                self.group(noise["target"]),
                self.arrives(noise),
                rate=noise["rate"] * sl.Hz,
                weight=noise["weight"] * self.unit(noise),
                n=noise["sources"],
            )
        self.spikes = {name: self.net.record(p, "spikes") for name, p in self.members.items()}
        self.net.build()
        self.construct_s = time.perf_counter() - begin
        self.synapses = sum(len(made) for made in self.wires)
        self.net.run(spec["settle"] * sl.ms, progress=False)

    def population(self, cells: dict[str, Any], start: dict[str, np.ndarray]) -> Any:
        units = {"v": sl.mV, "exc": sl.nS, "inh": sl.nS}
        states = {"v": "v", "exc": "exc_g", "inh": "inh_g"}
        given: dict[str, Any] = {states[n]: values * units[n] for n, values in start.items()}
        if "I" in cells["values"]:
            given["I"] = cells["values"]["I"] * sl.pA
        if cells["model"] in ("conductance", "channels"):
            given["method"] = ExponentialEuler()  # as every side has it
        return self.net.population(cells["size"], neuron(cells), name=cells["name"], **given)

    def connect(self, number: int, wires: dict[str, Any]) -> Any:
        spec, unit, many = SPEC["spec"], self.unit(wires), wires["number"]
        rule: Any = {
            "probability": lambda: sl.FixedProbability(many, autapses=True),
            "in_degree": lambda: sl.FixedInDegree(int(many)),
            "total": lambda: sl.FixedTotal(int(many), multapses=True, autapses=True),
        }[wires["rule"]]()
        weight, delay = wires["weight"] * unit, wires["delay"] * sl.ms
        if spec["twin"]:
            given = draws.twin(spec, number)
            rule = sl.EdgeList(given["i"], given["j"])
            weight, delay = given["weight"] * unit, given["delay"] * sl.ms
        elif wires["weight_sd"]:
            bound = {"low": 0.0} if wires["weight"] > 0 else {"high": 0.0}
            weight = sl.normal(wires["weight"], wires["weight_sd"], **bound) * unit
        if wires["delay_sd"] and not spec["twin"]:
            # Half a step rounds to the even number of steps, which is none.
            delay = sl.normal(wires["delay"], wires["delay_sd"], low=0.501 * spec["dt"]) * sl.ms
        options: dict[str, Any] = {"stored": False} if spec["regenerate"] else {}
        if wires["learning"]:
            options["learning"] = power_law(spec["learning"], unit)
        return self.net.connect(
            self.members[wires["source"]],
            self.group(wires["target"]),
            self.arrives(wires),
            rule,
            weight=weight,
            delay=delay,
            **options,
        )

    def group(self, names: list[str]) -> Any:
        made = self.members[names[0]]
        for name in names[1:]:
            made = made + self.members[name]
        return made

    def arrives(self, to: dict[str, Any]) -> Any:
        cells = self.cells[to["target"][0]]
        if cells["model"] in ("conductance", "channels"):
            return sl.network.Impulse(to["port"])
        return synapse(cells, to["port"])

    def unit(self, to: dict[str, Any]) -> Any:
        return WEIGHTS[self.cells[to["target"][0]]["model"]]

    def time(self, ms: float) -> dict[str, float]:
        return self.stretch(ms)[0]

    def stretch(self, ms: float) -> tuple[dict[str, float], Any]:
        begin, used = time.perf_counter(), time.process_time()
        result = self.net.run(ms * sl.ms, progress=False)
        took, used = time.perf_counter() - begin, time.process_time() - used
        count = sum(len(trains) for trains in result.spikes.values())
        return {"s": took, "cpu_s": used, "spikes": count}, result

    def prove(self, ms: float, to: str) -> dict[str, float]:
        told, result = self.stretch(ms)
        found = {}
        for name, recorder in self.spikes.items():
            trains = result.spikes[recorder]
            found[f"times:{name}"], found[f"ids:{name}"] = trains.times, trains.ids
        for made in self.wires:
            if made.learning is not None:
                found["weights"] = np.asarray(made.weights.value)
        np.savez(to, **found)
        return told


if __name__ == "__main__":
    one_process.serve(Net, f"spikeloom {sl.__version__}")
