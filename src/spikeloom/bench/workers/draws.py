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


def pairs(wires: dict[str, Any], sizes: dict[str, int], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Sources and targets of a fixed in-degree, in the order of the sources.

    Targets count through all target populations in turn. No source occurs twice for a target,
    and a neuron is not its own source where the source population is the first target.
    """
    random = np.random.default_rng([seed, 77])
    n_source, k = sizes[wires["source"]], int(wires["number"])
    own = wires["source"] == wires["target"][0]
    n_target = sum(sizes[name] for name in wires["target"])
    sources = np.empty((n_target, k), np.int32)
    for target in range(n_target):
        mine = own and target < n_source
        drawn = random.choice(n_source - mine, k, replace=False, shuffle=False)
        sources[target] = drawn + (drawn >= target) if mine else drawn
    order = np.argsort(sources.ravel(), kind="stable")
    targets = np.repeat(np.arange(n_target, dtype=np.int32), k)
    return sources.ravel()[order], targets[order]


def memory_mb(name: str = "VmRSS") -> float:
    """Resident memory of this process; ``VmHWM`` for the most it ever was."""
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(name + ":"):
                return int(line.split()[1]) / 1024
    return 0.0
