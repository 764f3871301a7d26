"""What all sides of the network benchmark draw alike, from the spec of the network.

Run by the peers' interpreters too, so it imports only NumPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def start_values(spec: dict[str, Any], place: int) -> dict[str, np.ndarray]:
    """State -> its values before the first step, for the population at this place."""
    cells = spec["cells"][place]
    random = np.random.default_rng([spec["seed"], place])
    draw = {"uniform": random.uniform, "normal": random.normal, "positive normal": random.normal}
    found = {}
    for state, (kind, a, b) in cells["start"].items():
        values = draw[kind](a, b, cells["size"])
        found[state] = np.maximum(values, 0.0) if kind == "positive normal" else values
    return found


def pairs(
    wires: dict[str, Any], sizes: dict[str, int], random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Sources and targets of some wires, in the order of the sources and then of the targets.

    Targets count through all target populations in turn. With a fixed in-degree no source occurs
    twice for a target, and a neuron is not its own source where the source population is the first
    target.
    """
    n_source = sizes[wires["source"]]
    n_target = sum(sizes[name] for name in wires["target"])
    if wires["rule"] == "probability":
        found = np.nonzero(random.random((n_source, n_target)) < wires["number"])
        return found[0].astype(np.int32), found[1].astype(np.int32)
    count = int(wires["number"])
    if wires["rule"] == "total":
        sources = random.integers(0, n_source, count, dtype=np.int32)
        targets = random.integers(0, n_target, count, dtype=np.int32)
    else:
        own = wires["source"] == wires["target"][0]
        chosen = np.empty((n_target, count), np.int32)
        for target in range(n_target):
            mine = own and target < n_source
            drawn = random.choice(n_source - mine, count, replace=False, shuffle=False)
            chosen[target] = drawn + (drawn >= target) if mine else drawn
        sources = chosen.ravel()
        targets = np.repeat(np.arange(n_target, dtype=np.int32), count)
    order = np.lexsort((targets, sources))
    return sources[order], targets[order]


def twin(spec: dict[str, Any], number: int) -> dict[str, Any]:
    """Some wires of a twin, synapse by synapse: ``i``, ``j``, ``weight`` and ``delay``.

    Weight and delay are one number where all are equal; delays are whole steps.
    """
    random = np.random.default_rng([spec["seed"], 1000 + number])
    wires, dt = spec["wires"][number], spec["dt"]
    i, j = pairs(wires, {c["name"]: c["size"] for c in spec["cells"]}, random)
    weight, delay = wires["weight"], wires["delay"]
    if wires["weight_sd"]:
        weight = np.sign(weight) * np.abs(random.normal(weight, wires["weight_sd"], len(i)))
    if wires["delay_sd"]:
        steps = np.rint(random.normal(delay, wires["delay_sd"], len(i)) / dt)
        delay = np.maximum(steps, 1) * dt
    return {"i": i, "j": j, "weight": weight, "delay": delay}


def memory_mb(name: str = "VmRSS") -> float:
    """Resident memory of this process; ``VmHWM`` for the most it ever was."""
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(name + ":"):
                return int(line.split()[1]) / 1024
    return 0.0
