# pyright: reportMissingImports=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
"""NEST with the network of a spec. Runs in the peers' environment.

Current-based neurons are integrated exactly (`iaf_psc_exp`, `iaf_psc_delta`); those with
conductances have nothing but NEST's adaptive Runge-Kutta. It is tried with its usual synapses and
with those of less memory, named hpc. One weight for all is kept once, as everywhere else.
"""

from __future__ import annotations

import math
import time
from typing import Any

import draws
import loop
import nest
import numpy as np
import one_process

SPEC = loop.config()
MODELS = {
    "current": "iaf_psc_exp",
    "conductance": "iaf_cond_exp",
    "channels": "hh_cond_exp_traub",
    "kick": "iaf_psc_delta",
}
ASKED = 100
"""Neurons whose weights are read: NEST takes minutes for all."""
STATES = {"v": "V_m", "exc": "g_ex", "inh": "g_in"}


def parameters(cells: dict[str, Any]) -> dict[str, float]:
    """NEST's names and values for the parameters of a population."""
    given, model = cells["values"], cells["model"]
    names = {"C": "C_m", "E_L": "E_L", "t_ref": "t_ref", "I": "I_e"}
    if model in ("current", "kick"):
        found = {"tau_m": given["C"] / given["g_L"]}
    else:
        found = {}
        names |= {"g_L": "g_L", "E_exc": "E_ex", "E_inh": "E_in"}
    if model == "channels":
        # It counts a spike at the peak that follows V_T + 30 mV, and at most one in this time.
        names |= {"g_Na": "g_Na", "g_K": "g_K", "E_Na": "E_Na", "E_K": "E_K", "V_T": "V_T"}
        found["t_ref"] = 3.0
    else:
        names |= {"theta": "V_th", "v_reset": "V_reset"}
    if model != "kick":
        names |= {"tau_exc": "tau_syn_ex", "tau_inh": "tau_syn_in"}
    return found | {theirs: given[ours] for ours, theirs in names.items() if ours in given}


class Net:
    """The network in NEST's one kernel."""

    def __init__(self) -> None:
        spec = SPEC["spec"]
        nest.set_verbosity("M_ERROR")
        nest.resolution = spec["dt"]
        nest.local_num_threads = SPEC["threads"]
        nest.rng_seed = spec["seed"]
        self.before = draws.memory_mb()
        begin = time.perf_counter()
        self.cells: dict[str, Any] = {}
        self.models = {c["name"]: c["model"] for c in spec["cells"]}
        for place, cells in enumerate(spec["cells"]):
            made = nest.Create(MODELS[cells["model"]], cells["size"], params=parameters(cells))
            made.V_m = cells["values"]["E_L"]
            if spec["learning"]:
                made.tau_minus = spec["learning"]["tau_minus"]
            for state, values in draws.start_values(spec, place).items():
                # The cell with channels does not let its conductances be set; it fires by itself
                # and does not need them to start.
                if state == "v" or cells["model"] == "conductance":
                    made.set(**{STATES[state]: values})
            self.cells[cells["name"]] = made
        for number, wires in enumerate(spec["wires"]):
            self.connect(number, wires)
        self.synapses = nest.num_connections
        for noise in spec["noise"]:
            source = nest.Create(
                "poisson_generator", params={"rate": noise["rate"] * noise["sources"]}
            )
            weight = self.signed(noise, noise["weight"])
            nest.Connect(source, self.group(noise["target"]), "all_to_all", {"weight": weight})
        self.spikes = nest.Create("spike_recorder", params={"record_to": "memory"})
        for made in self.cells.values():
            nest.Connect(made, self.spikes)
        nest.Prepare()
        self.construct_s = time.perf_counter() - begin
        self.at = 0.0
        self.run(spec["settle"])
        self.seen = int(self.spikes.n_events)

    def group(self, names: list[str]) -> Any:
        made = self.cells[names[0]]
        for name in names[1:]:
            made += self.cells[name]
        return made

    def signed(self, to: dict[str, Any], weight: float) -> float:
        """A weight as NEST takes it.

        A negative one leads to the inhibitory conductance. A jump of the potential acts at the end
        of a step: it is what is left of one at the beginning.
        """
        model = self.models[to["target"][0]]
        if model == "kick":
            cells = next(c for c in SPEC["spec"]["cells"] if c["name"] == to["target"][0])
            tau = cells["values"]["C"] / cells["values"]["g_L"]
            return weight * math.exp(-SPEC["spec"]["dt"] / tau)
        conductance = model in ("conductance", "channels")
        return -weight if conductance and to["port"] == "inh" else weight

    def connect(self, number: int, wires: dict[str, Any]) -> None:
        spec, dt = SPEC["spec"], SPEC["spec"]["dt"]
        rule = {
            "probability": {"rule": "pairwise_bernoulli", "p": wires["number"]},
            "in_degree": {
                "rule": "fixed_indegree",
                "indegree": int(wires["number"]),
                "allow_multapses": False,
                "allow_autapses": False,
            },
            "total": {"rule": "fixed_total_number", "N": int(wires["number"])},
        }[wires["rule"]]
        weight: Any = self.signed(wires, wires["weight"])
        # A potential that jumps is tested in the very step: one step less than elsewhere.
        kick = self.models[wires["target"][0]] == "kick"
        delay: Any = wires["delay"] + (dt if kick else 0.0)
        given = draws.twin(spec, number) if spec["twin"] else None
        if given:
            rule = "one_to_one"
            delay = given["delay"] + (dt if kick else 0.0)
            weight = self.signed(wires, 1.0) * given["weight"]
        elif wires["delay_sd"]:
            draw = nest.random.normal(delay, wires["delay_sd"])
            delay = nest.math.redraw(draw, min=0.5 * dt, max=1e9)
        hpc = "_hpc" if SPEC["variant"] == "hpc" else ""
        own = f"wires{number}"
        if wires["learning"]:
            rule_of = spec["learning"]
            # The same rule for weights that are smaller by a factor, see `signed`.
            factor = self.signed(wires, 1.0) ** (1 - rule_of["mu"])
            values = {
                "lambda": rule_of["lambda_"] * factor,
                "alpha": rule_of["alpha"] / factor,
                "mu": rule_of["mu"],
                "tau_plus": rule_of["tau_plus"],
            }
            nest.CopyModel(f"stdp_pl_synapse_hom{hpc}", own, values)
            synapse = {"synapse_model": own, "weight": weight, "delay": delay}
        elif given and wires["weight_sd"]:
            synapse = {"synapse_model": "static_synapse", "weight": weight, "delay": delay}
        elif wires["weight_sd"]:
            draw = nest.random.normal(weight, wires["weight_sd"])
            low, high = (0.0, 1e9) if weight > 0 else (-1e9, 0.0)
            synapse = {
                "synapse_model": f"static_synapse{hpc}",
                "weight": nest.math.redraw(draw, min=low, max=high),
                "delay": delay,
            }
        else:
            nest.CopyModel(f"static_synapse_hom_w{hpc}", own, {"weight": weight})
            synapse = {"synapse_model": own, "delay": delay}
        source, target = self.cells[wires["source"]], self.group(wires["target"])
        if given:
            places = np.array(source.tolist())[given["i"]], np.array(target.tolist())[given["j"]]
            synapse = {
                name: value if name == "synapse_model" else np.broadcast_to(value, len(places[0]))
                for name, value in synapse.items()
            }
            source, target = places
        nest.Connect(source, target, rule, synapse)

    def run(self, ms: float) -> None:
        nest.Run(ms)
        self.at += ms

    def time(self, ms: float) -> dict[str, float]:
        begin, used = time.perf_counter(), time.process_time()
        self.run(ms)
        took, used = time.perf_counter() - begin, time.process_time() - used
        count = int(self.spikes.n_events)
        fresh, self.seen = count - self.seen, count
        return {"s": took, "cpu_s": used, "spikes": fresh}

    def prove(self, ms: float, to: str) -> dict[str, float]:
        since = self.at
        told = self.time(ms)
        events = self.spikes.events
        late = events["times"] > since + 1e-6
        times, ids = events["times"][late], events["senders"][late]
        found = {}
        for name, made in self.cells.items():
            first = made[0].global_id
            mine = (ids >= first) & (ids < first + len(made))
            found[f"times:{name}"], found[f"ids:{name}"] = times[mine], ids[mine] - first
        for wires in SPEC["spec"]["wires"]:
            if wires["learning"]:
                some = self.cells[wires["source"]][:ASKED]
                found["weights"] = np.array(
                    nest.GetConnections(some, self.group(wires["target"])).get("weight")
                ) / self.signed(wires, 1.0)
        np.savez(to, **found)
        return told


if __name__ == "__main__":
    one_process.serve(Net, f"NEST {nest.__version__}")
